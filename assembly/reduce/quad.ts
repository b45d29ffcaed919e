/**
 * Short rows, four at a time: whole vectors of each of the four rows, side by side, then the columns that are left, with
 * lane k for row k. The results of the four rows are the lanes of one vector, so that nothing waits for a fold across
 * lanes, and one logarithm or division serves four rows. This file does for four rows what expSum.ts does for one.
 */
import { exp4 } from '../simd/math';
import { Keep } from './expSum';

/** Longer rows gain nothing. */
const SHORT: u32 = 128;
/** Rows that are treated together; threads share rows out in such blocks. */
export const QUAD: u32 = 4;

/** How many of the rows are treated in quads: whole quads of short rows. It depends only on the shape. */
// @ts-ignore: decorator
@inline
export function quadRows(rows: u32, cols: u32): u32 {
  return cols <= SHORT ? rows & ~(QUAD - 1) : 0;
}

/** The element at p and those in the three rows below it; a row has `bytes`. */
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

// Lane k in every lane: shuffles take constants only.

// @ts-ignore: decorator
@inline
export function spread0(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 0, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
export function spread1(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 1, 1, 1, 1);
}

// @ts-ignore: decorator
@inline
export function spread2(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 2, 2, 2, 2);
}

// @ts-ignore: decorator
@inline
export function spread3(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 3, 3, 3, 3);
}

class Add {}
class Greater {}

// @ts-ignore: decorator
@inline
function join<Op>(a: v128, b: v128): v128 {
  if (idof<Op>() == idof<Add>()) return f32x4.add(a, b);
  return f32x4.pmax(a, b);
}

/** The lanes of a joined to lane 0, those of b to lane 1, c's to 2, d's to 3: (0, 2), (1, 3). */
// @ts-ignore: decorator
@inline
function foldQuad<Op>(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = join<Op>(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = join<Op>(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return join<Op>(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/** The greatest element of each row; NaN is ignored. */
// @ts-ignore: decorator
@inline
export function quadMax(x: usize, bytes: usize): v128 {
  const whole = bytes & ~15;
  let i: usize = 0;
  let m = f32x4.splat(-Infinity);
  if (whole > 0) {
    let a = m,
      b = m,
      c = m,
      d = m;
    for (; i < whole; i += 16) {
      const p = x + i;
      a = f32x4.pmax(a, v128.load(p));
      b = f32x4.pmax(b, v128.load(p + bytes));
      c = f32x4.pmax(c, v128.load(p + (bytes << 1)));
      d = f32x4.pmax(d, v128.load(p + bytes * 3));
    }
    m = foldQuad<Greater>(a, b, c, d);
  }
  for (; i < bytes; i += 4) m = f32x4.pmax(m, loadQuad(x + i, bytes));
  return m;
}

// @ts-ignore: decorator
@inline
function term<Terms>(x: usize, y: usize, max: v128): v128 {
  const e = exp4(f32x4.sub(v128.load(x), max));
  if (idof<Terms>() == idof<Keep>()) v128.store(y, e);
  return e;
}

/** Σ exp(x − max) of each row. Keep: also stores y = exp(x − max); y may be x. */
// @ts-ignore: decorator
@inline
export function quadExpSum<Terms>(x: usize, y: usize, bytes: usize, max: v128): v128 {
  const whole = bytes & ~15;
  let i: usize = 0;
  let sum = f32x4.splat(0);
  if (whole > 0) {
    let a = sum,
      b = sum,
      c = sum,
      d = sum;
    for (; i < whole; i += 16) {
      const p = x + i;
      const q = y + i;
      a = f32x4.add(a, term<Terms>(p, q, spread0(max)));
      b = f32x4.add(b, term<Terms>(p + bytes, q + bytes, spread1(max)));
      c = f32x4.add(c, term<Terms>(p + (bytes << 1), q + (bytes << 1), spread2(max)));
      d = f32x4.add(d, term<Terms>(p + bytes * 3, q + bytes * 3, spread3(max)));
    }
    sum = foldQuad<Add>(a, b, c, d);
  }
  for (; i < bytes; i += 4) {
    const e = exp4(f32x4.sub(loadQuad(x + i, bytes), max));
    if (idof<Terms>() == idof<Keep>()) storeQuad(y + i, bytes, e);
    sum = f32x4.add(sum, e);
  }
  return sum;
}
