/** One step of an optimizer over a parameter: one thread per element. */

import { readerOf } from '../../../bindings/commands/fields.ts';
import { adaptiveFns } from '../../../bindings/commands/optim.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

const readAdam = readerOf('adam');
const readAdaptive = readerOf('adaptive');
const readSgd = readerOf('sgd');

const sgdParameters = new Parameters([
  'n',
  'param',
  'grad',
  'velocity',
  'settings',
  'flags',
  'index',
  'marks',
  'inner',
  'rows',
]);

const sgd: GpuKernel = (words, at, planner) => {
  const command = readSgd(words, at);
  const { index, inner } = command;
  const n = index === 0 ? command.n : command.count * inner;
  if (n === 0) return;
  planner.launch({
    key: 'sgd',
    source: () =>
      shader({
        parameters: sgdParameters,
        body: `if (id >= n) { return; }
var e = id;
if (index != 0u) {
  let j = id / inner;
  let row = min(heap[index + j], rows - 1u);
  if (heap[marks + row] != j) { return; }
  e = row * inner + id % inner;
}
let momentum = f(settings + 1u);
let weightDecay = f(settings + 3u);
var g = f(grad + e);
if ((flags & 2u) != 0u) { g = -g; }
if (weightDecay != 0.0) { g += weightDecay * f(param + e); }
if (velocity != 0u) {
  let v = momentum * f(velocity + e) + f(settings + 2u) * g;
  put(velocity + e, v);
  g = select(v, g + momentum * v, (flags & 1u) != 0u);
}
put(param + e, f(param + e) - f(settings) * g);`,
      }),
    words: sgdParameters.words({
      n,
      param: command.param,
      grad: command.grad,
      velocity: command.velocity,
      settings: command.settings,
      flags: command.flags,
      index,
      marks: command.marks,
      inner,
      rows: index === 0 ? 0 : command.n / inner,
    }),
    groups: gridOfThreads(n),
  });
};

const adamParameters = new Parameters(['n', 'param', 'grad', 'mean', 'square', 'largest', 'settings', 'flags']);

const adam: GpuKernel = (words, at, planner) => {
  const command = readAdam(words, at);
  const { n } = command;
  if (n === 0) return;
  planner.launch({
    key: 'adam',
    source: () =>
      shader({
        parameters: adamParameters,
        body: `if (id >= n) { return; }
let decoupled = (flags & 1u) != 0u;
let weightDecay = f(settings + 6u);
var p = f(param + id);
if (decoupled) { p *= f(settings + 8u); }
var g = f(grad + id);
if ((flags & 4u) != 0u) { g = -g; }
if (!decoupled && weightDecay != 0.0) { g += weightDecay * p; }
let m = f(settings + 1u) * f(mean + id) + f(settings + 2u) * g;
var v = f(settings + 3u) * f(square + id) + f(settings + 4u) * g * g;
put(mean + id, m);
put(square + id, v);
if ((flags & 2u) != 0u) {
  v = maximum(f(largest + id), v);
  put(largest + id, v);
}
put(param + id, p - f(settings) * m / (sqrt(v) / f(settings + 7u) + f(settings + 5u)));`,
      }),
    words: adamParameters.words({
      n,
      param: command.param,
      grad: command.grad,
      mean: command.m,
      square: command.v,
      largest: command.vMax,
      settings: command.settings,
      flags: command.flags,
    }),
    groups: gridOfThreads(n),
  });
};

/** u, which is subtracted from the parameter, from g; `a`, `b` and `c` are addresses (0: none), `s(i)` is setting i. */
const rules: Record<(typeof adaptiveFns)[number], string> = {
  rmsprop: `let square = s(3u) * f(a + id) + s(4u) * g * g;
put(a + id, square);
var spread = square;
if (b != 0u) {
  let average = s(3u) * f(b + id) + s(4u) * g;
  put(b + id, average);
  spread -= average * average;
}
u = g / (sqrt(spread) + s(1u));
if (c != 0u) {
  u += s(5u) * f(c + id);
  put(c + id, u);
}
u *= s(0u);`,
  adagrad: `let square = f(a + id) + g * g;
put(a + id, square);
u = s(0u) * g / (sqrt(square) + s(1u));`,
  adadelta: `let square = s(3u) * f(a + id) + s(4u) * g * g;
put(a + id, square);
u = sqrt(f(b + id) + s(1u)) / sqrt(square + s(1u)) * g;
put(b + id, s(3u) * f(b + id) + s(4u) * u * u);
u *= s(0u);`,
  nadam: `let average = s(3u) * f(a + id) + s(4u) * g;
let square = s(5u) * f(b + id) + s(6u) * g * g;
put(a + id, average);
put(b + id, square);
u = (s(0u) * g + s(8u) * average) / (sqrt(square) / s(7u) + s(1u));`,
};

const adaptiveParameters = new Parameters(['n', 'param', 'grad', 'a', 'b', 'c', 'settings', 'flags']);

const adaptive: GpuKernel = (words, at, planner) => {
  const command = readAdaptive(words, at);
  const { n } = command;
  if (n === 0) return;
  const name = adaptiveFns[command.fn]!;
  planner.launch({
    key: `adaptive ${name}`,
    source: () =>
      shader({
        parameters: adaptiveParameters,
        body: `if (id >= n) { return; }
var g = f(grad + id);
if ((flags & 1u) != 0u) { g = -g; }
g += f(settings + 2u) * f(param + id);
var u = 0.0;
${rules[name].replace(/\bs\((\d)u\)/g, 'f(settings + $1u)')}
put(param + id, ${name === 'nadam' ? 'f(settings + 9u) * ' : ''}f(param + id) - u);`,
      }),
    words: (['n', 'param', 'grad', 'a', 'b', 'c', 'settings', 'flags'] as const).map((name) => command[name]),
    groups: gridOfThreads(n),
  });
};

export const optimKernels = { sgd, adam, adaptive } satisfies GpuKernels;
