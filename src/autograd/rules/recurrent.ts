/** Gradient rules of recurrent layers. They are fused, so they cannot be differentiated again. */
import { recurrentGradients } from '../../ops/recurrent.ts';
import type { Rules } from './rule.ts';

export const recurrentRules: Rules<'recurrent' | 'recurrentCell'> = {
  recurrent: (g, c) => recurrentGradients(g, c, 'out'),
  recurrentCell: (g, c) => recurrentGradients(g, c, 'cell'),
};
