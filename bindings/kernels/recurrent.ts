/** Recurrent steps and sequences on typed arrays; weights, gates and biases in PyTorch's order. */
import type { recurrentKinds } from '../commands/recurrent.ts';
import { ArgumentError, refuse } from '../errors.ts';
import { encodeCopy, encodePack, encodeRecurrent, RecurrentKind } from '../generated/encode.ts';
import type { WasmExecutor } from '../wasm/executor.ts';
import { wasmExecutor } from '../wasm/instance.ts';
import { abandon, finish, input, output, temporary } from './arrays.ts';
import { checkApart, checkArray } from './checks.ts';
import { checkNames, checkSize, namesOf, noMore } from './options.ts';

/** What `gruCell` takes. */
export interface GruCellOptions {
  /** batch × inputSize elements. */
  x: Float32Array;
  /** The state before: batch × hiddenSize. */
  h: Float32Array;
  /** gates·hiddenSize × inputSize: 4 gates i, f, g, o of the LSTM, 3 gates r, z, n of the GRU. */
  wIh: Float32Array;
  /** gates·hiddenSize × hiddenSize. */
  wHh: Float32Array;
  /** gates·hiddenSize elements; absent together with bHh. */
  bIh?: Float32Array;
  /** gates·hiddenSize elements, added to h·W_hhᵀ; absent together with bIh. */
  bHh?: Float32Array;
  /** The new state: batch × hiddenSize; it may be h. */
  hOut: Float32Array;
  /** Sequences that advance together, ≥ 0; with 0 nothing is done. */
  batch: number;
  /** Elements of an input, ≥ 1. */
  inputSize: number;
  /** Elements of a state, ≥ 1. */
  hiddenSize: number;
}

/** What `lstmCell` takes. */
export interface LstmCellOptions extends GruCellOptions {
  /** The cell before: batch × hiddenSize. */
  c: Float32Array;
  /** The new cell: batch × hiddenSize; it may be c. */
  cOut: Float32Array;
}

/** What `lstmSequence` takes. */
export interface LstmSequenceOptions extends LstmCellOptions {
  /** x holds steps × batch × inputSize elements. hOut gets h after each step, or, if it has room for one, after the last. */
  steps: number;
}

const PACKED_ROWS = 4;
const four = (n: number) => Math.ceil(n / 4) * 4;

function copyTo(executor: WasmExecutor, x: number, y: number, n: number): void {
  encodeCopy(executor.program, { x, y, ndim: 1, shape: [n], xStrides: [1], yStrides: [1] });
}

/** A weight [n, k] in panels, each of its `blocks` of rows separately, where the batch is worth it. */
function panels(
  executor: WasmExecutor,
  w: Float32Array,
  k: number,
  blocks: readonly number[],
  isPacked: boolean,
): number {
  const n = blocks.reduce((sum, block) => sum + block, 0);
  let x = input(executor, w, n * k, 0, 0, true);
  if (!isPacked) return x;
  const start = temporary(
    executor,
    blocks.reduce((sum, block) => sum + k * four(block), 0),
  );
  let y = start;
  for (const block of blocks) {
    encodePack(executor.program, { x, y, k, n: block, across: k, along: 1 });
    x += block * k;
    y += k * four(block);
  }
  return start;
}

const gruNames = 'x h wIh wHh bIh bHh hOut batch inputSize hiddenSize';
const names = {
  gruCell: namesOf(gruNames),
  lstmCell: namesOf(`${gruNames} c cOut`),
  lstmSequence: namesOf(`${gruNames} c cOut steps`),
};

function run(
  op: keyof typeof names,
  kind: (typeof recurrentKinds)[number],
  options: GruCellOptions & { c?: Float32Array; cOut?: Float32Array; steps?: number },
): void {
  checkNames(op, options, names[op]);
  const steps = op === 'lstmSequence' ? options.steps! : 1;
  const { x, h, c, wIh, wHh, bIh, bHh, hOut, cOut, batch, inputSize, hiddenSize } = options;
  for (const [name, size] of Object.entries({ batch, inputSize, hiddenSize, steps }))
    checkSize(op, name, size, name === 'batch' ? 0 : 1);
  const isLstm = kind === 'lstm';
  const n = (isLstm ? 4 : 3) * hiddenSize;
  const rows = batch * hiddenSize;
  checkArray(op, 'x', x, steps * batch * inputSize);
  checkArray(op, 'h', h, rows);
  if (isLstm) checkArray(op, 'c', c!, rows);
  checkArray(op, 'wIh', wIh, n * inputSize);
  checkArray(op, 'wHh', wHh, n * hiddenSize);
  if ((bIh === undefined) !== (bHh === undefined)) {
    refuse(ArgumentError, op, 'bIh and bHh must be there both, or neither', {
      argument: bIh === undefined ? 'bIh' : 'bHh',
    });
  }
  if (bIh !== undefined) checkArray(op, 'bIh', bIh, n);
  if (bHh !== undefined) checkArray(op, 'bHh', bHh, n);
  checkArray(op, 'hOut', hOut, rows);
  if (hOut.length > rows && hOut.length < steps * rows) checkArray(op, 'hOut', hOut, steps * rows);
  if (isLstm) {
    checkArray(op, 'cOut', cOut!, rows);
    checkApart(op, 'cOut', cOut!, 'hOut', hOut);
  }
  if (batch === 0) return;
  const executor = wasmExecutor();
  try {
    const all = hOut.length >= steps * rows;
    const read = (array: Float32Array, length: number) => input(executor, array, length, 0, 0, true);
    // Results are copied out after all inputs have been read: they may share memory.
    const hTo = output(executor, hOut, all ? steps * rows : rows, false);
    const cTo = isLstm ? output(executor, cOut!, rows, false) : 0;
    const out = temporary(executor, steps * rows);
    const cLast = isLstm ? temporary(executor, rows) : 0;
    const isPacked = batch >= PACKED_ROWS;
    encodeRecurrent(executor.program, {
      kind: RecurrentKind[kind],
      reverse: 0,
      packed: isPacked ? 1 : 0,
      wIh: panels(executor, wIh, inputSize, [n], isPacked),
      wHh: panels(executor, wHh, hiddenSize, isLstm ? [n] : [2 * hiddenSize, hiddenSize], isPacked),
      x: read(x, steps * batch * inputSize),
      biasIh: bIh === undefined ? 0 : read(bIh, n),
      biasHh: bHh === undefined ? 0 : read(bHh, n),
      h0: read(h, rows),
      c0: isLstm ? read(c!, rows) : 0,
      lengths: 0,
      out,
      hidden: temporary(executor, rows),
      cells: isLstm ? temporary(executor, rows) : 0,
      cLast,
      gates: temporary(executor, 4 * rows),
      steps,
      batch,
      inputSize,
      hiddenSize,
      gatesStep: 0,
      stateStep: 0,
    });
    if (all) copyTo(executor, out, hTo, steps * rows);
    else copyTo(executor, out + (steps - 1) * rows, hTo, rows);
    if (isLstm) copyTo(executor, cLast, cTo, rows);
  } catch (error) {
    abandon(executor);
    throw error;
  }
  finish(executor);
}

/**
 * One step of an LSTM: c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c'), [i f g o] = x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh.
 *
 * @throws ShapeError or ArgumentError before anything is written
 * @example
 * const [inputSize, hiddenSize] = [8, 16];
 * const [x, h, c] = [new Float32Array(8), new Float32Array(16), new Float32Array(16)];
 * const [wIh, wHh] = [new Float32Array(4 * 16 * 8), new Float32Array(4 * 16 * 16)];
 * lstmCell({ x, h, c, wIh, wHh, hOut: h, cOut: c, batch: 1, inputSize, hiddenSize });
 */
export function lstmCell(options: LstmCellOptions): void {
  if (arguments.length > 1) noMore('lstmCell', arguments);
  run('lstmCell', 'lstm', options);
}

/**
 * One step of a GRU: h' = (1 − z)·n + z·h, gates r, z, n.
 *
 * @example
 * const [inputSize, hiddenSize] = [8, 16];
 * const [x, h] = [new Float32Array(8), new Float32Array(16)];
 * const [wIh, wHh] = [new Float32Array(3 * 16 * 8), new Float32Array(3 * 16 * 16)];
 * gruCell({ x, h, wIh, wHh, hOut: h, batch: 1, inputSize, hiddenSize });
 */
export function gruCell(options: GruCellOptions): void {
  if (arguments.length > 1) noMore('gruCell', arguments);
  run('gruCell', 'gru', options);
}

/**
 * All steps of an LSTM: x is steps × batch × inputSize, cOut the last cell, hOut every h or the last one.
 *
 * @example
 * const [steps, inputSize, hiddenSize] = [10, 8, 16];
 * const [x, h, c] = [new Float32Array(10 * 8), new Float32Array(16), new Float32Array(16)];
 * const [wIh, wHh] = [new Float32Array(4 * 16 * 8), new Float32Array(4 * 16 * 16)];
 * const hOut = new Float32Array(10 * 16); // every state
 * lstmSequence({ x, h, c, wIh, wHh, hOut, cOut: c, batch: 1, inputSize, hiddenSize, steps });
 */
export function lstmSequence(options: LstmSequenceOptions): void {
  if (arguments.length > 1) noMore('lstmSequence', arguments);
  run('lstmSequence', 'lstm', options);
}
