/**
 * The scratch block that the executor lends to every command: its contents last for one command only. Reductions
 * keep their partial results in the shared part; GEMM packs its panels in each thread's own part, so that threads
 * need not wait for each other.
 *
 *   [ shared ][ thread 0: packed B, packed A, edge tile, conv job ][ thread 1: … ] …
 */

/** Elements of the part that all threads share. */
export const SHARED_SCRATCH: u32 = 64 * 1024;

/**
 * GEMM's cache blocks, in elements. A block of A (MC × KC, 128 KiB) and one of B (KC × NC, 512 KiB) fit in a
 * second-level cache of 1 MiB; a panel of B (KC × 8, 8 KiB) and a few rows of A fit in the first level.
 */
export const MC: u32 = 128;
export const KC: u32 = 256;
export const NC: u32 = 512;

const EDGE_TILE: u32 = 64;
/** Room for the numbers that a convolution's loops share. */
const CONV_JOB: u32 = 128;
const PACKED_A: u32 = MC * KC;
const PACKED_B: u32 = KC * NC;
/** Elements of one thread's own part. */
export const THREAD_SCRATCH: u32 = PACKED_B + PACKED_A + EDGE_TILE + CONV_JOB;

/** Elements of scratch that commands need when this many threads run them. */
export function scratchElements(threads: u32): u32 {
  return SHARED_SCRATCH + threads * THREAD_SCRATCH;
}

/** Byte address of a thread's room for packed panels of B; `scratch` is the command's field. */
// @ts-ignore: decorator
@inline
export function packedBAddress(scratch: u32, thread: u32): usize {
  return (<usize>(scratch + SHARED_SCRATCH + thread * THREAD_SCRATCH)) << 2;
}

/** From packed B to the room for packed panels of A, and to the edge tile, in bytes. */
export const PACKED_A_OFFSET: usize = PACKED_B << 2;
export const EDGE_TILE_OFFSET: usize = (PACKED_B + PACKED_A) << 2;
/** To the numbers of a convolution, in bytes. */
export const CONV_JOB_OFFSET: usize = (PACKED_B + PACKED_A + EDGE_TILE) << 2;
