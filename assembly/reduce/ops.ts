/**
 * The associative operations of reductions, on vectors; the marker class says whether float32 or int32. Max and Min give NaN if
 * either operand is NaN. Integers wrap.
 */

export class Sum {}
export class Prod {}
export class Max {}
export class Min {}
export class SumI {}
export class ProdI {}
export class MaxI {}
export class MinI {}

/** The value that changes nothing, in every lane. */
// @ts-ignore: decorator
@inline
export function identity<Op>(): v128 {
  if (idof<Op>() == idof<Prod>()) return f32x4.splat(1);
  if (idof<Op>() == idof<Max>()) return f32x4.splat(-Infinity);
  if (idof<Op>() == idof<Min>()) return f32x4.splat(Infinity);
  if (idof<Op>() == idof<ProdI>()) return i32x4.splat(1);
  if (idof<Op>() == idof<MaxI>()) return i32x4.splat(i32.MIN_VALUE);
  if (idof<Op>() == idof<MinI>()) return i32x4.splat(i32.MAX_VALUE);
  return i32x4.splat(0);
}

// @ts-ignore: decorator
@inline
export function combine<Op>(a: v128, b: v128): v128 {
  if (idof<Op>() == idof<Sum>()) return f32x4.add(a, b);
  if (idof<Op>() == idof<Prod>()) return f32x4.mul(a, b);
  if (idof<Op>() == idof<Max>()) return f32x4.max(a, b);
  if (idof<Op>() == idof<Min>()) return f32x4.min(a, b);
  if (idof<Op>() == idof<SumI>()) return i32x4.add(a, b);
  if (idof<Op>() == idof<ProdI>()) return i32x4.mul(a, b);
  if (idof<Op>() == idof<MaxI>()) return i32x4.max_s(a, b);
  return i32x4.min_s(a, b);
}

/** Whether Op takes float32 and has to handle NaN. */
// @ts-ignore: decorator
@inline
export function isFloatExtreme<Op>(): bool {
  return idof<Op>() == idof<Max>() || idof<Op>() == idof<Min>();
}

/** As combine, but Max and Min ignore NaN in b, in one instruction instead of about eight; a is not NaN. */
// @ts-ignore: decorator
@inline
export function combineOrdered<Op>(a: v128, b: v128): v128 {
  if (idof<Op>() == idof<Max>()) return f32x4.pmax(a, b);
  if (idof<Op>() == idof<Min>()) return f32x4.pmin(a, b);
  return combine<Op>(a, b);
}

/** All four lanes combined, in every lane. */
// @ts-ignore: decorator
@inline
export function fold<Op>(v: v128): v128 {
  const pairs = combine<Op>(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return combine<Op>(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2));
}

/** a combined with b for eight vectors, as a tree. */
// @ts-ignore: decorator
@inline
export function combine8<Op>(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): v128 {
  return combine<Op>(
    combine<Op>(combine<Op>(a, b), combine<Op>(c, d)),
    combine<Op>(combine<Op>(e, f), combine<Op>(g, h)),
  );
}
