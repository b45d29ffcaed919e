/** int32 powers of four lanes, by squaring; they wrap. A negative exponent leaves ±1 for the base ±1 and 0 for all others. */
import { allBits } from './bits';

// @ts-ignore: decorator
@inline
export function powI4(a: v128, b: v128): v128 {
  const one = allBits(1);
  const zero = allBits(0);
  const isNegative = i32x4.lt_s(b, zero);
  const isUnit = v128.or(i32x4.eq(a, one), i32x4.eq(a, allBits(-1)));
  // ±1 to the power of −b is ±1 to the power of b's lowest bit.
  let left = v128.bitselect(v128.and(b, one), b, isNegative);
  let factor = a;
  let result = one;
  while (v128.any_true(left)) {
    const isOdd = i32x4.ne(v128.and(left, one), zero);
    result = v128.bitselect(i32x4.mul(result, factor), result, isOdd);
    factor = i32x4.mul(factor, factor);
    left = i32x4.shr_u(left, 1);
  }
  return v128.andnot(result, v128.andnot(isNegative, isUnit));
}
