/**
 * sin, cos and atan of four floats. Sine and cosine reduce x to r = x − n·π/2 in double precision, exact up to 2^28
 * (Cody and Waite: π/2 as a part of 25 bits and the rest), and beyond that with the bits of 2/π (Payne and Hanek, 1983), lane by
 * lane. The polynomials are fitted by fit/minimax.py.
 */
import { all, allBits, copySign, select } from './bits';
import { madd } from './madd';

/** 2/π, and π/2 as its first 25 bits and the rest. */
const TWO_OVER_PI: f64 = 0.6366197723675814;
const HALF_PI_HIGH: f64 = 1.5707963109016418;
const HALF_PI_LOW: f64 = 1.5893254773528196e-8;
/** 1.5·2^52: adding it rounds to an integer and leaves that in the low bits. */
const ROUNDER: f64 = 6755399441055744;
/** 2^28: the largest x that double precision reduces exactly. */
const DIRECT_LIMIT: f32 = 268435456;

/** sin r, |r| ≤ π/4. */
// @ts-ignore: decorator
@inline
function sinReduced(r: v128, z: v128): v128 {
  let p = madd(all(-0.000195152752), z, all(0.0083321603));
  p = madd(p, z, all(-0.166666552));
  return madd(r, f32x4.mul(z, p), r);
}

/** cos r, |r| ≤ π/4. */
// @ts-ignore: decorator
@inline
function cosReduced(z: v128): v128 {
  let p = madd(all(2.44331477e-5), z, all(-0.00138873165));
  p = madd(p, z, all(0.0416666456));
  return madd(f32x4.mul(z, z), p, madd(z, all(-0.5), all(1)));
}

/** sin(r + quadrant·π/2). */
// @ts-ignore: decorator
@inline
function sinQuadrant(r: v128, quadrant: v128): v128 {
  const z = f32x4.mul(r, r);
  const odd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31);
  const y = select(cosReduced(z), sinReduced(r, z), odd);
  return v128.xor(y, i32x4.shl(v128.and(quadrant, allBits(2)), 30));
}

/** Word i of the binary digits of 2/π after the point. */
function twoOverPiWord(i: i32): u64 {
  switch (i) {
    case 0:
      return 0xa2f9836e;
    case 1:
      return 0x4e441529;
    case 2:
      return 0xfc2757d1;
    case 3:
      return 0xf534ddc0;
    case 4:
      return 0xdb629599;
    case 5:
      return 0x3c439041;
    default:
      return 0xfe5163ab;
  }
}

/** x·2/π modulo 4, in units of 2^−62, for finite |x| ≥ 2^28: 24 bits of x times the 96 bits of 2/π that matter. */
function turns(x: f32): i64 {
  const bits = reinterpret<u32>(x);
  const m = <u64>((bits & 0x7fffff) | 0x800000);
  const offset = <i32>((bits >> 23) & 0xff) - 152;
  const word = offset >> 5;
  const shift = <u64>(offset & 31);
  const high = (twoOverPiWord(word) << 32) | twoOverPiWord(word + 1);
  const low = (twoOverPiWord(word + 2) << 32) | twoOverPiWord(word + 3);
  const top = (high << shift) | ((low >> 1) >> (63 - shift));
  const third = ((low << shift) >> 32) & 0xffffffff;
  const product = m * top + ((m * third) >> 32);
  return <i32>bits < 0 ? -(<i64>product) : <i64>product;
}

/** Lane by lane: a new r for |x| ≥ 2^28 (NaN for ∞), the given one for the others. */
function largeRemainder1(x: f32, r: f32): f32 {
  if (abs(x) <= DIRECT_LIMIT) return r;
  if (!isFinite(x)) return NaN;
  return <f32>(<f64>((turns(x) << 2) >> 2) * (1.5707963267948966 / 4611686018427387904.0));
}

function largeQuadrant1(x: f32, quadrant: i32): i32 {
  if (abs(x) <= DIRECT_LIMIT || !isFinite(x)) return quadrant;
  return <i32>((turns(x) + (<i64>1 << 61)) >> 62);
}

function largeRemainder(x: v128, r: v128): v128 {
  r = f32x4.replace_lane(r, 0, largeRemainder1(f32x4.extract_lane(x, 0), f32x4.extract_lane(r, 0)));
  r = f32x4.replace_lane(r, 1, largeRemainder1(f32x4.extract_lane(x, 1), f32x4.extract_lane(r, 1)));
  r = f32x4.replace_lane(r, 2, largeRemainder1(f32x4.extract_lane(x, 2), f32x4.extract_lane(r, 2)));
  return f32x4.replace_lane(r, 3, largeRemainder1(f32x4.extract_lane(x, 3), f32x4.extract_lane(r, 3)));
}

function largeQuadrant(x: v128, q: v128): v128 {
  q = i32x4.replace_lane(q, 0, largeQuadrant1(f32x4.extract_lane(x, 0), i32x4.extract_lane(q, 0)));
  q = i32x4.replace_lane(q, 1, largeQuadrant1(f32x4.extract_lane(x, 1), i32x4.extract_lane(q, 1)));
  q = i32x4.replace_lane(q, 2, largeQuadrant1(f32x4.extract_lane(x, 2), i32x4.extract_lane(q, 2)));
  return i32x4.replace_lane(q, 3, largeQuadrant1(f32x4.extract_lane(x, 3), i32x4.extract_lane(q, 3)));
}

/** Two lanes of n = round(x·2/π), with ROUNDER added. */
// @ts-ignore: decorator
@inline
function quadrants2(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, f64x2.splat(TWO_OVER_PI)), f64x2.splat(ROUNDER));
}

/** Two lanes of x − n·π/2. */
// @ts-ignore: decorator
@inline
function remainder2(x: v128, shifted: v128): v128 {
  const n = f64x2.sub(shifted, f64x2.splat(ROUNDER));
  const r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(HALF_PI_HIGH)));
  return f64x2.sub(r, f64x2.mul(n, f64x2.splat(HALF_PI_LOW)));
}

/** sin(x + turn·π/2). */
// @ts-ignore: decorator
@inline
function sinTurned(x: v128, turn: i32): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
  const lowShifted = quadrants2(low);
  const highShifted = quadrants2(high);
  let r = v128.shuffle<i32>(
    f32x4.demote_f64x2_zero(remainder2(low, lowShifted)),
    f32x4.demote_f64x2_zero(remainder2(high, highShifted)),
    0,
    1,
    4,
    5,
  );
  let quadrant = v128.shuffle<i32>(lowShifted, highShifted, 0, 2, 4, 6);
  if (v128.any_true(f32x4.gt(f32x4.abs(x), all(DIRECT_LIMIT)))) {
    r = largeRemainder(x, r);
    quadrant = largeQuadrant(x, quadrant);
  }
  return sinQuadrant(r, i32x4.add(quadrant, allBits(turn)));
}

/** sin x; −0 stays. */
// @ts-ignore: decorator
@inline
export function sin4(x: v128): v128 {
  return select(x, sinTurned(x, 0), f32x4.eq(x, all(0)));
}

/** cos x. */
// @ts-ignore: decorator
@inline
export function cos4(x: v128): v128 {
  return sinTurned(x, 1);
}

/** sin(2π·u + turn·π/2) for 0 ≤ u < 1 with at most 24 bits after the point: u is reduced exactly. */
// @ts-ignore: decorator
@inline
function sinUnit(u: v128, turn: i32): v128 {
  const n = f32x4.nearest(f32x4.mul(u, all(4)));
  const r = f32x4.mul(f32x4.sub(u, f32x4.mul(n, all(0.25))), all(6.28318531));
  return sinQuadrant(r, i32x4.add(i32x4.trunc_sat_f32x4_s(n), allBits(turn)));
}

// @ts-ignore: decorator
@inline
export function unitSin4(u: v128): v128 {
  return sinUnit(u, 0);
}

// @ts-ignore: decorator
@inline
export function unitCos4(u: v128): v128 {
  return sinUnit(u, 1);
}

/** atan x = base + atan t: t = |x| below 0.55, rotated by π/4 up to 1 / 0.55, and by π/2 beyond. */
// @ts-ignore: decorator
@inline
export function atan4(x: v128): v128 {
  const a = f32x4.abs(x);
  const one = all(1);
  const middle = f32x4.gt(a, all(0.55));
  const upper = f32x4.gt(a, all(1.8181818));
  const numerator = select(all(-1), select(f32x4.sub(a, one), a, middle), upper);
  const denominator = select(a, select(f32x4.add(a, one), one, middle), upper);
  const base = select(all(1.57079637), v128.and(all(0.785398185), middle), upper);
  const t = f32x4.div(numerator, denominator);
  const z = f32x4.mul(t, t);
  let p = madd(all(-0.0460297018), z, all(0.098401539));
  p = madd(p, z, all(-0.141090646));
  p = madd(p, z, all(0.199889392));
  p = madd(p, z, all(-0.333331048));
  return copySign(f32x4.add(base, madd(t, f32x4.mul(z, p), t)), x);
}
