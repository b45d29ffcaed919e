/** One step of SGD or Adam over a parameter: a thread an element. */
import { fieldsOf } from '../../reference/fields.ts';
import { type GpuKernel, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

const S = fieldsOf('sgd');
const sgdParameters = new Parameters(['n', 'param', 'grad', 'velocity', 'settings', 'flags']);

export const sgd: GpuKernel = (words, at, planner) => {
  const n = words[at + S.n]!;
  if (n === 0) return;
  planner.launch({
    key: 'sgd',
    source: () =>
      shader({
        parameters: sgdParameters,
        body: `if (id >= n) { return; }
let momentum = f(settings + 1u);
let weightDecay = f(settings + 3u);
var g = f(grad + id);
if ((flags & 2u) != 0u) { g = -g; }
if (weightDecay != 0.0) { g += weightDecay * f(param + id); }
if (velocity != 0u) {
  let v = momentum * f(velocity + id) + f(settings + 2u) * g;
  put(velocity + id, v);
  g = select(v, g + momentum * v, (flags & 1u) != 0u);
}
put(param + id, f(param + id) - f(settings) * g);`,
      }),
    words: sgdParameters.words({
      n,
      param: words[at + S.param]!,
      grad: words[at + S.grad]!,
      velocity: words[at + S.velocity]!,
      settings: words[at + S.settings]!,
      flags: words[at + S.flags]!,
    }),
    groups: gridOfThreads(n),
  });
};

const A = fieldsOf('adam');
const adamParameters = new Parameters(['n', 'param', 'grad', 'mean', 'square', 'largest', 'settings', 'flags']);

export const adam: GpuKernel = (words, at, planner) => {
  const n = words[at + A.n]!;
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
      param: words[at + A.param]!,
      grad: words[at + A.grad]!,
      mean: words[at + A.m]!,
      square: words[at + A.v]!,
      largest: words[at + A.vMax]!,
      settings: words[at + A.settings]!,
      flags: words[at + A.flags]!,
    }),
    groups: gridOfThreads(n),
  });
};
