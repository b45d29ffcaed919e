/**
 * How a command's work is shared: only the shape decides, never timing. One thread computes every item (a row, a block of
 * elements) in an order that only the item determines, so results have the same bits for any number of threads.
 */

/** Elements in a cache line. */
const LINE: u32 = 16;

/** The first of `items` that `thread` takes; it takes all before the first of thread + 1. */
// @ts-ignore: decorator
@inline
export function firstOf(items: u32, thread: u32, threads: u32): u32 {
  return <u32>((<u64>items * thread) / threads);
}

/** The same, in whole blocks of items. */
// @ts-ignore: decorator
@inline
export function firstBlockOf(items: u32, block: u32, thread: u32, threads: u32): u32 {
  return min(items, firstOf((items + block - 1) / block, thread, threads) * block);
}

/** The same for the elements of a run, in whole cache lines. */
// @ts-ignore: decorator
@inline
export function firstElementOf(n: u32, thread: u32, threads: u32): u32 {
  return firstBlockOf(n, LINE, thread, threads);
}
