/** An index into `size` entries; any other number counts as the last entry, so that nothing outside is read or written. */
export function within(index: number, size: number): number {
  return Math.min(index >>> 0, size - 1);
}
