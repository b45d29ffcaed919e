/** Vector functions of four float32 elements. */

/** eˣ: Cody and Waite's reduction by ln 2, then Cephes' expf polynomial (degree 6). */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const limited = f32x4.min(f32x4.max(x, f32x4.splat(-104)), f32x4.splat(88.8));
  const n = f32x4.nearest(f32x4.mul(limited, f32x4.splat(1.44269504)));
  let r = f32x4.sub(limited, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let y = f32x4.splat(1.9875691500e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(y, r), r), r), f32x4.splat(1));
  const half = i32x4.shr_s(i32x4.trunc_sat_f32x4_s(n), 1);
  const rest = i32x4.sub(i32x4.trunc_sat_f32x4_s(n), half);
  const one = i32x4.splat(127);
  y = f32x4.mul(y, i32x4.shl(i32x4.add(half, one), 23));
  return f32x4.mul(y, i32x4.shl(i32x4.add(rest, one), 23));
}

/** 1 / (1 + e⁻ˣ). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** tanh x, odd: (1 − e) / (1 + e) with e = e^(−2|x|), and Cephes' tanhf polynomial below 0.625. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const magnitude = f32x4.abs(x);
  const e = exp4(f32x4.mul(magnitude, f32x4.splat(-2)));
  const large = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  const s = f32x4.mul(x, x);
  let y = f32x4.splat(-5.70498872745e-3);
  y = f32x4.add(f32x4.mul(y, s), f32x4.splat(2.06390887954e-2));
  y = f32x4.add(f32x4.mul(y, s), f32x4.splat(-5.37397155531e-2));
  y = f32x4.add(f32x4.mul(y, s), f32x4.splat(1.33314422036e-1));
  y = f32x4.add(f32x4.mul(y, s), f32x4.splat(-3.33332819422e-1));
  y = f32x4.add(f32x4.mul(f32x4.mul(y, s), magnitude), magnitude);
  const size = v128.bitselect(y, large, f32x4.lt(magnitude, f32x4.splat(0.625)));
  return v128.bitselect(x, size, f32x4.splat(-0.0));
}
