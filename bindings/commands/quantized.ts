/** Commands on int8 numbers. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

export const quantizedCommands = {
  /**
   * C[i, j] = Σ over p of (A[i, p] − aZero)·(B[j, p] − bZero[j]), exactly, as int32, which wraps. A is [m, k] and B is [n, k],
   * int8, four to a word, the first in its lowest byte; k is a multiple of 8. scale 0: C is int32, bias (0: none) is added.
   * Else C is float32: scale[j]·sum + bias[j], rounded after each of these. bZero (int32), scale and bias have n elements, and
   * room for n rounded up to a multiple of 4. C overlaps no input.
   */
  qgemm: {
    a: 'in',
    b: 'in',
    c: 'out',
    bZero: 'in',
    scale: 'in',
    bias: 'in',
    m: 'u32',
    n: 'u32',
    k: 'u32',
    aZero: 'i32',
  },
} as const satisfies CommandRows;

export const quantizedCosts: Costs<typeof quantizedCommands> = {
  qgemm: { products: [{ m: 'm', n: 'n', k: 'k' }] },
};
