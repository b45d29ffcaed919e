/**
 * The functions of one element that take a few instructions, on four at a time; the longer ones are in assembly/simd. The table
 * of functions (bindings/commands/unary.ts) names them without the 4. p0 and p1, in all lanes, are the table's parameters.
 */
import { all, allBits, select } from '../simd/bits';
import { sigmoid4 } from '../simd/exp';

// @ts-ignore: decorator
@inline
export function neg4(x: v128): v128 {
  return f32x4.neg(x);
}

// @ts-ignore: decorator
@inline
export function abs4(x: v128): v128 {
  return f32x4.abs(x);
}

/** −1, 0 or 1; 0 for NaN. */
// @ts-ignore: decorator
@inline
export function sign4(x: v128): v128 {
  const zero = all(0);
  return v128.or(v128.and(f32x4.gt(x, zero), all(1)), v128.and(f32x4.lt(x, zero), all(-1)));
}

// @ts-ignore: decorator
@inline
export function sqrt4(x: v128): v128 {
  return f32x4.sqrt(x);
}

// @ts-ignore: decorator
@inline
export function rsqrt4(x: v128): v128 {
  return f32x4.div(all(1), f32x4.sqrt(x));
}

// @ts-ignore: decorator
@inline
export function reciprocal4(x: v128): v128 {
  return f32x4.div(all(1), x);
}

// @ts-ignore: decorator
@inline
export function square4(x: v128): v128 {
  return f32x4.mul(x, x);
}

// @ts-ignore: decorator
@inline
export function relu4(x: v128): v128 {
  return f32x4.pmax(x, all(0));
}

// @ts-ignore: decorator
@inline
export function floor4(x: v128): v128 {
  return f32x4.floor(x);
}

// @ts-ignore: decorator
@inline
export function ceil4(x: v128): v128 {
  return f32x4.ceil(x);
}

// @ts-ignore: decorator
@inline
export function round4(x: v128): v128 {
  return f32x4.nearest(x);
}

// @ts-ignore: decorator
@inline
export function clamp4(x: v128, p0: v128, p1: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, p0), p1);
}

// @ts-ignore: decorator
@inline
export function logicalNot4(x: v128): v128 {
  return v128.and(f32x4.eq(x, all(0)), allBits(1));
}

// @ts-ignore: decorator
@inline
export function toBool4(x: v128): v128 {
  return v128.and(f32x4.ne(x, all(0)), allBits(1));
}

// @ts-ignore: decorator
@inline
export function toInt4(x: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(x);
}

// @ts-ignore: decorator
@inline
export function negI4(x: v128): v128 {
  return i32x4.neg(x);
}

// @ts-ignore: decorator
@inline
export function absI4(x: v128): v128 {
  return i32x4.abs(x);
}

// @ts-ignore: decorator
@inline
export function signI4(x: v128): v128 {
  return i32x4.min_s(i32x4.max_s(x, allBits(-1)), allBits(1));
}

// @ts-ignore: decorator
@inline
export function squareI4(x: v128): v128 {
  return i32x4.mul(x, x);
}

// @ts-ignore: decorator
@inline
export function clampI4(x: v128, p0: v128, p1: v128): v128 {
  return i32x4.min_s(i32x4.max_s(x, p0), p1);
}

// @ts-ignore: decorator
@inline
export function logicalNotI4(x: v128): v128 {
  return v128.and(i32x4.eq(x, allBits(0)), allBits(1));
}

// @ts-ignore: decorator
@inline
export function toBoolI4(x: v128): v128 {
  return v128.and(i32x4.ne(x, allBits(0)), allBits(1));
}

// @ts-ignore: decorator
@inline
export function toFloat4(x: v128): v128 {
  return f32x4.convert_i32x4_s(x);
}

// @ts-ignore: decorator
@inline
export function silu4(x: v128): v128 {
  return f32x4.mul(x, sigmoid4(x));
}

// @ts-ignore: decorator
@inline
export function leakyRelu4(x: v128, p0: v128): v128 {
  return select(x, f32x4.mul(x, p0), f32x4.gt(x, all(0)));
}
