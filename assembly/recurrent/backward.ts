/**
 * The gradient of a recurrent layer's sequence, from its last step to its first. As in forward.ts, each thread takes its own
 * rows of the batch through all steps, in blocks. A step is one pass over the gates (gatesGrad.ts) and the product that
 * carries their gradients to the previous state. Gradients of weights and inputs are left to GEMM, over all steps at once.
 *
 * Operands are distinct memory. No alignment is needed.
 */
import { RecurrentGradCommand, RecurrentKind } from '../generated/commands';
import { firstBlockOf } from '../reduce/share';
import { EDGE_TILE_OFFSET, packedBAddress } from '../scratch';
import { BLOCK_ROWS, copyOrZero, gatesKept, SHARE_ROWS } from './forward';
import { gruGatesGrad, lstmGatesGrad, rnnGatesGrad } from './gatesGrad';
import { panelElements, stepProduct } from './product';

/** dH += gradients of the gates · W_hh. */
function carry(c: RecurrentGradCommand, rows: u32, gGates: usize, gHidden: usize, dH: usize, edge: usize): void {
  const size = c.hiddenSize;
  const rowBytes = (<usize>size) << 2;
  const w = (<usize>c.wHh) << 2;
  const packed = c.packed;
  const tile = c.tile;
  const gru = c.kind == RecurrentKind.gru;
  const depth = gru ? size * 2 : size * gatesKept(c.kind);
  const gatesRow = rowBytes * (gru ? 3 : gatesKept(c.kind));
  stepProduct(rows, size, depth, gGates, gatesRow, w, packed, 4, rowBytes, dH, rowBytes, -1, tile, edge);
  if (gru) {
    const last = w + ((<usize>(packed ? panelElements(depth, size) : depth * size)) << 2);
    stepProduct(rows, size, size, gHidden, rowBytes, last, packed, 4, rowBytes, dH, rowBytes, -1, tile, edge);
  }
}

/** The rows `first` … `first + rows − 1` of the batch, all steps. */
function block(c: RecurrentGradCommand, first: u32, rows: u32, edge: usize): void {
  const kind = c.kind;
  const steps = c.steps;
  const batch = c.batch;
  const size = c.hiddenSize;
  const rowBytes = (<usize>size) << 2;
  const keptRow = rowBytes * gatesKept(kind);
  const isLstm = kind == RecurrentKind.lstm;
  const isGru = kind == RecurrentKind.gru;
  const gatesRow = isGru ? rowBytes * 3 : keptRow;
  const atRow = <usize>first * rowBytes;
  const blockBytes = <usize>rows * rowBytes;
  const lengths: usize = c.lengths == 0 ? 0 : (<usize>(c.lengths + first)) << 2;
  const dH = ((<usize>c.dH) << 2) + atRow;
  const dC = ((<usize>c.dC) << 2) + atRow;

  memory.fill(dH, 0, blockBytes);
  if (isLstm) copyOrZero(dC, c.gCell == 0 ? 0 : ((<usize>c.gCell) << 2) + atRow, blockBytes);
  for (let left = steps; left > 0; left--) {
    const t = c.reverse ? steps - left : left - 1;
    const start = t * batch + first;
    const gates = ((<usize>c.gates) << 2) + <usize>start * keptRow;
    const before = ((<usize>(isLstm ? c.cells : c.hidden)) << 2) + <usize>start * rowBytes;
    const gGates = ((<usize>c.gGates) << 2) + <usize>start * gatesRow;
    const gHidden = ((<usize>c.gHidden) << 2) + <usize>start * rowBytes;
    const gOut: usize = c.gOut == 0 ? 0 : ((<usize>c.gOut) << 2) + <usize>start * rowBytes;
    for (let i: u32 = 0; i < rows; i++) {
      const at = <usize>i * rowBytes;
      const to = gGates + <usize>i * gatesRow;
      const from = gates + <usize>i * keptRow;
      const given: usize = gOut == 0 ? 0 : gOut + at;
      if (lengths != 0 && load<u32>(lengths + ((<usize>i) << 2)) <= t) {
        memory.fill(to, 0, gatesRow);
        if (isGru) memory.fill(gHidden + at, 0, rowBytes);
      } else if (isLstm) {
        lstmGatesGrad(size, from, before + at, given, dH + at, dC + at, to);
      } else if (isGru) {
        gruGatesGrad(size, from, before + at, given, dH + at, to, gHidden + at);
      } else {
        rnnGatesGrad(size, kind == RecurrentKind.rnnRelu, from, given, dH + at, to);
      }
    }
    carry(c, rows, gGates, gHidden, dH, edge);
  }
}

export function recurrentGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<RecurrentGradCommand>(cmd);
  const end = firstBlockOf(c.batch, SHARE_ROWS, thread + 1, threads);
  const edge = packedBAddress(c.scratch, thread) + EDGE_TILE_OFFSET;
  for (let first = firstBlockOf(c.batch, SHARE_ROWS, thread, threads); first < end; first += BLOCK_ROWS) {
    block(c, first, min(end - first, BLOCK_ROWS), edge);
  }
}
