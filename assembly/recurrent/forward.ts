/**
 * All steps of a recurrent layer in one direction, by the formulas in the command table. Rows of the batch are independent: each
 * thread takes its own through all steps, in blocks that stay in the cache together with the weights. A step is the two
 * products of the block and one pass over its gates (gates.ts).
 *
 * Operands are distinct memory, except that `hidden` may be `out` one step later. No alignment is needed.
 */
import { RecurrentCommand, RecurrentKind } from '../generated/commands';
import { firstBlockOf } from '../reduce/share';
import { EDGE_TILE_OFFSET, KC, NC, packedBAddress } from '../scratch';
import { gruGates, lstmGates, rnnGates } from './gates';
import { panelElements, stepProduct } from './product';

/** Rows that go through all steps together: a multiple of all tile heights except 5. */
export const BLOCK_ROWS: u32 = 48;
/** Elements of a thread's scratch that hold the biases' sums and a step's products. */
const ROOM: u32 = KC * NC;
/** Threads' shares start at multiples of this. */
export const SHARE_ROWS: u32 = 4;

/** Copies `bytes`, or zeros if src is 0. */
export function copyOrZero(dst: usize, src: usize, bytes: usize): void {
  if (src == 0) memory.fill(dst, 0, bytes);
  else if (src != dst) memory.copy(dst, src, bytes);
}

/** Gates of a row in memory, in units of the hidden size. */
// @ts-ignore: decorator
@inline
export function gatesKept(kind: u32): u32 {
  return kind == RecurrentKind.lstm || kind == RecurrentKind.gru ? 4 : 1;
}

/**
 * The products of one step: a + r for the rnn and the lstm; [r + r', z + z', n, n'] for the gru, without biases. Those of a
 * single input are left to the pass over the gates.
 */
function products(c: RecurrentCommand, rows: u32, x: usize, h: usize, raw: usize, edge: usize): void {
  const size = c.hiddenSize;
  const inputs = c.inputSize;
  const rowBytes = (<usize>size) << 2;
  const inputBytes = (<usize>inputs) << 2;
  const gatesRow = rowBytes * gatesKept(c.kind);
  const wIh = (<usize>c.wIh) << 2;
  const wHh = (<usize>c.wHh) << 2;
  const packed = c.packed;
  const tile = c.tile;
  const gru = c.kind == RecurrentKind.gru;
  const inputGates = gru ? size * 3 : size * gatesKept(c.kind);
  const keep = -i32(inputs > 1);
  if (inputs > 1) {
    stepProduct(rows, inputGates, inputs, x, inputBytes, wIh, packed, inputBytes, 4, raw, gatesRow, 0, tile, edge);
  }
  const joined = gru ? size * 2 : inputGates;
  stepProduct(rows, joined, size, h, rowBytes, wHh, packed, rowBytes, 4, raw, gatesRow, keep, tile, edge);
  if (gru) {
    if (inputs == 1) for (let i: u32 = 0; i < rows; i++) memory.fill(raw + <usize>i * gatesRow + rowBytes * 2, 0, rowBytes);
    const last = wHh + ((<usize>(packed ? panelElements(size, joined) : size * joined)) << 2);
    const apart = raw + rowBytes * 3;
    stepProduct(rows, size, size, h, rowBytes, last, packed, rowBytes, 4, apart, gatesRow, 0, tile, edge);
  }
}

/** For each gate, the sum of both biases, or zeros without any; for the gru the sums for r and z, then n's two biases. */
function sumBiases(c: RecurrentCommand, bias: usize): void {
  const row = (<usize>c.hiddenSize) << 2;
  const bytes = row * gatesKept(c.kind);
  const ih = (<usize>c.biasIh) << 2;
  const hh = (<usize>c.biasHh) << 2;
  if (ih == 0) {
    memory.fill(bias, 0, bytes);
    return;
  }
  const summed = c.kind == RecurrentKind.gru ? row * 2 : bytes;
  for (let at: usize = 0; at < summed; at += 4) store<f32>(bias + at, load<f32>(ih + at) + load<f32>(hh + at));
  if (summed == bytes) return;
  memory.copy(bias + summed, ih + summed, row);
  memory.copy(bias + summed + row, hh + summed, row);
}

/** The rows `first` … `first + rows − 1` of the batch, all steps. */
function block(c: RecurrentCommand, first: u32, rows: u32, bias: usize, raw: usize, edge: usize): void {
  const kind = c.kind;
  const steps = c.steps;
  const size = c.hiddenSize;
  const rowBytes = (<usize>size) << 2;
  const gatesRow = rowBytes * gatesKept(kind);
  const atRow = <usize>first * rowBytes;
  const outStep = <usize>c.batch * rowBytes;
  const stateStep = (<usize>c.stateStep) << 2;
  const gatesStep = (<usize>c.gatesStep) << 2;
  const inputBytes = (<usize>c.inputSize) << 2;
  // The weights of a single input are contiguous in panels, too.
  const w: usize = c.inputSize == 1 ? (<usize>c.wIh) << 2 : 0;
  const blockBytes = <usize>rows * rowBytes;
  const lengths: usize = c.lengths == 0 ? 0 : (<usize>(c.lengths + first)) << 2;
  const isLstm = kind == RecurrentKind.lstm;

  let t: u32 = c.reverse ? steps - 1 : 0;
  const onward: i32 = c.reverse ? -1 : 1;
  const move: usize = c.reverse ? 0 - stateStep : stateStep;
  let h = ((<usize>c.hidden) << 2) + <usize>t * stateStep + atRow;
  copyOrZero(h, c.h0 == 0 ? 0 : ((<usize>c.h0) << 2) + atRow, blockBytes);
  let cell: usize = 0;
  if (isLstm) {
    cell = ((<usize>c.cells) << 2) + <usize>t * stateStep + atRow;
    copyOrZero(cell, c.c0 == 0 ? 0 : ((<usize>c.c0) << 2) + atRow, blockBytes);
  }
  for (let done: u32 = 0; done < steps; done++) {
    const x = ((<usize>c.x) << 2) + <usize>(t * c.batch + first) * inputBytes;
    const gates = ((<usize>c.gates) << 2) + <usize>t * gatesStep + <usize>first * gatesRow;
    const out = ((<usize>c.out) << 2) + <usize>t * outStep + atRow;
    const last = done + 1 == steps;
    // The state after the last step is only in out.
    const nextH = last ? out : h + move;
    const nextC = last ? ((<usize>c.cLast) << 2) + atRow : cell + move;
    const from = raw == 0 ? gates : raw;
    products(c, rows, x, h, from, edge);
    for (let i: u32 = 0; i < rows; i++) {
      const at = <usize>i * rowBytes;
      const r = from + <usize>i * gatesRow;
      const g = gates + <usize>i * gatesRow;
      const xi: f32 = w == 0 ? 0 : load<f32>(x + ((<usize>i) << 2));
      if (lengths != 0 && load<u32>(lengths + ((<usize>i) << 2)) <= t) {
        copyOrZero(nextH + at, h + at, rowBytes);
        if (isLstm) copyOrZero(nextC + at, cell + at, rowBytes);
        memory.fill(out + at, 0, rowBytes);
      } else if (isLstm) {
        lstmGates(size, r, bias, w, xi, g, cell + at, nextC + at, nextH + at, out + at);
      } else if (kind == RecurrentKind.gru) {
        gruGates(size, r, bias, w, xi, g, h + at, nextH + at, out + at);
      } else {
        rnnGates(size, kind == RecurrentKind.rnnRelu, r, bias, w, xi, g, nextH + at, out + at);
      }
    }
    h = nextH;
    cell = nextC;
    t += onward;
  }
}

export function recurrentKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<RecurrentCommand>(cmd);
  const end = firstBlockOf(c.batch, SHARE_ROWS, thread + 1, threads);
  const room = packedBAddress(c.scratch, thread);
  const edge = room + EDGE_TILE_OFFSET;
  // A step's products go to scratch if there is room: `gates` is too large for a cache and best written row by row.
  const row = c.hiddenSize * gatesKept(c.kind);
  const raw: usize = row <= ROOM / (BLOCK_ROWS + 1) ? room + ((<usize>row) << 2) : 0;
  sumBiases(c, room);
  for (let first = firstBlockOf(c.batch, SHARE_ROWS, thread, threads); first < end; first += BLOCK_ROWS) {
    block(c, first, min(end - first, BLOCK_ROWS), room, raw, edge);
  }
}
