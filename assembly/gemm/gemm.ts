/**
 * The GEMM command: C = activation(alpha·A·B + beta·C + bias), batch times, through row and column strides.
 *
 * The shape decides: one column, one row, or a few rows where everything runs along k, are matrix-vector products
 * (vector.ts); all else goes through the blocked loops (blocked.ts), which pack an operand only where that pays (plan.ts).
 * Threads share nothing: each takes its matrices of the batch, or its rows or columns of every matrix, with panels of its
 * own, and writes only there.
 */
import { GemmCommand } from '../generated/commands';
import { KC, NC, packedBAddress } from '../scratch';
import { blockedGemm } from './blocked';
import { epilogue } from './epilogue';
import { matrixVector } from './vector';

/** Shares start at multiples of this, in rows and in columns. */
const GRAIN: u32 = 8;
/** Rows up to which dot products beat packing a B that runs along k (measured: by 40 % for 2, by 15 to 25 % for 3). */
const DOT_ROWS: u32 = 3;

/** Whether each row of C is a matrix-vector product of its own. */
// @ts-ignore: decorator
@inline
function rowByRow(g: GemmCommand): bool {
  return g.m == 1 || (g.m <= DOT_ROWS && g.bRow == 1 && g.aCol == 1 && g.n > 1);
}

/** Where a thread's share of `size` begins; shares start at multiples of `grain`. */
// @ts-ignore: decorator
@inline
export function shareStart(size: u32, grain: u32, thread: u32, threads: u32): u32 {
  const grains = (size + grain - 1) / grain;
  return min(size, <u32>((<u64>grains * thread) / threads) * grain);
}

/** Rows i0 … i1 − 1 and columns j0 … j1 − 1 of one matrix. */
function part(g: GemmCommand, index: u32, i0: u32, i1: u32, j0: u32, j1: u32, room: usize): void {
  const m = i1 - i0;
  const n = j1 - j0;
  const a = (<usize>(g.a + index * g.aBatch + i0 * g.aRow)) << 2;
  const b = (<usize>(g.b + index * g.bBatch + j0 * g.bCol)) << 2;
  const c = (<usize>(g.c + index * g.cBatch + i0 * g.cRow + j0)) << 2;
  const bias: usize = g.bias == 0 ? 0 : (<usize>(g.bias + j0)) << 2;
  const byRows = rowByRow(g);
  if (!byRows && g.n > 1) return blockedGemm(g, a, b, c, bias, m, n, room);
  const aRow = (<usize>g.aRow) << 2;
  const aCol = (<usize>g.aCol) << 2;
  const bRow = (<usize>g.bRow) << 2;
  const bCol = (<usize>g.bCol) << 2;
  const cRow = (<usize>g.cRow) << 2;
  if (byRows) {
    for (let i: usize = 0; i < m; i++) {
      matrixVector(c + i * cRow, 4, b, bCol, bRow, a + i * aRow, aCol, n, g.k, g.alpha, g.beta, room, KC * NC);
    }
  } else {
    matrixVector(c, cRow, a, aRow, aCol, b, bRow, m, g.k, g.alpha, g.beta, room, KC * NC);
  }
  epilogue(c, cRow, bias, m, n, g.activation);
}

export function gemmKernel(cmd: usize, thread: u32, threads: u32): void {
  const g = changetype<GemmCommand>(cmd);
  const m = g.m;
  const n = g.n;
  const batch = g.batch;
  if (m == 0 || n == 0 || batch == 0) return;
  let first: u32 = 0;
  let end = batch;
  let i0: u32 = 0;
  let i1 = m;
  let j0: u32 = 0;
  let j1 = n;
  if (threads > 1) {
    if (batch >= threads) {
      first = shareStart(batch, 1, thread, threads);
      end = shareStart(batch, 1, thread + 1, threads);
    } else if (n >= m) {
      j0 = shareStart(n, GRAIN, thread, threads);
      j1 = shareStart(n, GRAIN, thread + 1, threads);
      if (j0 == j1) return;
    } else {
      i0 = shareStart(m, GRAIN, thread, threads);
      i1 = shareStart(m, GRAIN, thread + 1, threads);
      if (i0 == i1) return;
    }
  }
  const room = packedBAddress(g.scratch, thread);
  for (let i = first; i < end; i++) part(g, i, i0, i1, j0, j1, room);
}
