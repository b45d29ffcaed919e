/**
 * Register tiles of the GEMM micro-kernel: `mr` rows of C times `nr` columns, held in accumulators. A command's `tile`
 * field is an index into this list; 0 is the default. All of them give the same bits.
 *
 * V8 on x64 has 15 vector registers to give: 5×8 is the largest tile that fits when a multiplication and an addition need
 * a register between them, 6×8 the largest when they are fused. 4×8 leaves room for engines that allocate less well.
 */
export const gemmTiles = [
  { mr: 4, nr: 8 },
  { mr: 5, nr: 8 },
  { mr: 6, nr: 8 },
] as const;
