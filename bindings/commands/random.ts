/** Random numbers. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/**
 * Kinds of random numbers; see the opcode `random`. Element i takes word i mod 4 of the Philox4x32-10 block number
 * counter + offset + ⌊i/4⌋ (64-bit counter in the two low words, 0 in the two high ones).
 * uniform: p0 + (p1 − p0)·u, u = (word >>> 8)·2⁻²⁴.  bernoulli: u < p0 ? p1 : 0.
 * normal: p0 + p1·z by Box and Muller on the pairs (w0, w1) and (w2, w3): r = √(−2 ln(1 − u0)), even z = r·cos(2π·u1), odd z = r·sin(2π·u1).
 * integers: int32 p0 + word mod (p1 − p0), p0 and p1 read as int32 bits.
 */
export const randomFns = ['uniform', 'normal', 'bernoulli', 'integers'] as const;

export const randomCommands = {
  /** y = n random numbers. state: 4 int32 words [key low, key high, counter low, counter high]; not changed here. */
  random: { fn: 'u32', y: 'out', state: 'in', offset: 'u32', n: 'u32', p0: 'bits', p1: 'bits' },
} as const satisfies CommandRows;

export const randomCosts: Costs<typeof randomCommands> = {
  random: { elements: 'n', work: 'elements * 8' },
};
