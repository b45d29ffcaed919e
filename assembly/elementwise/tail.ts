/**
 * The last elements of an array, fewer than a vector has: loads and stores that touch those alone. The lanes beyond are 0
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
