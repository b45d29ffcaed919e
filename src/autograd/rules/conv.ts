/** Gradient rules of convolution: each of the three primitives is linear in both operands, and its gradients are the other two. */
import * as ops from '../../ops/index.ts';
import type { Rules } from './rule.ts';

export const convRules: Rules<'conv' | 'convInputGrad' | 'convWeightGrad'> = {
  conv: (g, c) => {
    const { geometry } = c.attributes;
    return [
      c.needs(0) ? ops.convInputGrad(g, c.input(1), null, geometry) : null,
      c.needs(1) ? ops.convWeightGrad(c.input(0), g, geometry) : null,
      c.count > 2 && c.needs(2) ? g.sum([0, 2, 3]) : null,
    ];
  },
  convInputGrad: (h, c) => {
    const { geometry } = c.attributes;
    return [
      c.needs(0) ? ops.convolve(h, c.input(1), null, geometry) : null,
      c.needs(1) ? ops.convWeightGrad(h, c.input(0), geometry) : null,
      c.count > 2 && c.needs(2) ? h.sum([0, 2, 3]) : null,
    ];
  },
  convWeightGrad: (h, c) => {
    const { geometry } = c.attributes;
    return [
      c.needs(0) ? ops.convInputGrad(c.input(1), h, null, geometry) : null,
      c.needs(1) ? ops.convolve(c.input(0), h, null, geometry) : null,
    ];
  },
};
