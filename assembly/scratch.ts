/**
 * The scratch block that the executor lends to every command: what is in it lasts for one command only. GEMM packs its
 * panels there, reductions keep their partial results there.
 *
 *   [ packed B, shared: KC × NC ][ packed A and edge tile of thread 0 ][ … of thread 1 ] …
 */

/** Elements of the part that all threads share. */
export const SHARED_SCRATCH: u32 = 256 * 1024;
/** Elements of one thread's own part. */
export const THREAD_SCRATCH: u32 = 64 * 1024;

/** Elements of scratch that commands need when so many threads run them. */
export function scratchElements(threads: u32): u32 {
  return SHARED_SCRATCH + threads * THREAD_SCRATCH;
}
