/**
 * Sums over runs and over columns that normalisation needs: partial sums in single precision, added up in double precision,
 * in an order that only the shapes determine. Pairs of sums are f64x2. No alignment is needed.
 */
import { loadTail } from '../reduce/lanes';
import { madd } from '../simd/madd';

/** Σ (x − mean) and Σ (x − mean)². */
export class Spread {}
/** Σ g and Σ g·(x − mean). */
export class Product {}
/** Σ g·w and Σ g·w·(x − mean). */
export class Weighted {}

/** Bytes of a run, and rows of columns, that one set of single-precision accumulators takes. */
const CHUNK: usize = 4096;
const ROWS: u32 = 64;

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function total(v: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
function factorOf<Kind>(d: v128, g: v128, w: v128): v128 {
  if (idof<Kind>() == idof<Spread>()) return d;
  if (idof<Kind>() == idof<Product>()) return g;
  return f32x4.mul(g, w);
}

/** Both sums over `runs` runs of `bytes`, `step` bytes apart; g advances with x, w starts anew with each run. */
// @ts-ignore: decorator
@inline
export function runSums<Kind>(
  x: usize,
  g: usize,
  w: usize,
  mean: f32,
  bytes: usize,
  step: usize,
  runs: u32,
): v128 {
  const withG = idof<Kind>() != idof<Spread>();
  const withW = idof<Kind>() == idof<Weighted>();
  const zero = f32x4.splat(0);
  const m = f32x4.splat(mean);
  let a: f64 = 0;
  let b: f64 = 0;
  let first = zero;
  let second = zero;
  let taken: usize = 0;
  for (let r = runs; r != 0; r--) {
    let i: usize = 0;
    while (i + 16 <= bytes) {
      const end = min(bytes, i + CHUNK);
      taken += end - i;
      for (; i + 16 <= end; i += 16) {
        const d = f32x4.sub(v128.load(x + i), m);
        const f = factorOf<Kind>(d, withG ? v128.load(g + i) : zero, withW ? v128.load(w + i) : zero);
        first = f32x4.add(first, f);
        second = madd(f, d, second);
      }
      if (taken >= CHUNK) {
        a += total(first);
        b += total(second);
        first = second = zero;
        taken = 0;
      }
    }
    if (i < bytes) {
      const left = bytes - i;
      const d = f32x4.sub(loadTail(x + i, left, m), m);
      const f = factorOf<Kind>(d, withG ? loadTail(g + i, left, zero) : zero, withW ? loadTail(w + i, left, zero) : zero);
      first = f32x4.add(first, f);
      second = madd(f, d, second);
      taken += 16;
    }
    x += step;
    if (withG) g += step;
  }
  return f64x2.replace_lane(f64x2.splat(a + total(first)), 1, b + total(second));
}

// @ts-ignore: decorator
@inline
export function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline
export function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
}

/** Rows of columns after which the accumulators are flushed. */
export const COLUMN_ROWS: u32 = ROWS;

/** Two pairs of doubles as four floats. */
// @ts-ignore: decorator
@inline
export function demote(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 1, 4, 5);
}
