/** Gradient rules of operations that move single elements. */
import * as ops from '../../ops/index.ts';
import type { Rules } from './rule.ts';

export const gatherRules: Rules<'gather' | 'scatterAdd' | 'flip'> = {
  gather: (g, c) => {
    const { dim } = c.attributes;
    return [ops.scatterInto(ops.constant(g.executor, c.shape(0), 0), dim, c.input(1), g)];
  },
  scatterAdd: (g, c) => [g, null, c.needs(2) ? ops.gather(g, c.attributes.dim, c.input(1)) : null],
  flip: (g, c) => [ops.flip(g, c.attributes.dims)],
};
