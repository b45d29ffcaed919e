/** Gradient rules of normalisation and padding. */
import * as ops from '../../ops/index.ts';
import type { Rules } from './rule.ts';

export const normRules: Rules<'norm' | 'pad'> = {
  norm: (g, c) => ops.normGrad(g, c),
  pad: (g, c) => [ops.unpad(g, c.attributes.starts, c.shape(0))],
};
