/** Gradient rules of normalisation and padding. */
import * as ops from '../../ops/index.ts';
import { isGradEnabled } from '../../tape/mode.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Rules } from './rule.ts';

export const normRules: Rules<'norm' | 'rmsNorm' | 'pad'> = {
  norm: (g, c) => ops.normGrad(g, c),
  rmsNorm: (g, c) => {
    const { rows, cols, eps } = c.attributes;
    const asRows = (t: Tensor) => t.reshape(rows, cols);
    const mean = (t: Tensor) => t.mean(1, { keepdim: true });
    const x = asRows(c.input(0));
    const upstream = asRows(g);
    // For second derivatives rstd is computed again, because it depends on x.
    const rstd = isGradEnabled() ? mean(x.square()).add(eps).rsqrt() : c.input(1).reshape(rows, 1);
    const normal = x.mul(rstd);
    const weighted = c.count > 2 ? upstream.mul(c.input(2).reshape(1, cols)) : upstream;
    return [
      c.needs(0)
        ? weighted
            .sub(normal.mul(mean(weighted.mul(normal))))
            .mul(rstd)
            .reshape(c.shape(0))
        : null,
      null,
      c.count > 2 && c.needs(2) ? upstream.mul(normal).sum(0).reshape(c.shape(2)) : null,
    ];
  },
  pad: (g, c) => [ops.unpad(g, c.attributes.starts, c.shape(0))],
};
