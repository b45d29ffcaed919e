/**
 * The last elements of an array, fewer than a vector has: loads and stores that touch nothing else. The lanes beyond are 0
 * on loading and dropped on storing, so a tail goes through the same vector code as the rest and gives the same bits.
 */

/** `count` elements, 1 to 3. */
export function loadTail(p: usize, count: u32): v128 {
  if (count == 1) return v128.load32_zero(p);
  const v = v128.load64_zero(p);
  return count == 2 ? v : v128.load32_lane(p, v, 2, 8);
}

/** `count` elements, 1 to 3. */
// @ts-ignore: decorator
@inline
export function storeTail(p: usize, v: v128, count: u32): void {
  if (count == 1) v128.store32_lane(p, v, 0);
  else {
    v128.store64_lane(p, v, 0);
    if (count == 3) v128.store32_lane(p, v, 2, 8);
  }
}

/** Four elements that are `stride` elements apart. */
// @ts-ignore: decorator
@inline
export function gather(p: usize, stride: i32): v128 {
  const step = <usize>stride << 2;
  if (stride == 1) return v128.load(p);
  let v = v128.load32_splat(p);
  if (stride != 0) {
    v = v128.load32_lane(p + step, v, 1);
    v = v128.load32_lane(p + 2 * step, v, 2);
    v = v128.load32_lane(p + 3 * step, v, 3);
  }
  return v;
}

/** `count` elements, 1 to 3, that are `stride` elements apart. */
export function gatherTail(p: usize, stride: i32, count: u32): v128 {
  const step = <usize>stride << 2;
  let v = v128.load32_splat(p);
  if (count > 1) v = v128.load32_lane(p + step, v, 1);
  if (count > 2) v = v128.load32_lane(p + 2 * step, v, 2);
  return v;
}
