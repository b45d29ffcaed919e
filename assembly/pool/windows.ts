/**
 * The windows of pooling along one dimension, as the command table defines them. Positions are signed: windows may start in the padding.
 */

/** Start of output o's window; for adaptive windows (kernel 0) ⌊o·size/outSize⌋. */
// @ts-ignore: decorator
@inline
export function windowStart(o: u32, size: u32, outSize: u32, kernel: u32, stride: u32, pad: u32): i32 {
  if (kernel == 0) return <i32>((<u64>o * size) / outSize);
  return <i32>(o * stride) - <i32>pad;
}

/** Where a window of adjacent elements ends, at most at the end of the padding. */
// @ts-ignore: decorator
@inline
export function windowEnd(o: u32, start: i32, size: u32, outSize: u32, kernel: u32, pad: u32): i32 {
  if (kernel == 0) return <i32>(((<u64>o + 1) * size + outSize - 1) / outSize);
  return min(start + <i32>kernel, <i32>(size + pad));
}

/** The first position of a window, `step` elements from one to the next, that is not in the padding. */
// @ts-ignore: decorator
@inline
export function firstInside(start: i32, step: i32): i32 {
  return start >= 0 ? start : start + (step - 1 - start) / step * step;
}

/** The first output whose window begins inside. */
// @ts-ignore: decorator
@inline
export function firstWhole(outSize: u32, stride: u32, pad: u32): u32 {
  return min(outSize, (pad + stride - 1) / stride);
}

/** One past the last output whose window, `reach` elements from its first to its last, ends inside. */
// @ts-ignore: decorator
@inline
export function endWhole(size: u32, outSize: u32, stride: u32, pad: u32, reach: u32): u32 {
  return size + pad <= reach ? 0 : min(outSize, (size + pad - 1 - reach) / stride + 1);
}

/** The elements at p of four windows that start `stride` elements apart. */
// @ts-ignore: decorator
@inline
export function tap4(p: usize, stride: u32): v128 {
  if (stride == 1) return v128.load(p);
  if (stride == 2) return v128.shuffle<f32>(v128.load(p), v128.load(p, 12), 0, 2, 5, 7);
  const step = <usize>stride << 2;
  let v = v128.load32_zero(p);
  v = v128.load32_lane(p + step, v, 1);
  v = v128.load32_lane(p + 2 * step, v, 2);
  return v128.load32_lane(p + 3 * step, v, 3);
}
