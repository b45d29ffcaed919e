/**
 * x^y of four floats as C's powf: 2^(y·log2 |x|) in double precision, two lanes at a time, rounded to float once. log2 m
 * = 2/ln 2·atanh s, s = (m − 1) / (m + 1), |s| < 0.1716: Taylor's series to s^13 leaves 2^−39; e^t, |t| < 0.3466: to t^8 leaves 2^−32.
 */
import { all, allBits, select } from './bits';

/** 2 / ln 2 and ln 2. */
const TWO_OVER_LN2: f64 = 2.8853900817779268;
const LN2: f64 = 0.6931471805599453;
/** 1.5·2^52: adding it rounds to an integer. 2^52 + 1023: 2^52 plus an exponent field, less this, is the exponent. */
const ROUNDER: f64 = 6755399441055744;
const EXPONENT_BASE: f64 = 4503599627371519;
/** Upper half of the bits of √½ as a double. */
const SQRT_HALF_BITS: i64 = 0x3fe6a09e00000000;
const ONE_BITS: i64 = 0x3ff0000000000000;

// @ts-ignore: decorator
@inline
function both(x: f64): v128 {
  return f64x2.splat(x);
}

// @ts-ignore: decorator
@inline
function madd2(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c);
}

/** log2 x of two doubles that are positive, finite, and normal. */
// @ts-ignore: decorator
@inline
function log2of2(x: v128): v128 {
  const bits = i64x2.add(x, i64x2.splat(ONE_BITS - SQRT_HALF_BITS));
  const field = v128.or(i64x2.shr_u(bits, 52), both(4503599627370496));
  const e = f64x2.sub(field, both(EXPONENT_BASE));
  const m = i64x2.add(v128.and(bits, i64x2.splat(0x000fffffffffffff)), i64x2.splat(SQRT_HALF_BITS));
  const s = f64x2.div(f64x2.sub(m, both(1)), f64x2.add(m, both(1)));
  const z = f64x2.mul(s, s);
  let p = madd2(z, both(1.0 / 13), both(1.0 / 11));
  p = madd2(p, z, both(1.0 / 9));
  p = madd2(p, z, both(1.0 / 7));
  p = madd2(p, z, both(1.0 / 5));
  p = madd2(p, z, both(1.0 / 3));
  p = madd2(p, z, both(1));
  return madd2(p, f64x2.mul(s, both(TWO_OVER_LN2)), e);
}

/** 2^x of two doubles, |x| ≤ 1000. */
// @ts-ignore: decorator
@inline
function exp2of2(x: v128): v128 {
  const shifted = f64x2.add(x, both(ROUNDER));
  const t = f64x2.mul(f64x2.sub(x, f64x2.sub(shifted, both(ROUNDER))), both(LN2));
  let p = madd2(t, both(1.0 / 40320), both(1.0 / 5040));
  p = madd2(p, t, both(1.0 / 720));
  p = madd2(p, t, both(1.0 / 120));
  p = madd2(p, t, both(1.0 / 24));
  p = madd2(p, t, both(1.0 / 6));
  p = madd2(p, t, both(0.5));
  p = madd2(p, t, both(1));
  p = madd2(p, t, both(1));
  return f64x2.mul(p, i64x2.add(i64x2.shl(shifted, 52), i64x2.splat(ONE_BITS)));
}

/** x^y of the two low lanes, x ≥ 0 or NaN, as floats in the two low lanes. */
function pow2(x: v128, y: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  const exponent = f64x2.promote_low_f32x4(y);
  const infinity = both(Infinity);
  let log = log2of2(wide);
  log = v128.bitselect(log, wide, f64x2.lt(wide, infinity));
  log = v128.bitselect(both(-Infinity), log, f64x2.eq(wide, both(0)));
  const product = f64x2.mul(exponent, log);
  return f32x4.demote_f64x2_zero(exp2of2(f64x2.pmax(f64x2.pmin(product, both(200)), both(-200))));
}

/** x^y. */
// @ts-ignore: decorator
@inline
export function pow4(x: v128, y: v128): v128 {
  const a = f32x4.abs(x);
  const one = all(1);
  const high = pow2(v128.shuffle<i32>(a, a, 2, 3, 2, 3), v128.shuffle<i32>(y, y, 2, 3, 2, 3));
  let r = v128.shuffle<i32>(pow2(a, y), high, 0, 1, 4, 5);

  const half = f32x4.mul(y, all(0.5));
  const integer = f32x4.eq(y, f32x4.trunc(y));
  const odd = v128.and(integer, f32x4.ne(half, f32x4.trunc(half)));
  r = v128.or(r, v128.and(x, v128.and(odd, allBits(0x80000000))));
  const finiteNegative = v128.and(f32x4.lt(x, all(0)), f32x4.gt(x, all(-Infinity)));
  r = v128.or(r, v128.andnot(finiteNegative, integer));
  const unit = v128.and(f32x4.eq(a, one), f32x4.eq(f32x4.abs(y), all(Infinity)));
  const isOne = v128.or(v128.or(f32x4.eq(x, one), f32x4.eq(y, all(0))), unit);
  return select(one, r, isOne);
}
