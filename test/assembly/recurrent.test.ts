/** Recurrent commands on the wasm kernels against the reference: kinds, directions, lengths, both layouts of the weights. */
import { describe, expect, test } from 'vitest';
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import type { Executor } from '../../bindings/executor.ts';
import { encodePack, encodeRecurrent, encodeRecurrentGrad } from '../../bindings/generated/encode.ts';
import { executors } from '../support/executors.ts';
import { expectClose, inSandbox, randomFloats, randomInts, type Sandbox } from '../support/heap.ts';

const [reference, ...wasm] = executors as [[string, Executor], ...[string, Executor][]];

interface Problem {
  kind: (typeof recurrentKinds)[number];
  steps: number;
  batch: number;
  inputSize: number;
  hiddenSize: number;
  reverse: number;
  packed: number;
  lengths: boolean;
  states: boolean;
  bias: boolean;
  kept: boolean;
  seed: number;
}

const four = (n: number) => Math.ceil(n / 4) * 4;
const gatesOf = (kind: Problem['kind']) => ({ rnnTanh: 1, rnnRelu: 1, lstm: 4, gru: 3 })[kind];
const keptOf = (kind: Problem['kind']) => (kind === 'gru' ? 4 : gatesOf(kind));

/** A weight [n, k] as it is or in panels: blocks of rows, or `transposed`. */
function weight(
  box: Sandbox,
  p: Problem,
  data: number[],
  k: number,
  blocks: number[],
  transposed: boolean,
  offset: number,
) {
  const raw = box.put(data, 'float32', offset);
  if (!p.packed) return raw;
  const sizeOf = (n: number) => (transposed ? n * four(k) : k * four(n));
  const y = box.room(
    blocks.reduce((sum, n) => sum + sizeOf(n), 0),
    offset,
  );
  let [x, to] = [raw, y];
  for (const n of blocks) {
    const sizes = transposed ? { k: n, n: k, across: 1, along: k } : { k, n, across: k, along: 1 };
    encodePack(box.executor.program, { x, y: to, ...sizes });
    x += n * k;
    to += sizeOf(n);
  }
  return y;
}

/** The results of a sequence and of its gradient, for data that the seed determines. */
function run(executor: Executor, p: Problem): Record<string, number[]> {
  const { kind, steps, batch, inputSize, hiddenSize, reverse, packed, seed } = p;
  const n = gatesOf(kind) * hiddenSize;
  const blocks = kind === 'gru' ? [2 * hiddenSize, hiddenSize] : [n];
  const offset = seed % 3;
  const rows = batch * hiddenSize;
  return inSandbox(executor, (box) => {
    const floats = (count: number, more: number) => randomFloats(count, seed + more);
    const lengths = p.lengths ? box.put(randomInts(batch, seed + 9, 1, steps + 1), 'int32', offset) : 0;
    const state = (more: number) => (p.states ? box.put(floats(rows, more), 'float32', offset) : 0);
    const wHh = floats(n * hiddenSize, 3);
    const isLstm = kind === 'lstm';
    const stepBlocks = p.kept ? steps : 1;
    const out = box.room(steps * rows, offset);
    const hidden = box.room(stepBlocks * rows, offset + 1);
    const cells = isLstm ? box.room(stepBlocks * rows, offset) : 0;
    const cLast = isLstm ? box.room(rows, offset + 2) : 0;
    const gatesRow = keptOf(kind) * hiddenSize;
    const gates = box.room(stepBlocks * batch * gatesRow, offset);
    encodeRecurrent(executor.program, {
      kind: recurrentKinds.indexOf(kind),
      reverse,
      packed,
      x: box.put(floats(steps * batch * inputSize, 1), 'float32', offset),
      wIh: weight(box, p, floats(n * inputSize, 2), inputSize, [n], false, offset),
      wHh: weight(box, p, wHh, hiddenSize, blocks, false, offset),
      biasIh: p.bias ? box.put(floats(n, 4), 'float32', offset) : 0,
      biasHh: p.bias ? box.put(floats(n, 5), 'float32', offset) : 0,
      h0: state(6),
      c0: isLstm ? state(7) : 0,
      lengths,
      out,
      hidden,
      cells,
      cLast,
      gates,
      steps,
      batch,
      inputSize,
      hiddenSize,
      gatesStep: p.kept ? batch * gatesRow : 0,
      stateStep: p.kept ? rows : 0,
    });
    box.run('recurrent');
    const results: Record<string, number[]> = { out: box.floats(out) };
    if (isLstm) results.cLast = box.floats(cLast);
    if (!p.kept) return results;
    results.hidden = box.floats(hidden);
    if (isLstm) results.cells = box.floats(cells);
    if (!p.lengths) results.gates = box.floats(gates);

    const gGates = box.room(steps * batch * n, offset);
    const gHidden = kind === 'gru' ? box.room(steps * rows, offset) : 0;
    const dH = box.room(rows, offset);
    const dC = isLstm ? box.room(rows, offset) : 0;
    encodeRecurrentGrad(executor.program, {
      kind: recurrentKinds.indexOf(kind),
      reverse,
      packed,
      wHh: weight(box, p, wHh, hiddenSize, blocks, true, offset),
      gates,
      hidden,
      cells,
      lengths,
      gOut: seed % 5 === 4 && isLstm ? 0 : box.put(floats(steps * rows, 10), 'float32', offset),
      gCell: isLstm && p.states ? box.put(floats(rows, 11), 'float32', offset) : 0,
      gGates,
      gHidden,
      dH,
      dC,
      steps,
      batch,
      hiddenSize,
    });
    box.run('recurrentGrad');
    results.gGates = box.floats(gGates);
    if (gHidden !== 0) results.gHidden = box.floats(gHidden);
    results.dH = box.floats(dH);
    if (dC !== 0) results.dC = box.floats(dC);
    return results;
  });
}

const sizes = [
  [1, 1, 1, 1],
  [2, 1, 3, 2],
  [3, 3, 2, 3],
  [3, 4, 1, 4],
  [2, 5, 4, 5],
  [4, 7, 5, 7],
  [3, 23, 3, 8],
  [3, 24, 9, 9],
  [2, 25, 8, 16],
  [2, 53, 17, 33],
  [2, 48, 2, 12],
  [3, 99, 1, 6],
] as const;

const problems = sizes.flatMap(([steps, batch, inputSize, hiddenSize], i) =>
  [0, 1].flatMap((reverse) =>
    [0, 1].flatMap((packed) =>
      [false, true].map((lengths, j): Omit<Problem, 'kind'> => {
        const seed = 100 * i + 20 * reverse + 10 * packed + j;
        const even = (i + j + reverse + packed) % 2 === 0;
        const shape = { steps, batch, inputSize, hiddenSize };
        return { ...shape, reverse, packed, lengths, states: even, bias: (i + packed) % 3 > 0, kept: true, seed };
      }),
    ),
  ),
);

describe.each(wasm)('recurrent on %s', (_, executor) => {
  test.each(recurrentKinds)('%s agrees with the reference', (kind) => {
    for (const problem of problems) {
      for (const kept of [true, false]) {
        const p: Problem = { ...problem, kind, kept };
        const expected = run(reference[1], p);
        const actual = run(executor, p);
        expect(Object.keys(actual)).toEqual(Object.keys(expected));
        for (const [name, values] of Object.entries(actual))
          expectClose(values, expected[name]!, { relative: 2e-5, absolute: 2e-6 }, `${name} of ${JSON.stringify(p)}`);
      }
    }
  });

  test('works for a state whose products do not fit in scratch', () => {
    const shape = { steps: 2, batch: 5, inputSize: 1, hiddenSize: 672 };
    const flags = { reverse: 0, packed: 1, lengths: true, states: true, bias: true, kept: false, seed: 7 };
    const p: Problem = { kind: 'lstm', ...shape, ...flags };
    const expected = run(reference[1], p);
    for (const [name, values] of Object.entries(run(executor, p)))
      expectClose(values, expected[name]!, { relative: 1e-4, absolute: 1e-4 }, name);
  });

  test('NaN and infinite inputs stay in their rows', () => {
    const [steps, batch, inputSize, hiddenSize] = [2, 6, 3, 5];
    for (const packed of [0, 1]) {
      inSandbox(executor, (box) => {
        const data = randomFloats(steps * batch * inputSize, 1);
        data[0] = Number.NaN;
        data[1 * inputSize] = Infinity;
        const p = { kind: 'lstm', packed } as Problem;
        const rows = batch * hiddenSize;
        const [out, cLast] = [box.room(steps * rows), box.room(rows)];
        const n = 4 * hiddenSize;
        const encoded = {
          kind: recurrentKinds.indexOf('lstm'),
          reverse: 0,
          packed,
          x: box.put(data),
          wIh: weight(box, p, randomFloats(n * inputSize, 2), inputSize, [n], false, 0),
          wHh: weight(box, p, randomFloats(n * hiddenSize, 3), hiddenSize, [n], false, 0),
          biasIh: 0,
          biasHh: 0,
          h0: 0,
          c0: 0,
          lengths: 0,
          out,
          hidden: box.room(rows),
          cells: box.room(rows),
          cLast,
          gates: box.room(batch * n),
          steps,
          batch,
          inputSize,
          hiddenSize,
          gatesStep: 0,
          stateStep: 0,
        };
        encodeRecurrent(executor.program, encoded);
        box.run('recurrent');
        const y = box.floats(out);
        expect(y.slice(0, hiddenSize).every(Number.isNaN)).toBe(true);
        expect(y.slice(rows, rows + hiddenSize).every(Number.isNaN)).toBe(true);
        expect(y.slice(2 * hiddenSize, rows).every(Number.isFinite)).toBe(true);
        expect(y.slice(hiddenSize, 2 * hiddenSize).every((v) => Math.abs(v) <= 1)).toBe(true);
      });
    }
  });
});

describe.each(executors)('pack on %s', (_, executor) => {
  test('makes panels of 8 columns; the last one has 4 or 8 columns, padded with zeros', () => {
    for (const n of [1, 3, 4, 5, 8, 9, 12, 13, 17]) {
      for (const k of [1, 2, 4, 7, 16]) {
        const data = randomFloats(k * n, n * k);
        for (const [across, along] of [
          [1, n],
          [k, 1],
        ] as const) {
          const expected: number[] = [];
          for (let strip = 0; strip < n; strip += 8) {
            const width = n - strip > 4 ? 8 : 4;
            for (let p = 0; p < k; p++)
              for (let j = strip; j < strip + width; j++) expected.push(j < n ? data[p * along + j * across]! : 0);
          }
          inSandbox(executor, (box) => {
            const y = box.room(expected.length, 1);
            encodePack(executor.program, { x: box.put(data, 'float32', 2), y, k, n, across, along });
            box.run(`${k} × ${n}`);
            expect(box.floats(y)).toEqual(expected);
          });
        }
      }
    }
  });
});
