/** ONNX's recurrent layers in terms of saraf's: other orders of gates, and all directions in one tensor. */

import { gateCount, type RecurrentKindName, type RecurrentOperands } from '../../emit/recurrent.ts';
import { lastOutput } from '../../nn/recurrent.ts';
import { lengthsTensor } from '../../nn/sequenceLengths.ts';
import * as ops from '../../ops/index.ts';
import { recurrent } from '../../ops/recurrent.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context, Operation } from './context.ts';

/** The positions of PyTorch's gates (i f g o, r z n) among ONNX's (i o f c, z r h). */
const gates: Record<RecurrentKindName, number[]> = { lstm: [0, 2, 3, 1], gru: [1, 0, 2], rnnTanh: [0], rnnRelu: [0] };

/** The usual activations. */
const ACTIVATIONS: Readonly<Record<string, readonly string[]>> = {
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
  RNN: ['Tanh'],
};

/** The kind, from the operation and its activations, which must be the usual ones or, for RNN, ReLU. */
function kindOf(c: Context, directions: number): RecurrentKindName {
  const usual = ACTIVATIONS[c.op] ?? [];
  const given = c.texts('activations', []);
  const named = given.length === 0 ? usual : given.slice(0, usual.length);
  const isSame = given.every((name, i) => name === named[i % usual.length]) && given.length % usual.length === 0;
  const isRelu = c.op === 'RNN' && named[0] === 'Relu';
  if (!isSame || given.length > directions * usual.length || (!isRelu && named.join() !== usual.join()))
    c.refuse(`activations ${given.join(', ')} are not supported`);
  return c.op === 'LSTM' ? 'lstm' : c.op === 'GRU' ? 'gru' : isRelu ? 'rnnRelu' : 'rnnTanh';
}

/** The part of one direction in a tensor [directions, …]. */
const partOf = (t: Tensor | null, direction: number) => (t === null ? null : t.select(0, direction));

/**
 * Gated recurrent units in their original form: the reset gate acts on the state before the product,
 * ν = tanh(n + W_hn·(ρ·h) + b_hn). They run step by step; after the end of a sequence its state stays.
 */
function resetBefore(_kind: RecurrentKindName, reverse: boolean, o: RecurrentOperands): { out: Tensor; cell: null } {
  const [steps = 0, batch = 0] = o.x.shape;
  const size = o.wHh.shape[1]!;
  const gate = (t: Tensor, from: number, to: number) => t.slice(t.ndim - 1, from * size, to * size);
  const rows = (t: Tensor, from: number, to: number) => t.slice(0, from * size, to * size);
  const bias = (from: number, to: number) => (o.biasHh === null ? null : rows(o.biasHh, from, to));
  const fromInput = ops.linear(o.x, o.wIh, o.biasIh);
  let h = o.h0 ?? ops.constant(o.x.executor, [batch, size], 0);
  const outs: Tensor[] = [];
  for (let i = 0; i < steps; i++) {
    const step = reverse ? steps - 1 - i : i;
    const x = fromInput.select(0, step);
    const gates = gate(x, 0, 2)
      .add(ops.linear(h, rows(o.wHh, 0, 2), bias(0, 2)))
      .sigmoid();
    const candidate = gate(x, 2, 3)
      .add(ops.linear(h.mul(gate(gates, 0, 1)), rows(o.wHh, 2, 3), bias(2, 3)))
      .tanh();
    const update = gate(gates, 1, 2);
    const next = candidate.add(update.mul(h.sub(candidate)));
    const isIn = o.lengths === null ? null : o.lengths.gt(step).unsqueeze(1);
    outs[step] = isIn === null ? next : ops.where(isIn, next, 0);
    h = isIn === null ? next : ops.where(isIn, next, h);
  }
  return { out: ops.stack(outs), cell: null };
}

function run(c: Context): Tensor[] {
  const [input, weights, recurrence, biases] = [c.tensor(0), c.tensor(1), c.tensor(2), c.optional(3)];
  const direction = c.text('direction', 'forward');
  const directions = direction === 'bidirectional' ? 2 : 1;
  const kind = kindOf(c, directions);
  const isReset = kind === 'gru' && c.int('linear_before_reset', 0) === 0;
  if (c.has(7)) c.refuse('peepholes are not supported');
  c.only('input_forget', 0);
  if (c.float('clip', 0) !== 0) c.refuse('clip is not supported');
  const size = recurrence.shape[2] ?? 0;
  const rows = gateCount(kind) * size;
  const isRight = (t: Tensor, ...shape: number[]) => t.shape.join() === shape.join();
  const isBatchFirst = c.int('layout', 0) === 1;
  const x = isBatchFirst ? input.transpose(0, 1) : input;
  if (
    x.ndim !== 3 ||
    !isRight(weights, directions, rows, x.shape[2]!) ||
    !isRight(recurrence, directions, rows, size) ||
    (biases !== null && !isRight(biases, directions, 2 * rows))
  )
    c.refuse('shapes of input, weights and biases do not fit');
  const [steps = 0, batch = 0] = x.shape;
  if (steps === 0) c.refuse('the input has no steps');
  const state = (i: number) => {
    const given = c.optional(i);
    const h = given !== null && isBatchFirst ? given.transpose(0, 1) : given;
    if (h !== null && !isRight(h, directions, batch, size)) c.refuse('shapes of the initial states do not fit');
    return h;
  };
  const [h0, c0] = [state(5), kind === 'lstm' ? state(6) : null];
  const lengths = c.has(4) ? lengthsTensor(c.op, c.tensor(4), steps, batch, x.executor) : null;
  const ordered = (t: Tensor) => {
    const parts = ops.split(t, size, 0);
    return parts.length === 1 ? t : ops.cat(gates[kind].map((gate) => parts[gate]!));
  };
  const all = Array.from({ length: directions }, (_, at) => {
    const reverse = direction === 'reverse' || at === 1;
    const bias = partOf(biases, at);
    const { out, cell } = (isReset ? resetBefore : recurrent)(kind, reverse, {
      x,
      wIh: ordered(weights.select(0, at)),
      wHh: ordered(recurrence.select(0, at)),
      biasIh: bias === null ? null : ordered(bias.slice(0, 0, rows)),
      biasHh: bias === null ? null : ordered(bias.slice(0, rows)),
      h0: partOf(h0, at),
      c0: partOf(c0, at),
      lengths,
    });
    return { out, last: lastOutput(out, reverse, lengths), cell };
  });
  const inLayout = (t: Tensor) => (isBatchFirst ? t.permute(t.ndim === 4 ? [2, 0, 1, 3] : [1, 0, 2]) : t);
  const results = [
    ops.stack(
      all.map(({ out }) => out),
      1,
    ),
    ops.stack(all.map(({ last }) => last)),
  ];
  if (kind === 'lstm') results.push(ops.stack(all.flatMap(({ cell }) => cell ?? [])));
  return results.map(inLayout);
}

export const recurrentOperations: Record<string, Operation> = { GRU: { run }, LSTM: { run }, RNN: { run } };
