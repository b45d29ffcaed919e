/** Gradient rules of normalisation and padding. */
import * as ops from '../../ops/index.ts';
import type { Rules } from '../rules.ts';

export interface NormAttributes {
  norm: ops.NormCall;
  pad: { starts: readonly number[] };
}

export const normRules: Rules<NormAttributes> = {
  norm: { saves: { inputs: [0, 1, 2, 3] }, backward: (g, c) => ops.normGrad(g, c) },
  pad: { backward: (g, c) => [ops.unpad(g, c.attributes.starts, c.shape(0))] },
};
