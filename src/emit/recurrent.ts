/** Recurrent layers as commands. All operands are contiguous, and the caller has checked shapes; autograd is not known here. */
import { gateCounts } from '../../bindings/commands/limits.ts';
import type { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import type { Executor } from '../../bindings/executor.ts';
import { encodePack, encodeRecurrent, encodeRecurrentGrad, RecurrentKind } from '../../bindings/generated/encode.ts';
import { stridesOf } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, empty, viewOf } from './emit.ts';

export type RecurrentKindName = (typeof recurrentKinds)[number];

/** The rows of a batch from which packing the weights pays: with fewer, every row is a matrix-vector product. */
const PACKED_ROWS = 4;

/** Rows of the weights, in units of the hidden size. */
export const gateCount = (kind: RecurrentKindName): number => gateCounts[kind];
/** Values of a step that are kept for the gradient, in units of the hidden size. */
const keptCount = (kind: RecurrentKindName): number => (kind === 'lstm' || kind === 'gru' ? 4 : 1);

/** What a sequence is computed from: x [steps, batch, inputSize]. */
export interface RecurrentOperands {
  x: Tensor;
  wIh: Tensor;
  wHh: Tensor;
  biasIh: Tensor | null;
  biasHh: Tensor | null;
  h0: Tensor | null;
  c0: Tensor | null;
  lengths: Tensor | null;
}

/** What a sequence gives and keeps for its gradient: see the command `recurrent`. */
export interface RecurrentResults {
  out: Tensor;
  cLast: Tensor | null;
  gates: Tensor;
  hidden: Tensor;
  cells: Tensor | null;
}

/** A weight [n, k] packed in panels of k × n, or (`transposed`) of n × k. `blocks` has the numbers of rows of [n, k] that are packed together. */
function packed(w: Tensor, blocks: readonly number[], transposed: boolean): Tensor {
  const k = w.shape[1]!;
  const four = (n: number) => Math.ceil(n / 4) * 4;
  const sizeOf = (n: number) => (transposed ? n * four(k) : k * four(n));
  const y = empty(w.executor, [blocks.reduce((sum, n) => sum + sizeOf(n), 0)], 'float32');
  let x = w.address;
  let to = y.address;
  for (const n of blocks) {
    const [depth, width, across, along] = transposed ? [n, k, 1, k] : [k, n, k, 1];
    encodePack(w.executor.program, { x, y: to, k: depth, n: width, across, along });
    w.executor.run();
    x += n * k;
    to += sizeOf(n);
  }
  return y;
}

const blocksOf = (kind: RecurrentKindName, size: number): number[] =>
  kind === 'gru' ? [2 * size, size] : [gateCount(kind) * size];

/** The states before each step, and `out`, in one block of memory: without masking, each is the other one step later. */
function stateBlocks(executor: Executor, [steps, batch, size]: readonly [number, number, number], reverse: boolean) {
  const both = empty(executor, [steps + 1, batch, size], 'float32');
  const shape = [steps, batch, size];
  const at = (step: number) => viewOf(both, shape, stridesOf(shape), both.offset + step * batch * size);
  const result = { hidden: at(reverse ? 1 : 0), out: at(reverse ? 0 : 1) };
  both.dispose();
  return result;
}

/** All steps. With `keeps`, what the gradient needs is kept; otherwise `gates`, `hidden` and `cells` are scratch memory. */
export function emitRecurrent(
  kind: RecurrentKindName,
  reverse: boolean,
  operands: RecurrentOperands,
  keeps: boolean,
): RecurrentResults {
  const { x, wIh, wHh, biasIh, biasHh, h0, c0, lengths } = operands;
  const { executor } = x;
  const [steps, batch, inputSize] = x.shape as [number, number, number];
  const hiddenSize = wHh.shape[1]!;
  const float = (...shape: number[]) => empty(executor, shape, 'float32');
  const block = (...shape: number[]) => (keeps ? float(steps, ...shape) : float(...shape));
  const { hidden, out } =
    keeps && lengths === null
      ? stateBlocks(executor, [steps, batch, hiddenSize], reverse)
      : { hidden: block(batch, hiddenSize), out: float(steps, batch, hiddenSize) };
  const gates = block(batch, keptCount(kind) * hiddenSize);
  const cells = kind === 'lstm' ? block(batch, hiddenSize) : null;
  const cLast = kind === 'lstm' ? float(batch, hiddenSize) : null;
  if (batch > 0) {
    const pays = batch >= PACKED_ROWS && executor.device !== 'webgpu';
    const weights: readonly [ih: Tensor, hh: Tensor] = pays
      ? [packed(wIh, [gateCount(kind) * hiddenSize], false), packed(wHh, blocksOf(kind, hiddenSize), false)]
      : [wIh, wHh];
    encodeRecurrent(executor.program, {
      kind: RecurrentKind[kind],
      reverse: reverse ? 1 : 0,
      packed: pays ? 1 : 0,
      x: x.address,
      wIh: weights[0].address,
      wHh: weights[1].address,
      biasIh: addressOf(biasIh),
      biasHh: addressOf(biasHh),
      h0: addressOf(h0),
      c0: addressOf(c0),
      lengths: addressOf(lengths),
      out: out.address,
      hidden: hidden.address,
      cells: addressOf(cells),
      cLast: addressOf(cLast),
      gates: gates.address,
      steps,
      batch,
      inputSize,
      hiddenSize,
      gatesStep: keeps ? batch * keptCount(kind) * hiddenSize : 0,
      stateStep: keeps ? batch * hiddenSize : 0,
    });
    executor.run();
    if (pays) for (const weight of weights) weight.dispose();
  }
  return { out, cLast, gates, hidden, cells };
}

/** What the gradient of a sequence is computed from. */
export interface RecurrentGradOperands {
  wHh: Tensor;
  gates: Tensor;
  hidden: Tensor;
  cells: Tensor | null;
  lengths: Tensor | null;
  gOut: Tensor | null;
  gCell: Tensor | null;
}

/** Gradients of a_t, of r_t (`gHidden`, if it differs) and of the first state: see the command `recurrentGrad`. */
export interface RecurrentGradients {
  gGates: Tensor;
  gHidden: Tensor | null;
  dH: Tensor;
  dC: Tensor | null;
}

export function emitRecurrentGrad(
  kind: RecurrentKindName,
  reverse: boolean,
  { wHh, gates, hidden, cells, lengths, gOut, gCell }: RecurrentGradOperands,
): RecurrentGradients {
  const { executor } = gates;
  const [steps, batch, hiddenSize] = hidden.shape as [number, number, number];
  const float = (...shape: number[]) => empty(executor, shape, 'float32');
  const gGates = float(steps, batch, gateCount(kind) * hiddenSize);
  const gHidden = kind === 'gru' ? float(steps, batch, hiddenSize) : null;
  const dH = float(batch, hiddenSize);
  const dC = kind === 'lstm' ? float(batch, hiddenSize) : null;
  if (batch > 0) {
    const pays = batch >= PACKED_ROWS && executor.device !== 'webgpu';
    const weight = pays ? packed(wHh, blocksOf(kind, hiddenSize), true) : wHh;
    encodeRecurrentGrad(executor.program, {
      kind: RecurrentKind[kind],
      reverse: reverse ? 1 : 0,
      packed: pays ? 1 : 0,
      wHh: weight.address,
      gates: gates.address,
      hidden: hidden.address,
      cells: addressOf(cells),
      lengths: addressOf(lengths),
      gOut: addressOf(gOut),
      gCell: addressOf(gCell),
      gGates: gGates.address,
      gHidden: addressOf(gHidden),
      dH: dH.address,
      dC: addressOf(dC),
      steps,
      batch,
      hiddenSize,
    });
    executor.run();
    if (pays) weight.dispose();
  }
  return { gGates, gHidden, dH, dC };
}
