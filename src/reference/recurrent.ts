/**
 * Recurrent layers over a whole sequence, and their gradient, by the formulas in the command table, one element after the other.
 * Weights are read in place, in panels too. Lengths are not checked.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { gateCounts } from '../../bindings/commands/limits.ts';
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { sigmoid } from '../../bindings/commands/unary.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';

const readPack = readerOf('pack');
const readRecurrent = readerOf('recurrent');
const readRecurrentGrad = readerOf('recurrentGrad');

type Floats = Heap['f'];

const PANEL = 8;

/** Element index of [p, j] in a block of panels, k × n. */
function panelIndex(k: number, n: number, p: number, j: number): number {
  const strip = j - (j % PANEL);
  const width = n - strip > PANEL / 2 ? PANEL : PANEL / 2;
  return strip * k + p * width + (j - strip);
}

/** y = x in panels. */
const pack: ReferenceKernel = ({ f }, words, _floats, at) => {
  const { x, y, k, n, across, along } = readPack(words, at);
  f.fill(0, y, y + k * Math.ceil(n / 4) * 4);
  for (let p = 0; p < k; p++)
    for (let j = 0; j < n; j++) f[y + panelIndex(k, n, p, j)] = f[x + p * along + j * across]!;
};

/** One weight [n, k]: its element [j, p]. Rows from `apart` on are a separate block of panels. */
function weightOf(f: Floats, w: number, packed: boolean, n: number, k: number, apart: number) {
  if (!packed) return (j: number, p: number) => f[w + j * k + p]!;
  const second = w + k * Math.ceil(apart / 4) * 4;
  return (j: number, p: number) =>
    j < apart ? f[w + panelIndex(k, apart, p, j)]! : f[second + panelIndex(k, n - apart, p, j - apart)]!;
}

const keptCounts = { rnnTanh: 1, rnnRelu: 1, lstm: 4, gru: 4 };

/** All steps. */
const recurrent: ReferenceKernel = ({ f, i: ints }, words, _floats, at) => {
  const command = readRecurrent(words, at);
  const { biasIh, biasHh, lengths } = command;
  const kind = recurrentKinds[command.kind]!;
  const [steps, batch, inputs, size] = [command.steps, command.batch, command.inputSize, command.hiddenSize];
  const n = gateCounts[kind] * size;
  const packed = command.packed === 1;
  const wIh = weightOf(f, command.wIh, packed, n, inputs, n);
  const wHh = weightOf(f, command.wHh, packed, n, size, kind === 'gru' ? 2 * size : n);
  const kept = keptCounts[kind] * size;
  const a = new Float64Array(n);
  const r = new Float64Array(n);
  for (let b = 0; b < batch; b++) {
    const h = Float64Array.from({ length: size }, (_, j) => (command.h0 === 0 ? 0 : f[command.h0 + b * size + j]!));
    const c = Float64Array.from({ length: size }, (_, j) => (command.c0 === 0 ? 0 : f[command.c0 + b * size + j]!));
    for (let s = 0; s < steps; s++) {
      const t = command.reverse === 1 ? steps - 1 - s : s;
      const state = t * command.stateStep + b * size;
      for (let j = 0; j < size; j++) f[command.hidden + state + j] = h[j]!;
      if (kind === 'lstm') for (let j = 0; j < size; j++) f[command.cells + state + j] = c[j]!;
      const out = command.out + (t * batch + b) * size;
      if (lengths !== 0 && ints[lengths + b]! <= t) {
        f.fill(0, out, out + size);
        continue;
      }
      const x = command.x + (t * batch + b) * inputs;
      for (let j = 0; j < n; j++) {
        let sum = biasIh === 0 ? 0 : f[biasIh + j]!;
        for (let p = 0; p < inputs; p++) sum += f[x + p]! * wIh(j, p);
        a[j] = sum;
        sum = biasHh === 0 ? 0 : f[biasHh + j]!;
        for (let p = 0; p < size; p++) sum += h[p]! * wHh(j, p);
        r[j] = sum;
      }
      const gates = command.gates + t * command.gatesStep + b * kept;
      for (let j = 0; j < size; j++) {
        const both = (gate: number) => a[gate * size + j]! + r[gate * size + j]!;
        let values: number[];
        if (kind === 'lstm') {
          values = [sigmoid(both(0)), sigmoid(both(1)), Math.tanh(both(2)), sigmoid(both(3))];
          c[j] = values[1]! * c[j]! + values[0]! * values[2]!;
          h[j] = values[3]! * Math.tanh(c[j]!);
        } else if (kind === 'gru') {
          const rho = sigmoid(both(0));
          const zeta = sigmoid(both(1));
          const inner = r[2 * size + j]!;
          const nu = Math.tanh(a[2 * size + j]! + rho * inner);
          values = [rho, zeta, nu, inner];
          h[j] = nu + zeta * (h[j]! - nu);
        } else {
          h[j] = kind === 'rnnTanh' ? Math.tanh(both(0)) : Math.max(both(0), 0);
          values = [h[j]!];
        }
        for (const [gate, value] of values.entries()) f[gates + gate * size + j] = value;
        f[out + j] = h[j]!;
      }
    }
    if (kind === 'lstm') for (let j = 0; j < size; j++) f[command.cLast + b * size + j] = c[j]!;
  }
};

/** Gradients of the gates and of the first state. */
const recurrentGrad: ReferenceKernel = ({ f, i: ints }, words, _floats, at) => {
  const command = readRecurrentGrad(words, at);
  const kind = recurrentKinds[command.kind]!;
  const [steps, batch, size, lengths] = [command.steps, command.batch, command.hiddenSize, command.lengths];
  const n = gateCounts[kind] * size;
  const wHh = gradWeightOf(f, command.wHh, command.packed === 1, n, size, kind === 'gru' ? 2 * size : n);
  const kept = keptCounts[kind] * size;
  // Gradients of a_t and of r_t.
  const ga = new Float64Array(n);
  const gr = new Float64Array(n);
  for (let b = 0; b < batch; b++) {
    const dh = new Float64Array(size);
    const dc = Float64Array.from({ length: size }, (_, j) =>
      command.gCell === 0 ? 0 : f[command.gCell + b * size + j]!,
    );
    for (let s = 0; s < steps; s++) {
      const t = command.reverse === 1 ? s : steps - 1 - s;
      const row = t * batch + b;
      const to = command.gGates + row * n;
      if (lengths !== 0 && ints[lengths + b]! <= t) {
        f.fill(0, to, to + n);
        if (kind === 'gru') f.fill(0, command.gHidden + row * size, command.gHidden + (row + 1) * size);
        continue;
      }
      for (let j = 0; j < size; j++) {
        const gate = (i: number) => f[command.gates + row * kept + i * size + j]!;
        const g = dh[j]! + (command.gOut === 0 ? 0 : f[command.gOut + row * size + j]!);
        dh[j] = 0;
        if (kind === 'lstm') {
          const before = f[command.cells + row * size + j]!;
          const y = Math.tanh(gate(1) * before + gate(0) * gate(2));
          const gc = dc[j]! + g * gate(3) * (1 - y * y);
          dc[j] = gc * gate(1);
          ga[j] = gc * gate(2) * gate(0) * (1 - gate(0));
          ga[size + j] = gc * before * gate(1) * (1 - gate(1));
          ga[2 * size + j] = gc * gate(0) * (1 - gate(2) * gate(2));
          ga[3 * size + j] = g * y * gate(3) * (1 - gate(3));
          for (let i = 0; i < 4; i++) gr[i * size + j] = ga[i * size + j]!;
        } else if (kind === 'gru') {
          const gn = g * (1 - gate(1)) * (1 - gate(2) * gate(2));
          const before = f[command.hidden + row * size + j]!;
          dh[j] = g * gate(1);
          ga[j] = gn * gate(3) * gate(0) * (1 - gate(0));
          ga[size + j] = g * (before - gate(2)) * gate(1) * (1 - gate(1));
          ga[2 * size + j] = gn;
          for (let i = 0; i < 2; i++) gr[i * size + j] = ga[i * size + j]!;
          gr[2 * size + j] = gn * gate(0);
          f[command.gHidden + row * size + j] = gr[2 * size + j]!;
        } else {
          ga[j] = kind === 'rnnTanh' ? g * (1 - gate(0) * gate(0)) : gate(0) <= 0 ? 0 : g;
          gr[j] = ga[j]!;
        }
      }
      for (let j = 0; j < n; j++) f[to + j] = ga[j]!;
      for (let p = 0; p < n; p++) for (let j = 0; j < size; j++) dh[j]! += gr[p]! * wHh(p, j);
    }
    for (let j = 0; j < size; j++) f[command.dH + b * size + j] = dh[j]!;
    if (kind === 'lstm') for (let j = 0; j < size; j++) f[command.dC + b * size + j] = dc[j]!;
  }
};

/** The weight [n, size] as its gradient reads it: element [p, j]. Rows from `apart` on are a separate block of panels. */
function gradWeightOf(f: Floats, w: number, packed: boolean, n: number, size: number, apart: number) {
  if (!packed) return (p: number, j: number) => f[w + p * size + j]!;
  const second = w + apart * Math.ceil(size / 4) * 4;
  return (p: number, j: number) =>
    p < apart ? f[w + panelIndex(apart, size, p, j)]! : f[second + panelIndex(n - apart, size, p - apart, j)]!;
}

export const recurrentKernels = { pack, recurrent, recurrentGrad } satisfies ReferenceKernels;
