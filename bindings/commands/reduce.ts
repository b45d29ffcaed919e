/** Commands that reduce along a dimension. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/** Reductions. max and min give NaN if any element is NaN. Empty: sum 0, prod 1, max −∞ (INT_MIN), min +∞ (INT_MAX). */
export const reduceFns = ['sum', 'prod', 'max', 'min', 'sumI', 'prodI', 'maxI', 'minI'] as const;

/** Index of the extreme element: the first one wins; the first NaN wins over all. Those ending in `I` take int32. */
export const argReduceFns = ['max', 'min', 'maxI', 'minI'] as const;

export const reduceCommands = {
  /** y[o, i] = scale · fn over r of x[o, r, i]; scale applies only to the float sum. x may not be y. */
  reduce: { fn: 'u32', x: 'in', y: 'out', scratch: 'scratch', outer: 'u32', size: 'u32', inner: 'u32', scale: 'f32' },
  /** indices[o, i] = the r where x[o, r, i] is extreme; values (0: none) gets that element. size ≥ 1. */
  argReduce: { fn: 'u32', x: 'in', values: 'out', indices: 'out', outer: 'u32', size: 'u32', inner: 'u32' },
  /** y[o, r, i] = Σ over s ≤ r of x[o, s, i]; reverse 1: s ≥ r. integer 1: int32. */
  cumsum: { x: 'in', y: 'out', outer: 'u32', size: 'u32', inner: 'u32', reverse: 'u32', integer: 'u32' },
} as const satisfies CommandRows;

const reduced = 'outer * size * inner';

export const reduceCosts: Costs<typeof reduceCommands> = {
  reduce: { elements: reduced, flops: 'elements' },
  argReduce: { elements: reduced, work: 'elements * 2' },
  cumsum: { elements: reduced, work: 'elements * 4' },
};
