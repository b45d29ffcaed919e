/**
 * How a command's work is shared out: by shape alone, never by timing. Every item (a row, a block of elements) is computed
 * by one thread in an order of its own, so results are the same bits for any number of threads.
 */

/** Commands that touch fewer elements than this are done by thread 0 alone. */
const SHARE_FROM: u32 = 32 * 1024;
/** Elements in a cache line. */
const LINE: u32 = 16;

/** How many threads work on a command of so many elements. */
// @ts-ignore: decorator
@inline
export function sharers(elements: u64, threads: u32): u32 {
  return elements < SHARE_FROM ? 1 : threads;
}

/** The first of `items` that `thread` takes; it takes those before the first of thread + 1. A thread that is not among the sharers takes none. */
// @ts-ignore: decorator
@inline
export function firstOf(items: u32, thread: u32, threads: u32): u32 {
  return thread >= threads ? items : <u32>((<u64>items * thread) / threads);
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
