/**
 * An index into `size` entries; any other number counts as the last entry, so that nothing outside is read or written. Such numbers are
 * refused by the host, or found by `check`: what comes of them is not used.
 */
// @ts-ignore: decorator
@inline
export function within(index: u32, size: u32): u32 {
  return min(index, size - 1);
}
