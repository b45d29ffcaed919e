/**
 * ln x and ln(1 + x) of four floats, as in fdlibm's e_log: x = 2^e·(1 + f) with 1 + f in [√½, √2), s = f / (2 + f),
 * ln(1 + f) = f − (f²/2 − s·(f²/2 + R(s²))), R fitted by fit/minimax.py.
 */
import { all, allBits, select } from './bits';
import { madd } from './madd';

/** ln 2 rounded to 9 bits after the point, so that its products with exponents are exact, and the rest. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -0.00021219444;
/** The bits of √½ as a float, and of 1. */
const SQRT_HALF_BITS: i32 = 0x3f3504f3;
const ONE_BITS: i32 = 0x3f800000;

/** R(z) = z·(P0 + P1·z + P2·z²). */
const P0: f32 = 0.666667759;
const P1: f32 = 0.399775267;
const P2: f32 = 0.29872185;

/** ln of 2^e·(1 + f). */
// @ts-ignore: decorator
@inline
function logOf(e: v128, f: v128): v128 {
  const s = f32x4.div(f, f32x4.add(f, all(2)));
  const z = f32x4.mul(s, s);
  let r = madd(all(P2), z, all(P1));
  r = f32x4.mul(z, madd(r, z, all(P0)));
  const half = f32x4.mul(f, f32x4.mul(f, all(0.5)));
  const small = madd(s, f32x4.add(half, r), f32x4.mul(e, all(LN2_LOW)));
  return madd(e, all(LN2_HIGH), f32x4.sub(f, f32x4.sub(half, small)));
}

/** The results of ln where x is not positive and finite: −∞ for 0, NaN below, ∞ and NaN unchanged. */
// @ts-ignore: decorator
@inline
function specials(x: v128, y: v128): v128 {
  const zero = all(0);
  const negative = f32x4.lt(x, zero);
  let r = select(y, x, f32x4.lt(x, all(Infinity)));
  r = select(all(-Infinity), r, f32x4.eq(x, zero));
  return v128.or(r, negative);
}

/** ln x. Denormals are scaled by 2^23 first. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, all(1.17549435e-38));
  const scaled = select(f32x4.mul(x, all(8388608)), x, tiny);
  const bits = i32x4.add(scaled, allBits(ONE_BITS - SQRT_HALF_BITS));
  const exponent = i32x4.sub(i32x4.shr_s(bits, 23), i32x4.add(allBits(127), v128.and(tiny, allBits(23))));
  const m = i32x4.add(v128.and(bits, allBits(0x007fffff)), allBits(SQRT_HALF_BITS));
  return specials(x, logOf(f32x4.convert_i32x4_s(exponent), f32x4.sub(m, all(1))));
}

/** ln(1 + x). The rounding error of 1 + x is added back to f, scaled as f is; for exponent 0 that makes f = x exactly. */
// @ts-ignore: decorator
@inline
export function log1p4(x: v128): v128 {
  const u = f32x4.add(x, all(1));
  const lost = f32x4.sub(x, f32x4.sub(u, all(1)));
  const bits = i32x4.add(u, allBits(ONE_BITS - SQRT_HALF_BITS));
  const exponent = i32x4.sub(i32x4.shr_s(bits, 23), allBits(127));
  const m = i32x4.add(v128.and(bits, allBits(0x007fffff)), allBits(SQRT_HALF_BITS));
  const scale = i32x4.shl(i32x4.max_s(i32x4.sub(allBits(127), exponent), allBits(0)), 23);
  const f = f32x4.add(f32x4.sub(m, all(1)), f32x4.mul(lost, scale));
  const y = specials(u, logOf(f32x4.convert_i32x4_s(exponent), f));
  return v128.or(y, v128.and(x, allBits(0x80000000)));
}
