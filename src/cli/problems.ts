/** The four problems of `saraf bench`, each for saraf on any device and in plain JavaScript. */

import { manualSeed } from '../emit/random.ts';
import { Conv2d, Linear, LSTM, type Module, ReLU, Sequential } from '../nn/index.ts';
import { crossEntropy } from '../ops/functional.ts';
import { tensor } from '../ops/index.ts';
import { SGD } from '../optim/index.ts';
import { compile } from '../program/compile.ts';
import { noGrad } from '../tape/mode.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { convolution, lstm, product, trainingStep } from './plain.ts';

/** An implementation to measure: `run` runs it once, `result` gives its result for comparison. */
export interface Contender {
  run(): void;
  result(): ArrayLike<number>;
  dispose(): void;
}

export interface Problem {
  name: string;
  saraf(): Contender;
  plain(): Contender;
}

function values(n: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(i * i + i) / 4);
}

/** A function of plain JavaScript. */
function contender<T>(compute: () => T, result: (last: T) => ArrayLike<number>): Contender {
  let last = compute();
  return {
    run: () => {
      last = compute();
    },
    result: () => result(last),
    dispose: () => {},
  };
}

/** A compiled function of tensors, which are arguments, so that no part of it can be computed in advance. */
function compiled<A extends [Tensor, ...Tensor[]]>(
  step: (...inputs: A) => Tensor,
  inputs: A,
  ...others: { dispose(): void }[]
): Contender {
  const program = compile(step);
  return {
    run: () => program(...inputs).dispose(),
    result: () => scope(() => program(...inputs).dataSync()),
    dispose: () => {
      for (const used of [program, ...inputs, ...others]) used.dispose();
    },
  };
}

const N = 384;
const gemm: Problem = {
  name: `product ${N}×${N}×${N}`,
  saraf: () => {
    const [a, b] = [tensor(values(N * N), { shape: [N, N] }), tensor(values(N * N).reverse(), { shape: [N, N] })];
    return compiled((left, right) => left.matmul(right), [a, b]);
  },
  plain: () => {
    const [a, b] = [values(N * N), values(N * N).reverse()];
    return contender(
      () => product(a, b, N, N, N),
      (c) => c,
    );
  },
};

const [BATCH, INPUTS, HIDDEN, CLASSES, LR] = [64, 784, 128, 10, 0.1];
const labels = Int32Array.from({ length: BATCH }, (_, i) => (i * 7) % CLASSES);

const NONE = new Float32Array(0);

/** The weights of a model, which all contenders share. */
function parameters(model: Module): Float32Array[] {
  return Array.from(model.parameters(), (parameter) => Float32Array.from(parameter.dataSync()));
}

function perceptron(): Sequential {
  manualSeed(1);
  return new Sequential(new Linear(INPUTS, HIDDEN), new ReLU(), new Linear(HIDDEN, CLASSES));
}

const mlp: Problem = {
  name: `training step ${INPUTS}-${HIDDEN}-${CLASSES}, batch ${BATCH}`,
  saraf: () => {
    const model = perceptron();
    const optimizer = new SGD(model.parameters(), { lr: LR });
    const [x, y] = [tensor(values(BATCH * INPUTS), { shape: [BATCH, INPUTS] }), tensor(labels)];
    const step = (input: Tensor, target: Tensor) => {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(input), target);
      loss.backward();
      optimizer.step();
      return loss;
    };
    return compiled(step, [x, y], model, optimizer);
  },
  plain: () => {
    const model = perceptron();
    const [w1 = NONE, b1 = NONE, w2 = NONE, b2 = NONE] = parameters(model);
    model.dispose();
    const x = values(BATCH * INPUTS);
    return contender(
      () => trainingStep(x, labels, [w1, b1, w2, b2], LR),
      (loss) => [loss],
    );
  },
};

const [IMAGES, CHANNELS, SIDE] = [2, 32, 32];
const conv: Problem = {
  name: `convolution 3×3, ${CHANNELS} channels, ${SIDE}², batch ${IMAGES}`,
  saraf: () => {
    manualSeed(2);
    const layer = new Conv2d(CHANNELS, CHANNELS, 3, { padding: 1 });
    const x = tensor(values(IMAGES * CHANNELS * SIDE * SIDE), { shape: [IMAGES, CHANNELS, SIDE, SIDE] });
    return compiled((input) => noGrad(() => layer.forward(input)), [x], layer);
  },
  plain: () => {
    manualSeed(2);
    const layer = new Conv2d(CHANNELS, CHANNELS, 3, { padding: 1 });
    const [w = NONE, bias = NONE] = parameters(layer);
    layer.dispose();
    const x = values(IMAGES * CHANNELS * SIDE * SIDE);
    return contender(
      () => convolution(x, w, bias, IMAGES, CHANNELS, SIDE),
      (y) => y,
    );
  },
};

const [STEPS, SENTENCES, FEATURES, UNITS] = [20, 16, 64, 128];
const recurrent: Problem = {
  name: `LSTM ${FEATURES}-${UNITS}, ${STEPS} steps, batch ${SENTENCES}`,
  saraf: () => {
    manualSeed(3);
    const layer = new LSTM(FEATURES, UNITS);
    const x = tensor(values(STEPS * SENTENCES * FEATURES), { shape: [STEPS, SENTENCES, FEATURES] });
    return compiled(
      (input) =>
        noGrad(() =>
          layer
            .forward(input)[0]
            .select(0, STEPS - 1)
            .clone(),
        ),
      [x],
      layer,
    );
  },
  plain: () => {
    manualSeed(3);
    const layer = new LSTM(FEATURES, UNITS);
    const [wIh = NONE, wHh = NONE, bIh = NONE, bHh = NONE] = parameters(layer);
    layer.dispose();
    const x = values(STEPS * SENTENCES * FEATURES);
    const weights = { wIh, wHh, bIh, bHh };
    return contender(
      () => lstm(x, weights, STEPS, SENTENCES),
      (h) => h,
    );
  },
};

export const problems: readonly Problem[] = [gemm, mlp, conv, recurrent];
