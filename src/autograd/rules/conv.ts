/** The gradient rules of convolution: each of the three primitives is linear in both operands, and their gradients are the other two. */

import type { ConvGeometry } from '../../../bindings/wasm/winograd.ts';
import * as ops from '../../ops/index.ts';
import type { Rule } from '../rules.ts';

export interface ConvAttributes {
  conv: { geometry: ConvGeometry };
  convInputGrad: { geometry: ConvGeometry };
  convWeightGrad: { geometry: ConvGeometry };
}

export const convRules: { [P in keyof ConvAttributes]: Rule<ConvAttributes[P]> } = {
  conv: {
    saves: { inputs: [0, 1] },
    backward: (g, c) => {
      const { geometry } = c.attributes;
      return [
        c.needs(0) ? ops.convInputGrad(g, c.input(1), null, geometry) : null,
        c.needs(1) ? ops.convWeightGrad(c.input(0), g, geometry) : null,
        c.count > 2 && c.needs(2) ? g.sum([0, 2, 3]) : null,
      ];
    },
  },
  convInputGrad: {
    saves: { inputs: [0, 1] },
    backward: (h, c) => {
      const { geometry } = c.attributes;
      return [
        c.needs(0) ? ops.convolve(h, c.input(1), null, geometry) : null,
        c.needs(1) ? ops.convWeightGrad(h, c.input(0), geometry) : null,
        c.count > 2 && c.needs(2) ? h.sum([0, 2, 3]) : null,
      ];
    },
  },
  convWeightGrad: {
    saves: { inputs: [0, 1] },
    backward: (h, c) => {
      const { geometry } = c.attributes;
      return [
        c.needs(0) ? ops.convInputGrad(c.input(1), h, null, geometry) : null,
        c.needs(1) ? ops.convolve(c.input(0), h, null, geometry) : null,
      ];
    },
  },
};
