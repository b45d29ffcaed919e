/**
 * How threads share n elements: equal ranges that start at multiples of 16 elements (a cache line). They depend only on n
 * and the number of threads.
 */

/** First element of a thread's part, which ends where that of thread + 1 begins. */
export function partStart(n: u32, thread: u32, threads: u32): u32 {
  const share = ((n + threads - 1) / threads + 15) & ~15;
  return min(n, thread * share);
}
