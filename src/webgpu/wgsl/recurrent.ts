/**
 * Recurrent layers step by step, after the formulas in the command table: the inputs' part of all steps is one product, each step
 * a product and a shader over the hidden elements. Their gradient likewise. Weights are in PyTorch's layout: only the CPU uses panels.
 */

import { readerOf } from '../../../bindings/commands/fields.ts';
import { gateCounts } from '../../../bindings/commands/limits.ts';
import { recurrentKinds } from '../../../bindings/commands/recurrent.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads, type Planner } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { byFours, launchProduct } from './tiles.ts';

const readRecurrent = readerOf('recurrent');
const readRecurrentGrad = readerOf('recurrentGrad');

type Kind = (typeof recurrentKinds)[number];

const keptCounts: Record<Kind, number> = { rnnTanh: 1, rnnRelu: 1, lstm: 4, gru: 4 };

/** One thread for each of n elements, `id` its number. */
function launchElements(planner: Planner, key: string, n: number, values: Record<string, number>, body: string): void {
  const all = { elements: n, ...values };
  const parameters = new Parameters(Object.keys(all));
  planner.launch({
    key,
    source: () => shader({ parameters, body: `if (id >= elements) { return; }\n${body}` }),
    words: parameters.words(all),
    groups: gridOfThreads(n),
  });
}

/** c [rows, n] = x [rows, k] · wᵀ + bias, w [n, k]. */
function launchLinear(
  planner: Planner,
  values: { x: number; w: number; bias: number; c: number },
  m: number,
  n: number,
  k: number,
) {
  launchProduct(planner, {
    key: `recurrent linear ${values.bias !== 0}`,
    values,
    ...{ matrices: 1, m, n, k },
    a: { way: 'along k', element: 'value = f(x + q * k + p);', at: 'x + q * k + p' },
    b: { way: 'along k', element: 'value = f(w + q * k + p);', at: 'w + q * k + p' },
    wide: byFours(values.x, values.w, values.c, n, k),
    target: 'c + row * n + col',
    finish: values.bias === 0 ? '' : 'v += f(bias + col);',
  });
}

const put4 = (names: readonly string[]) =>
  names.map((name, i) => `put(gates + kept + ${i}u * size, ${name});`).join('\n');

/** The next h (and c) from the gates' sums; `both(i)` is a + r of gate i. */
const steps: Record<Kind, string> = {
  rnnTanh: `h = hyperbolicTangent(f(fromX) + f(fromH));\n${put4(['h'])}`,
  rnnRelu: `h = maximum(f(fromX) + f(fromH), 0.0);\n${put4(['h'])}`,
  lstm: `let entry = sigmoid(f(fromX) + f(fromH));
let forget = sigmoid(f(fromX + size) + f(fromH + size));
let candidate = hyperbolicTangent(f(fromX + 2u * size) + f(fromH + 2u * size));
let out4 = sigmoid(f(fromX + 3u * size) + f(fromH + 3u * size));
let c = forget * f(cell + id) + entry * candidate;
put(cell + id, c);
h = out4 * hyperbolicTangent(c);
${put4(['entry', 'forget', 'candidate', 'out4'])}`,
  gru: `let rho = sigmoid(f(fromX) + f(fromH));
let zeta = sigmoid(f(fromX + size) + f(fromH + size));
let inner = f(fromH + 2u * size);
let nu = hyperbolicTangent(f(fromX + 2u * size) + rho * inner);
h = nu + zeta * (h - nu);
${put4(['rho', 'zeta', 'nu', 'inner'])}`,
};

const recurrent: GpuKernel = (words, at, planner) => {
  const command = readRecurrent(words, at);
  const kind = recurrentKinds[command.kind]!;
  const [count, batch, size, inputs] = [command.steps, command.batch, command.hiddenSize, command.inputSize];
  const n = gateCounts[kind] * size;
  const states = batch * size;
  if (states === 0) return;
  const [fromInputs, fromHidden] = [planner.scratch(count * batch * n), planner.scratch(batch * n)];
  const [state, cell] = [planner.scratch(states), planner.scratch(states)];
  for (const [to, from] of [
    [state, command.h0],
    [cell, command.c0],
  ] as const) {
    launchElements(
      planner,
      'recurrent start',
      states,
      { to, source: from },
      'heap[to + id] = select(0u, heap[source + id], source != 0u);',
    );
  }
  launchLinear(
    planner,
    { x: command.x, w: command.wIh, bias: command.biasIh, c: fromInputs },
    count * batch,
    n,
    inputs,
  );
  for (let step = 0; step < count; step++) {
    const t = command.reverse === 1 ? count - 1 - step : step;
    launchLinear(planner, { x: state, w: command.wHh, bias: command.biasHh, c: fromHidden }, batch, n, size);
    launchElements(
      planner,
      `recurrent ${kind}`,
      states,
      {
        ...{ state, cell, size, t, gateColumns: n, keptColumns: keptCounts[kind] * size, lengths: command.lengths },
        ...{ inputs: fromInputs + t * batch * n, hiddens: fromHidden, out: command.out + t * states },
        hidden: command.hidden + t * command.stateStep,
        cells: command.cells === 0 ? 0 : command.cells + t * command.stateStep,
        gates: command.gates + t * command.gatesStep,
      },
      `let b = id / size;
let j = id % size;
var h = f(state + id);
put(hidden + id, h);
if (cells != 0u) { heap[cells + id] = heap[cell + id]; }
if (lengths != 0u && heap[select(state, lengths + b, lengths != 0u)] <= t) {
  put(out + id, 0.0);
  return;
}
let fromX = inputs + b * gateColumns + j;
let fromH = hiddens + b * gateColumns + j;
let kept = b * keptColumns + j;
${steps[kind]}
put(state + id, h);
put(out + id, h);`,
    );
  }
  if (kind !== 'lstm') return;
  launchElements(
    planner,
    'recurrent end',
    states,
    { to: command.cLast, source: cell },
    'heap[to + id] = heap[source + id];',
  );
};

/** The gates' gradients `ga0` … from g, that of h; dh and dc become those of the previous step, without the product. */
const stepsBack: Record<Kind, string> = {
  rnnTanh: 'let ga0 = g * (1.0 - gate0 * gate0);',
  rnnRelu: 'let ga0 = select(g, 0.0, gate0 <= 0.0);',
  lstm: `let before = f(cells + id);
let y = hyperbolicTangent(gate1 * before + gate0 * gate2);
let gc = f(dc + id) + g * gate3 * (1.0 - y * y);
put(dc + id, gc * gate1);
let ga0 = gc * gate2 * gate0 * (1.0 - gate0);
let ga1 = gc * before * gate1 * (1.0 - gate1);
let ga2 = gc * gate0 * (1.0 - gate2 * gate2);
let ga3 = g * y * gate3 * (1.0 - gate3);`,
  gru: `let gn = g * (1.0 - gate1) * (1.0 - gate2 * gate2);
carried = g * gate1;
let ga0 = gn * gate3 * gate0 * (1.0 - gate0);
let ga1 = g * (f(hidden + id) - gate2) * gate1 * (1.0 - gate1);
let ga2 = gn;`,
};

const recurrentGrad: GpuKernel = (words, at, planner) => {
  const command = readRecurrentGrad(words, at);
  const kind = recurrentKinds[command.kind]!;
  const [count, batch, size] = [command.steps, command.batch, command.hiddenSize];
  const gateCount = gateCounts[kind];
  const n = gateCount * size;
  const states = batch * size;
  if (states === 0) return;
  const [dh, dc] = [command.dH, kind === 'lstm' ? command.dC : 0];
  const sums = planner.scratch(batch * n);
  launchElements(planner, 'recurrent zero', states, { to: dh }, 'heap[to + id] = 0u;');
  if (kind === 'lstm') {
    const values = { to: dc, source: command.gCell };
    launchElements(
      planner,
      'recurrent start',
      states,
      values,
      'heap[to + id] = select(0u, heap[source + id], source != 0u);',
    );
  }
  for (let step = 0; step < count; step++) {
    const t = command.reverse === 1 ? step : count - 1 - step;
    const gateNumbers = Array.from({ length: gateCount }, (_, i) => i);
    const keptNumbers = Array.from({ length: keptCounts[kind] }, (_, i) => i);
    const outOf = (i: number) => (kind === 'gru' && i === 2 ? 'ga2 * gate0' : `ga${i}`);
    launchElements(
      planner,
      `recurrentGrad ${kind}`,
      states,
      {
        ...{ dh, dc, size, t, gateColumns: n, keptColumns: keptCounts[kind] * size, lengths: command.lengths, sums },
        gates: command.gates + t * batch * keptCounts[kind] * size,
        hidden: kind === 'gru' ? command.hidden + t * states : 0,
        cells: kind === 'lstm' ? command.cells + t * states : 0,
        gOut: command.gOut === 0 ? 0 : command.gOut + t * states,
        gGates: command.gGates + t * batch * n,
        gHidden: kind === 'gru' ? command.gHidden + t * states : 0,
      },
      `let b = id / size;
let place = b * gateColumns + id % size;
if (lengths != 0u && heap[select(dh, lengths + b, lengths != 0u)] <= t) {
  ${gateNumbers.map((i) => `put(gGates + place + ${i}u * size, 0.0); put(sums + place + ${i}u * size, 0.0);`).join('\n')}
  ${kind === 'gru' ? 'put(gHidden + id, 0.0);' : ''}
  return;
}
let kept = gates + b * keptColumns + id % size;
${keptNumbers.map((i) => `let gate${i} = f(kept + ${i}u * size);`).join('\n')}
var g = f(dh + id);
if (gOut != 0u) { g += f(gOut + id); }
var carried = 0.0;
${stepsBack[kind]}
put(dh + id, carried);
${gateNumbers.map((i) => `put(gGates + place + ${i}u * size, ga${i}); put(sums + place + ${i}u * size, ${outOf(i)});`).join('\n')}
${kind === 'gru' ? 'put(gHidden + id, ga2 * gate0);' : ''}`,
    );
    launchProduct(planner, {
      key: 'recurrentGrad product',
      values: { a: sums, w: command.wHh, c: dh },
      ...{ matrices: 1, m: batch, n: size, k: n },
      a: { way: 'along k', element: 'value = f(a + q * k + p);', at: 'a + q * k + p' },
      b: { way: 'across', element: 'value = f(w + p * n + q);', at: 'w + p * n + q' },
      wide: byFours(sums, command.wHh, dh, size, n),
      target: 'c + row * n + col',
      finish: 'v += f(at);',
    });
  }
};

export const recurrentKernels = { recurrent, recurrentGrad } satisfies GpuKernels;
