/** Gradient rules of recurrent layers: fused, so they cannot be differentiated again. */

import type { RecurrentKindName } from '../../emit/recurrent.ts';
import { recurrentGradients } from '../../ops/recurrent.ts';
import type { Rule } from '../rules.ts';

export interface RecurrentAttributes {
  kind: RecurrentKindName;
  reverse: boolean;
  /** What each input is. */
  names: readonly string[];
}

/** Attributes of each primitive. */
export interface RecurrentPrimitives {
  recurrent: RecurrentAttributes;
  recurrentCell: RecurrentAttributes;
}

export const recurrentRules: { [P in keyof RecurrentPrimitives]: Rule<RecurrentPrimitives[P]> } = {
  recurrent: { saves: { inputs: 'all' }, backward: (g, c) => recurrentGradients(g, c, 'out') },
  recurrentCell: { saves: { inputs: 'all' }, backward: (g, c) => recurrentGradients(g, c, 'cell') },
};
