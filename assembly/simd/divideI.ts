/** int32 quotients, truncated, and remainders with the dividend's sign, of four lanes. Divided by 0 both are 0; −2³¹ / −1 wraps. */

// @ts-ignore: decorator
@inline
function quotient(a: i32, b: i32): i32 {
  // The engine traps where the quotient does not fit; 64 bits wrap instead.
  return b == 0 ? 0 : <i32>(<i64>a / <i64>b);
}

// @ts-ignore: decorator
@inline
function remainder(a: i32, b: i32): i32 {
  return b == 0 ? 0 : a % b;
}

// @ts-ignore: decorator
@inline
export function divI4(a: v128, b: v128): v128 {
  const y = i32x4.splat(quotient(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)));
  const y1 = i32x4.replace_lane(y, 1, quotient(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)));
  const y2 = i32x4.replace_lane(y1, 2, quotient(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)));
  return i32x4.replace_lane(y2, 3, quotient(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)));
}

// @ts-ignore: decorator
@inline
export function remI4(a: v128, b: v128): v128 {
  const y = i32x4.splat(remainder(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)));
  const y1 = i32x4.replace_lane(y, 1, remainder(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)));
  const y2 = i32x4.replace_lane(y1, 2, remainder(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)));
  return i32x4.replace_lane(y2, 3, remainder(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)));
}
