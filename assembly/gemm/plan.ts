/**
 * GEMM's decisions, all by the shape and the strides of the whole command, so that they are the same for every thread
 * count and every tile: which operands are packed, and who computes what.
 */
import { GemmCommand } from '../generated/commands';

/** Rows of A above which packing B pays, even if B could be read in place. */
const PACK_B_ROWS: u32 = 64;
/** Columns of B above which packing a transposed A pays. */
const PACK_A_COLUMNS: u32 = 32;

/** Whether the panels of A are packed: not when its rows are contiguous, which the micro-kernel reads as fast. */
export function packsA(g: GemmCommand): bool {
  return g.aCol != 1 && g.n > PACK_A_COLUMNS;
}

/** Whether the panels of B are packed. In place needs adjacent columns, a whole strip of
 * them, and no alpha: the packed panels are where alpha is multiplied in. */
export function packsB(g: GemmCommand): bool {
  return g.alpha != 1 || g.bCol != 1 || (g.n < 8 && g.n != 4) || g.m > PACK_B_ROWS;
}
