/**
 * An index into `size` entries. The host refuses others where it can; those that a program computes while it runs count as the last entry:
 * nothing outside is read or written.
 */
// @ts-ignore: decorator
@inline
export function within(index: u32, size: u32): u32 {
  return min(index, size - 1);
}
