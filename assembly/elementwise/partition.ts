/**
 * How threads share n elements: equal ranges that start at multiples of 16 elements (a cache line). It depends on n and the
 * number of threads alone.
 */

/** First element of a thread's part; that of thread + 1 is where it ends. */
export function partStart(n: u32, thread: u32, threads: u32): u32 {
  const share = ((n + threads - 1) / threads + 15) & ~15;
  return min(n, thread * share);
}
