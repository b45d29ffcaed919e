/**
 * One step of an optimizer over one parameter: PyTorch's SGD, Adam and AdamW. Step counts, learning rates and bias
 * corrections are the caller's, in `settings`. A weight decay of 0 does not read the parameter into the gradient.
 */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';
import { within } from './within.ts';

const readAdam = readerOf('adam');
const readSgd = readerOf('sgd');

const SGD_NESTEROV = 1;
const SGD_MAXIMIZE = 2;

/** v = momentum·v + (1 − dampening)·g;  p −= lr·(nesterov ? g + momentum·v : v). */
const sgd: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readSgd(words, at);
  const { param, grad, velocity, settings, n, flags, index } = command;
  const lr = f[settings]!;
  const momentum = f[settings + 1]!;
  const gradShare = f[settings + 2]!;
  const weightDecay = f[settings + 3]!;
  const direction = flags & SGD_MAXIMIZE ? -1 : 1;
  const width = index === 0 ? n : command.inner;
  const named = i.subarray(index, index + command.count);
  const rows = index === 0 ? [0] : new Set(Array.from(named, (row) => within(row, n / width)));
  for (const row of rows) {
    for (let e = row * width; e < (row + 1) * width; e++) {
      let g = direction * f[grad + e]!;
      if (weightDecay !== 0) g += weightDecay * f[param + e]!;
      if (velocity !== 0) {
        const v = momentum * f[velocity + e]! + gradShare * g;
        f[velocity + e] = v;
        g = flags & SGD_NESTEROV ? g + momentum * v : v;
      }
      f[param + e]! -= lr * g;
    }
  }
};

const ADAM_DECOUPLED = 1;
const ADAM_AMSGRAD = 2;
const ADAM_MAXIMIZE = 4;

/** m and v are running means of g and g²;  p −= stepSize·m / (√v / correction + ε). */
const adam: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readAdam(words, at);
  const { param, grad, vMax, settings, n, flags } = command;
  const mAt = command.m;
  const vAt = command.v;
  const stepSize = f[settings]!;
  const beta1 = f[settings + 1]!;
  const oneMinusBeta1 = f[settings + 2]!;
  const beta2 = f[settings + 3]!;
  const oneMinusBeta2 = f[settings + 4]!;
  const epsilon = f[settings + 5]!;
  const decoupled = (flags & ADAM_DECOUPLED) !== 0;
  const weightDecay = decoupled ? 0 : f[settings + 6]!;
  const correction = f[settings + 7]!;
  const shrink = decoupled ? f[settings + 8]! : 1;
  const direction = flags & ADAM_MAXIMIZE ? -1 : 1;
  for (let e = 0; e < n; e++) {
    const p = shrink * f[param + e]!;
    let g = direction * f[grad + e]!;
    if (weightDecay !== 0) g += weightDecay * p;
    const m = beta1 * f[mAt + e]! + oneMinusBeta1 * g;
    let v = beta2 * f[vAt + e]! + oneMinusBeta2 * g * g;
    f[mAt + e] = m;
    f[vAt + e] = v;
    if (flags & ADAM_AMSGRAD) {
      v = Math.max(f[vMax + e]!, v);
      f[vMax + e] = v;
    }
    f[param + e] = p - (stepSize * m) / (Math.sqrt(v) / correction + epsilon);
  }
};

export const optimKernels = { sgd, adam } satisfies ReferenceKernels;
