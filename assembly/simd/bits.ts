/** Small helpers on four floats: constants, and the parts of a float that the elementary functions take apart. */

// @ts-ignore: decorator
@inline
export function all(x: f32): v128 {
  return f32x4.splat(x);
}

// @ts-ignore: decorator
@inline
export function allBits(x: i32): v128 {
  return i32x4.splat(x);
}

/** The size of x, with the sign of `sign`. */
// @ts-ignore: decorator
@inline
export function copySign(x: v128, sign: v128): v128 {
  return v128.bitselect(sign, x, allBits(0x80000000));
}

/** x where the mask is set, else y. */
// @ts-ignore: decorator
@inline
export function select(x: v128, y: v128, mask: v128): v128 {
  return v128.bitselect(x, y, mask);
}
