/**
 * The product in a step of a recurrent layer: a few rows of a batch times a weight. The weight is in panels, or in PyTorch's
 * layout where a batch is too small for panels to pay. Addresses and strides are in bytes.
 */
import { macroKernel } from '../gemm/blocked';
import { matrixVector } from '../gemm/vector';
import { tileRows } from '../generated/tiles';

const ELEMENT: usize = 4;

/** Elements of a block of k × n in panels. */
// @ts-ignore: decorator
@inline
export function panelElements(k: u32, n: u32): u32 {
  return k * ((n + 3) & -4);
}

/**
 * C = A·W, plus C if `keep` is −1 and not 0: rows × k times k × n. W[p, j] is at w + p·along + j·across where it is not packed.
 * Each row is summed in an order that depends only on k, n and `packed`.
 */
export function stepProduct(
  rows: u32,
  n: u32,
  k: u32,
  a: usize,
  aRow: usize,
  w: usize,
  packed: u32,
  across: usize,
  along: usize,
  c: usize,
  cRow: usize,
  keep: i32,
  tile: u32,
  edge: usize,
): void {
  if (packed) {
    macroKernel(rows, n, k, a, aRow, ELEMENT, false, w, 0, true, c, cRow, keep, tileRows(tile), edge);
    return;
  }
  const beta: f32 = keep ? 1 : 0;
  for (let i: u32 = 0; i < rows; i++) {
    matrixVector(c, ELEMENT, w, across, along, a, ELEMENT, n, k, 1, beta, 0, 0);
    a += aRow;
    c += cRow;
  }
}
