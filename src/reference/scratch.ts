/**
 * A block of doubles that kernels keep partial results in, so that sums are rounded to an element once, at the end.
 * One block is shared by all kernels: it holds nothing from one command to the next, and a kernel uses it for one purpose.
 */
let block = new Float64Array(1024);

/** At least `length` doubles; what they hold is undefined. */
export function scratchDoubles(length: number): Float64Array {
  if (block.length < length) block = new Float64Array(Math.max(length, 2 * block.length));
  return block;
}
