/**
 * An index into `size` entries; any other number counts as the last entry, so that nothing outside is read or written. The host
 * refuses such numbers, or `check` finds them: results computed from them are not used.
 */
// @ts-ignore: decorator
@inline
export function within(index: u32, size: u32): u32 {
  return min(index, size - 1);
}
