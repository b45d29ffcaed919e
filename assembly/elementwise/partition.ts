/**
 * How threads share n elements: equal ranges that start at multiples of 16 elements (a cache line), or all for thread 0
 * where n is too small to be worth a second thread. It depends on n and the number of threads alone.
 */

/** Below this, thread 0 does all. */
export const SHARED_FROM: u32 = 16384;

/** First element of a thread's part; that of thread + 1 is where it ends. */
export function partStart(n: u32, thread: u32, threads: u32): u32 {
  if (thread == 0) return 0;
  if (n < SHARED_FROM || thread >= threads) return n;
  const share = ((n + threads - 1) / threads + 15) & ~15;
  return min(n, thread * share);
}
