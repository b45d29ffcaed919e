import { describe, expect, test } from 'vitest';
import { encodeAdam, encodeSgd } from '../../bindings/generated/encode.ts';
import { expectClose, inSandbox, kernelExecutors, lengths, randomFloats, randomInts } from '../support/heap.ts';
import { allRows } from '../support/rows.ts';

interface SgdOptions {
  lr: number;
  momentum?: number;
  dampening?: number;
  weightDecay?: number;
  nesterov?: boolean;
  maximize?: boolean;
}

interface AdamOptions {
  lr: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
  decoupled?: boolean;
  amsgrad?: boolean;
  maximize?: boolean;
}

/** torch.optim.SGD's single-tensor step, in doubles. */
function sgdOracle(start: number[], grads: number[][], options: SgdOptions): number[] {
  const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
  return start.map((p, i) => {
    let buffer: number | undefined;
    for (const grad of grads) {
      let d = maximize ? -grad[i]! : grad[i]!;
      if (weightDecay !== 0) d += weightDecay * p;
      if (momentum !== 0) {
        buffer = buffer === undefined ? d : momentum * buffer + (1 - dampening) * d;
        d = nesterov ? d + momentum * buffer : buffer;
      }
      p -= lr * d;
    }
    return p;
  });
}

/** torch.optim.Adam's and AdamW's single-tensor step, in doubles. */
function adamOracle(start: number[], grads: number[][], options: AdamOptions): number[] {
  const { lr, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled, amsgrad, maximize } = options;
  return start.map((p, i) => {
    let [m, v, greatest] = [0, 0, 0];
    grads.forEach((grad, step) => {
      let g = maximize ? -grad[i]! : grad[i]!;
      if (decoupled) p *= 1 - lr * weightDecay;
      else if (weightDecay !== 0) g += weightDecay * p;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      greatest = Math.max(greatest, v);
      const denominator = Math.sqrt(amsgrad ? greatest : v) / Math.sqrt(1 - beta2 ** (step + 1)) + epsilon;
      p -= ((lr / (1 - beta1 ** (step + 1))) * m) / denominator;
    });
    return p;
  });
}

describe.each(kernelExecutors)('optimizers on %s', (_, executor) => {
  function sgd(start: number[], grads: number[][], options: SgdOptions, offset = 0): number[] {
    const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
    return inSandbox(executor, (box) => {
      const param = box.put(start, 'float32', offset);
      const velocity =
        momentum === 0
          ? 0
          : box.put(
              start.map(() => 0),
              'float32',
              offset + 1,
            );
      grads.forEach((values, step) => {
        const grad = box.put(values, 'float32', offset + 2);
        const settings = box.put([lr, momentum, step === 0 ? 1 : 1 - dampening, weightDecay]);
        const flags = Number(nesterov) + 2 * Number(maximize);
        encodeSgd(executor.program, { param, grad, velocity, settings, n: start.length, flags, ...allRows });
        box.run(`sgd of ${start.length}`);
      });
      return box.floats(param);
    });
  }

  function adam(start: number[], grads: number[][], options: AdamOptions, offset = 0): number[] {
    const { lr, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled, amsgrad, maximize } = options;
    return inSandbox(executor, (box) => {
      const zeros = start.map(() => 0);
      const param = box.put(start, 'float32', offset);
      const m = box.put(zeros, 'float32', offset + 1);
      const v = box.put(zeros, 'float32', offset + 2);
      const vMax = amsgrad ? box.put(zeros, 'float32', offset + 3) : 0;
      grads.forEach((values, step) => {
        const [c1, c2] = [1 - beta1 ** (step + 1), Math.sqrt(1 - beta2 ** (step + 1))];
        const decay = 1 - lr * weightDecay;
        const settings = box.put([lr / c1, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, weightDecay, c2, decay]);
        const grad = box.put(values, 'float32', offset + 1);
        const flags = Number(!!decoupled) + 2 * Number(!!amsgrad) + 4 * Number(!!maximize);
        encodeAdam(executor.program, { param, grad, m, v, vMax, settings, n: start.length, flags });
        box.run(`adam of ${start.length}`);
      });
      return box.floats(param);
    });
  }

  const sgdVariants: SgdOptions[] = [
    { lr: 0.1 },
    { lr: 0.1, weightDecay: 0.01, maximize: true },
    { lr: 0.1, momentum: 0.9 },
    { lr: 0.05, momentum: 0.8, dampening: 0.3, weightDecay: 0.02 },
    { lr: 0.1, momentum: 0.9, nesterov: true },
    { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1, maximize: true },
  ];
  const adamVariants: AdamOptions[] = [
    { lr: 0.01 },
    { lr: 0.01, weightDecay: 0.1 },
    { lr: 0.01, weightDecay: 0.1, amsgrad: true, maximize: true },
    { lr: 0.01, weightDecay: 0.1, decoupled: true },
    { lr: 0.01, beta1: 0.8, beta2: 0.5, epsilon: 1e-3, decoupled: true, amsgrad: true },
  ];

  const problem = (n: number) => ({
    start: randomFloats(n, n, -2, 2),
    grads: [1, 2, 3, 4].map((step) => randomFloats(n, n + step, -step, 5 - step)),
  });

  test.each(sgdVariants)('sgd agrees with the formula: %o', (options) => {
    for (const n of [0, ...lengths]) {
      const { start, grads } = problem(n);
      const actual = sgd(start, grads, options, n % 3);
      expectClose(actual, sgdOracle(start, grads, options), { relative: 1e-6, absolute: 1e-6 }, `n ${n}, seed ${n}`);
    }
  });

  test.each(adamVariants)('adam agrees with the formula: %o', (options) => {
    for (const n of [0, ...lengths]) {
      const { start, grads } = problem(n);
      const actual = adam(start, grads, options, n % 3);
      expectClose(actual, adamOracle(start, grads, options), { relative: 1e-6, absolute: 1e-6 }, `n ${n}, seed ${n}`);
    }
  });

  test('give the numbers of PyTorch', () => {
    // torch.optim's SGD, Adam and AdamW of torch 1.13, three steps from p with these gradients.
    const p = [1, -2, 0.5];
    const grads = [
      [0.1, -0.2, 0.3],
      [0.05, 0.4, -0.1],
      [-0.3, 0.2, 0],
    ];
    const close = { relative: 3e-7 };
    const ordinary = { lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 };
    expectClose(sgd(p, grads, { lr: 0.1 }), [1.01499999, -2.03999996, 0.479999989], close, 'SGD');
    expectClose(sgd(p, grads, ordinary), [0.98607254, -2.02160454, 0.433236599], close, 'SGD with momentum');
    const nesterov = { lr: 0.1, momentum: 0.9, nesterov: true, maximize: true };
    expectClose(sgd(p, grads, nesterov), [0.990940094, -1.92238009, 0.576069951], close, 'SGD, Nesterov');
    expectClose(adam(p, grads, { lr: 0.01 }), [0.98415041, -1.99885345, 0.482904136], close, 'Adam');
    const ams = { lr: 0.01, weightDecay: 0.1, amsgrad: true, beta1: 0.8, beta2: 0.9 };
    expectClose(adam(p, grads, ams), [0.979192197, -1.9864012, 0.480523288], close, 'Adam, amsgrad');
    const decoupled = { lr: 0.01, weightDecay: 0.1, decoupled: true, maximize: true, epsilon: 1e-6 };
    expectClose(adam(p, grads, decoupled), [1.0128231, -1.99513638, 0.515573323], close, 'AdamW, maximize');
  });

  test('sgd of some rows gives the bits of the whole where the gradient is not 0, steps each row once, and touches no other row', () => {
    for (const [rows, inner, count] of [
      [1, 1, 3],
      [7, 3, 5],
      [40, 4, 40],
      [9, 17, 30],
      [300, 33, 90],
      [5, 8, 0],
    ] as const) {
      for (const offset of [0, 1]) {
        const at = randomInts(count, rows, 0, rows);
        const isTouched = (i: number) => at.includes(Math.floor(i / inner));
        const start = randomFloats(rows * inner, 1).map((x, i) => (isTouched(i) ? x : NaN));
        const gradient = randomFloats(rows * inner, 2).map((x, i) => (isTouched(i) ? x : 0));
        const run = (byRows: boolean, flags: number) =>
          inSandbox(executor, (box) => {
            const [param, grad] = [box.put(start, 'float32', offset), box.put(gradient, 'float32', offset + 1)];
            const index = box.put(at, 'int32', offset);
            const marks = box.put(
              Array.from({ length: rows }, (_, row) => at.lastIndexOf(row)),
              'int32',
              offset + 2,
            );
            const settings = box.put([0.1, 0, 1, 0]);
            const given = byRows && count > 0 ? { index, marks, count, inner } : allRows;
            const operands = { param, grad, velocity: 0, settings, n: rows * inner, flags };
            encodeSgd(executor.program, { ...operands, ...given });
            box.run(`sgd of ${count} of ${rows} rows`);
            return box.floats(param);
          });
        for (const flags of [0, 2]) expect(run(true, flags)).toEqual(run(false, flags));
      }
    }
  });

  test('an infinite parameter without weight decay stays infinite; a NaN gradient only affects its element', () => {
    expect(sgd([Infinity, 1], [[1, NaN]], { lr: 0.5 })).toEqual([Infinity, NaN]);
    expect(adam([Infinity, 1, 2], [[1, NaN, 0]], { lr: 0.5 })).toEqual([Infinity, NaN, 2]);
  });
});
