/** The share of a dropout layer, which is given as a number, as in PyTorch, or as an option. */
import { checkOptions, checkRange, VALUE } from '../options.ts';

/** Options of dropout layers. */
export interface DropShare {
  /** The share that becomes 0, 0 … 1. Default 0.5. */
  p?: number;
}

/** The share that a constructor was given. */
export function dropShare(op: string, given: number | DropShare): number {
  if (typeof given !== 'number') checkOptions(op, given, { p: VALUE });
  const p = typeof given === 'number' ? given : (given.p ?? 0.5);
  checkRange(op, 'p', p, 0, 1);
  return p;
}
