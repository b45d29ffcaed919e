/**
 * Which of GEMM's operands are packed: by the shape and the strides of the whole command, so that all threads decide the same.
 * The micro-kernel reads both operands in place at nearly the same speed (measured from 16³ to 1024³), as long as
 * B's columns are adjacent and the lines that it walks over stay in the cache.
 */
import { GemmCommand } from '../generated/commands';

/** A walk with a stride of whole pages (4 KiB) falls into a single set of the first-level cache, and evicts itself. */
const PAGE_ELEMENTS: i32 = 1024;
/** How often a packed element must be read for packing to pay: where walks go by pages, and elsewhere. */
const READS_BY_PAGES: u32 = 16;
const READS: u32 = 128;

// @ts-ignore: decorator
@inline
export function pays(stride: i32, reads: u32): bool {
  return reads > (stride % PAGE_ELEMENTS == 0 ? READS_BY_PAGES : READS);
}

/** Whether the panels of A are packed: not if its rows are contiguous, because the micro-kernel then walks along them. */
export function packsA(g: GemmCommand): bool {
  return g.aCol != 1 && pays(g.aCol, g.n);
}

/**
 * Whether the panels of B are packed. Reading B in place needs adjacent columns, a whole strip of them, and no alpha, which is
 * multiplied into the packed panels.
 */
export function packsB(g: GemmCommand): bool {
  return g.bCol != 1 || (g.n < 8 && g.n != 4) || g.alpha != 1 || pays(g.bRow, g.m);
}
