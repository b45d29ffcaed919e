/**
 * Narrow rows, four at a time: lane k belongs to row k, so that nothing is folded across lanes, no tail is left, and the
 * exponentials of the columns do not wait for each other. What expSum.ts does for one row, this does for four.
 */
import { exp4 } from '../simd/math';
import { Keep } from './expSum';

/** Rows of more columns than this gain nothing. */
const NARROW: u32 = 32;
/** Rows that are treated together; threads share rows out in such blocks. */
export const QUAD: u32 = 4;

/** How many of the rows go in quads: whole quads of narrow rows. It depends on the shape alone. */
// @ts-ignore: decorator
@inline
export function quadRows(rows: u32, cols: u32): u32 {
  return cols <= NARROW ? rows & ~(QUAD - 1) : 0;
}

/** The element at p and those in the three rows below it; `bytes` in a row. */
// @ts-ignore: decorator
@inline
export function loadQuad(p: usize, bytes: usize): v128 {
  let v = v128.load32_zero(p);
  v = v128.load32_lane(p + bytes, v, 1);
  v = v128.load32_lane(p + (bytes << 1), v, 2);
  return v128.load32_lane(p + bytes * 3, v, 3);
}

// @ts-ignore: decorator
@inline
export function storeQuad(p: usize, bytes: usize, v: v128): void {
  v128.store32_lane(p, v, 0);
  v128.store32_lane(p + bytes, v, 1);
  v128.store32_lane(p + (bytes << 1), v, 2);
  v128.store32_lane(p + bytes * 3, v, 3);
}

/** The greatest element of each row; NaN is passed over. */
// @ts-ignore: decorator
@inline
export function quadMax(x: usize, bytes: usize): v128 {
  let m = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 4) m = f32x4.pmax(m, loadQuad(x + i, bytes));
  return m;
}

/** Σ exp(x − max) of each row. Keep: y = exp(x − max) besides; y may be x. */
// @ts-ignore: decorator
@inline
export function quadExpSum<Terms>(x: usize, y: usize, bytes: usize, max: v128): v128 {
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 4) {
    const e = exp4(f32x4.sub(loadQuad(x + i, bytes), max));
    if (idof<Terms>() == idof<Keep>()) storeQuad(y + i, bytes, e);
    sum = f32x4.add(sum, e);
  }
  return sum;
}
