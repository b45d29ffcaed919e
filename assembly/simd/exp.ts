/**
 * exp, sigmoid and tanh of four floats. x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r − 1 = r + r²·q(r), q fitted by fit/minimax.py.
 * Adding 1.5·2^23 rounds to an integer and leaves it in the low bits; a bias added along with it makes those bits an
 * exponent, so that a shift gives 2^n. Assumes rounding to nearest, as wasm has it.
 */
import { all, allBits, copySign, select } from './bits';
import { madd } from './madd';

/** 1 / ln 2. */
const LOG2E: f32 = 1.44269504;
/** ln 2 rounded to 9 bits after the point, so that its products with |n| < 2^14 are exact, and the rest. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -0.00021219444;
/** 1.5·2^23. */
const ROUNDER: f32 = 12582912;

/** e^r − 1 for |r| ≤ ln 2 / 2, good to 2^−28 of e^r. */
// @ts-ignore: decorator
@inline
function expm1Reduced(r: v128): v128 {
  let q = madd(all(0.00138145627), r, all(0.0083687352));
  q = madd(q, r, all(0.041668389));
  q = madd(q, r, all(0.166665211));
  q = madd(q, r, all(0.49999994));
  return madd(f32x4.mul(r, r), q, r);
}

/** x − n·ln 2. */
// @ts-ignore: decorator
@inline
function minusLn2(x: v128, n: v128): v128 {
  return madd(n, all(-LN2_LOW), madd(n, all(-LN2_HIGH), x));
}

/** e^x for x in [−105, 89]. 2^n is applied in two steps, 2^⌊n/2⌋ and 2^⌈n/2⌉: the last one rounds denormals once. */
// @ts-ignore: decorator
@inline
function expLimited(x: v128): v128 {
  const rounder = all(ROUNDER + 254);
  const shifted = madd(x, all(LOG2E), rounder);
  const p = f32x4.add(expm1Reduced(minusLn2(x, f32x4.sub(shifted, rounder))), all(1));
  const floorHalf = v128.and(i32x4.shl(shifted, 22), allBits(0x7f800000));
  const ceilHalf = i32x4.sub(i32x4.shl(shifted, 23), floorHalf);
  return f32x4.mul(f32x4.mul(p, floorHalf), ceilHalf);
}

/** e^x. Beyond the limits the result is 0 or ∞ already. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  return expLimited(f32x4.pmax(f32x4.pmin(x, all(89)), all(-105)));
}

/**
 * 1 / (1 + e^−x), as e^x / (1 + e^x) for negative x: it neither overflows nor cancels. What 1 + e rounds away is put right
 * after the division: 1 / (d + δ) = (1 − δ/d) / d, and d is near 1 where it matters.
 */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const e = expLimited(f32x4.pmax(v128.or(x, allBits(0x80000000)), all(-105)));
  const d = f32x4.add(e, all(1));
  const lost = f32x4.sub(f32x4.sub(d, all(1)), e);
  const y = f32x4.div(select(e, all(1), i32x4.shr_s(x, 31)), d);
  return madd(y, lost, y);
}

/** tanh x = x + x³·P(x²) below 0.55, and 1 − 2E / (1 + E), E = e^(−2|x|), from there on; it rounds to ±1 from 9.02 on. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const y = f32x4.pmax(f32x4.mul(a, all(-2)), all(-20));
  const rounder = all(ROUNDER + 127);
  const shifted = madd(y, all(LOG2E), rounder);
  const scale = i32x4.shl(shifted, 23);
  const e = madd(scale, expm1Reduced(minusLn2(y, f32x4.sub(shifted, rounder))), scale);
  const far = f32x4.sub(all(1), f32x4.div(f32x4.add(e, e), f32x4.add(e, all(1))));

  const z = f32x4.mul(x, x);
  let p = madd(all(0.0164359491), z, all(-0.0526709817));
  p = madd(p, z, all(0.133207127));
  p = madd(p, z, all(-0.333329469));
  const near = madd(a, f32x4.mul(z, p), a);
  return copySign(select(near, far, f32x4.lt(a, all(0.55))), x);
}
