/** Gradient rules of what moves single elements by index. */
import * as ops from '../../ops/index.ts';
import type { Rule } from '../rules.ts';

export interface GatherAttributes {
  gather: { dim: number };
  scatterAdd: { dim: number };
  flip: { dims: readonly number[] };
}

export const gatherRules: { [P in keyof GatherAttributes]: Rule<GatherAttributes[P]> } = {
  gather: {
    saves: { inputs: [1] },
    backward: (g, c) => {
      const { dim } = c.attributes;
      return [ops.scatterInto(ops.constant(g.executor, c.shape(0), 0), dim, c.input(1), g)];
    },
  },
  scatterAdd: {
    saves: { inputs: [1] },
    backward: (g, c) => [g, null, c.needs(2) ? ops.gather(g, c.attributes.dim, c.input(1)) : null],
  },
  flip: { backward: (g, c) => [ops.flip(g, c.attributes.dims)] },
};
