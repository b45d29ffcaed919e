/**
 * exp, sigmoid and tanh of four floats. x = n·ln 2 + r with |r| ≤ ln 2 / 2, and e^r = 1 + r·Q(r), Q fitted by
 * fit/minimax.py. Adding 1.5·2^23 rounds to an integer and leaves it in the low bits; a bias added along with it makes
 * those bits an exponent, so that a shift gives 2^n. Assumes rounding to nearest, as in wasm.
 *
 * Each function is cut into stages, so that a loop can take several vectors through one stage before the next: otherwise so
 * long a chain of dependent operations exceeds a processor's window for reordering.
 */
import { Exp, Sigmoid, Tanh } from '../generated/markers';
import { all, allBits, copySign, select } from './bits';
import { madd } from './madd';

/** 1 / ln 2. */
const LOG2E: f32 = 1.44269504;
/** ln 2 rounded to 9 bits after the point, so that its products with |n| < 2^14 are exact, and the rest. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -0.00021219444;
/** 1.5·2^23. */
const ROUNDER: f32 = 12582912;
/**
 * Sigmoid's terms carry the factor 1.5: of all factors it has the smallest worst error of a quotient of rounded numbers,
 * 1.87 ulp instead of 2.26 for factor 1. 2^32 keeps the terms normal where the result is denormal.
 */
const SIGMOID_FACTOR: f32 = 6442450944;
const SIGMOID_BITS: i32 = 0x00400000;

/** (e^(step·r) − 1) / r · scale / step for |step·r| ≤ ln 2 / 2; the error is 2^−28 of e^(step·r). */
// @ts-ignore: decorator
@inline
export function expQuotient(r: v128, scale: f32, step: f32): v128 {
  const s2 = step * step;
  let q = madd(all(0.00138145627 * scale * s2 * s2 * step), r, all(0.0083687352 * scale * s2 * s2));
  q = madd(q, r, all(0.041668389 * scale * s2 * step));
  q = madd(q, r, all(0.166665211 * scale * s2));
  q = madd(q, r, all(0.49999994 * scale * step));
  return madd(q, r, all(scale));
}

/** Stage 1: x within the limits beyond which the result does not change. Tanh goes on with |x|. */
// @ts-ignore: decorator
@inline
export function limited<F>(x: v128): v128 {
  if (idof<F>() == idof<Tanh>()) return f32x4.pmin(f32x4.abs(x), all(10));
  return f32x4.pmax(f32x4.pmin(x, all(idof<F>() == idof<Exp>() ? 89 : 60)), all(-105));
}

/** The bias that makes n the exponent that `finished` expects: 2^n twice for exp, 2^(n + 32) for sigmoid. */
// @ts-ignore: decorator
@inline
function rounder<F>(): v128 {
  if (idof<F>() == idof<Exp>()) return all(ROUNDER + 254);
  if (idof<F>() == idof<Sigmoid>()) return all(ROUNDER + 159);
  return all(ROUNDER + 127);
}

/** Stage 2: n, rounded and biased, in the low bits. n is that of −2·|x| for tanh. */
// @ts-ignore: decorator
@inline
export function shifted<F>(x: v128): v128 {
  return madd(x, all(idof<F>() == idof<Tanh>() ? -2 * LOG2E : LOG2E), rounder<F>());
}

/** Stage 3: r = x − n·ln 2; for tanh |x| + n·ln 2 / 2. */
// @ts-ignore: decorator
@inline
export function reduced<F>(x: v128, biased: v128): v128 {
  const n = f32x4.sub(biased, rounder<F>());
  const factor: f32 = idof<F>() == idof<Tanh>() ? 0.5 : -1;
  return madd(n, all(LN2_LOW * factor), madd(n, all(LN2_HIGH * factor), x));
}

/** e^x. 2^n is applied in two steps, 2^⌊n/2⌋ and 2^⌈n/2⌉: the last one rounds denormals once. */
// @ts-ignore: decorator
@inline
function expFinished(r: v128, biased: v128): v128 {
  const p = madd(expQuotient(r, 1, 1), r, all(1));
  const floorHalf = v128.and(i32x4.shl(biased, 22), allBits(0x7f800000));
  const ceilHalf = i32x4.sub(i32x4.shl(biased, 23), floorHalf);
  return f32x4.mul(f32x4.mul(p, floorHalf), ceilHalf);
}

/** 1 / (1 + e^−x) = 2^n / (2^n + e^−r), both terms times SIGMOID_FACTOR. */
// @ts-ignore: decorator
@inline
function sigmoidFinished(r: v128, biased: v128): v128 {
  const power = v128.or(i32x4.shl(biased, 23), allBits(SIGMOID_BITS));
  const q = expQuotient(r, -SIGMOID_FACTOR, -1);
  return f32x4.div(power, madd(q, r, f32x4.add(power, all(SIGMOID_FACTOR))));
}

/** tanh a = a + a³·P(a²) below 0.55, and 1 − 2 / (1 + e^2a) = 1 − 2·2^n / (2^n + e^2r) from there on. */
// @ts-ignore: decorator
@inline
function tanhFinished(x: v128, a: v128, r: v128, biased: v128): v128 {
  const power = i32x4.shl(biased, 23);
  const part = f32x4.div(power, madd(expQuotient(r, 2, 2), r, f32x4.add(power, all(1))));
  const far = madd(part, all(-2), all(1));

  const z = f32x4.mul(a, a);
  let p = madd(all(0.0164359491), z, all(-0.0526709817));
  p = madd(p, z, all(0.133207127));
  p = madd(p, z, all(-0.333329469));
  const near = madd(a, f32x4.mul(z, p), a);
  return copySign(select(near, far, f32x4.lt(a, all(0.55))), x);
}

/** Stage 4: the result for x, from those of the other stages. */
// @ts-ignore: decorator
@inline
export function finished<F>(x: v128, limitedX: v128, r: v128, biased: v128): v128 {
  if (idof<F>() == idof<Exp>()) return expFinished(r, biased);
  if (idof<F>() == idof<Sigmoid>()) return sigmoidFinished(r, biased);
  return tanhFinished(x, limitedX, r, biased);
}

// @ts-ignore: decorator
@inline
function allStages<F>(x: v128): v128 {
  const a = limited<F>(x);
  const biased = shifted<F>(a);
  return finished<F>(x, a, reduced<F>(a, biased), biased);
}

/** e^x. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  return allStages<Exp>(x);
}

/** 1 / (1 + e^−x). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  return allStages<Sigmoid>(x);
}

/** tanh x; it rounds to ±1 from 9.02 on. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  return allStages<Tanh>(x);
}
