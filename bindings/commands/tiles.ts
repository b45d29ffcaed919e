/**
 * Register tiles of the GEMM micro-kernel: `mr` rows of C times `nr` columns, held in accumulators. A command's `tile`
 * field is an index into this list; 0 is the default. All of them give the same bits.
 *
 * V8 on x64 has 15 vector registers available. 6×8 takes the fewest instructions a multiply-add, and fits where these are fused. Where they
 * are not, a product needs a register on its way to the sum: 5×8 fits with one step of k a round, 4×8 with several, which is faster by 13 %
 * (Zen 4, Node 20) and on JavaScriptCore by 6 %.
 */
export const gemmTiles = [
  { mr: 4, nr: 8 },
  { mr: 6, nr: 8 },
] as const;
