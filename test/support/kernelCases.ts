/**
 * Every kernel of saraf/kernels with random options, and its expected output, by plain loops in float64. One table for
 * all tests of all kernels: arguments, arrays of every kind, random sequences.
 */
import type * as kernels from '../../bindings/kernels/index.ts';
import {
  activations,
  bytes,
  type Floats,
  floats,
  from,
  type KernelCase,
  pick,
  type Results,
  sigmoid,
  someActivation,
} from './kernelCase.ts';
import { convolution, im2col, pooling } from './kernelWindows.ts';

export type KernelName = Exclude<
  {
    [K in keyof typeof kernels]: (typeof kernels)[K] extends (options: never) => unknown ? K : never;
  }[keyof typeof kernels],
  'alloc' | 'free' | 'init'
>;

/** erf by its series, which converges for the arguments used here. */
function erf(x: number): number {
  let [sum, term] = [x, x];
  for (let i = 1; i < 100; i++) {
    term *= (-x * x) / i;
    sum += term / (2 * i + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function unary(fn: (x: number) => number): KernelCase {
  return {
    make: (random) => {
      const n = random(1, 70);
      return { x: floats(random, n), y: floats(random, n) };
    },
    outputs: ['y'],
    inPlace: [['y', 'x']],
    loops: ({ x }: { x: Floats }) => ({ y: from(x.length, (i) => fn(x[i]!)) }),
  };
}

function binary(fn: (a: number, b: number) => number): KernelCase {
  return {
    make: (random) => {
      const n = random(1, 70);
      return { a: floats(random, n), b: floats(random, n), y: floats(random, n) };
    },
    outputs: ['y'],
    inPlace: [
      ['y', 'a'],
      ['y', 'b'],
    ],
    loops: ({ a, b }: { a: Floats; b: Floats }) => ({ y: from(a.length, (i) => fn(a[i]!, b[i]!)) }),
  };
}

const gemm: KernelCase = {
  make: (random) => {
    const [m, n, k] = [random(1, 9), random(1, 19), random(1, 9)];
    const [transA, transB] = [random(0, 1) === 1, random(0, 1) === 1];
    const [lda, ldb, ldc] = [(transA ? m : k) + random(0, 2), (transB ? k : n) + random(0, 2), n + random(0, 2)];
    return {
      ...{ m, n, k, transA, transB, lda, ldb, ldc, activation: someActivation(random) },
      alpha: pick(random, [1, 0.5]),
      beta: pick(random, [0, 1]),
      a: floats(random, (transA ? k : m) * lda),
      b: floats(random, (transB ? n : k) * ldb),
      c: floats(random, m * ldc),
      bias: floats(random, n),
    };
  },
  outputs: ['c'],
  loops: (o: kernels.GemmOptions) => {
    const c = Array.from(o.c);
    for (let i = 0; i < o.m; i++)
      for (let j = 0; j < o.n; j++) {
        let sum = 0;
        for (let p = 0; p < o.k; p++)
          sum += o.a[o.transA ? p * o.lda! + i : i * o.lda! + p]! * o.b[o.transB ? j * o.ldb! + p : p * o.ldb! + j]!;
        const at = i * o.ldc! + j;
        c[at] = activations[o.activation!](o.alpha! * sum + (o.beta === 0 ? 0 : o.beta! * c[at]!) + o.bias![j]!);
      }
    return { c };
  },
};

const gemv: KernelCase = {
  make: (random) => {
    const [m, n, transA] = [random(1, 20), random(1, 20), random(0, 1) === 1];
    const lda = n + random(0, 2);
    const [rows, inner] = transA ? [n, m] : [m, n];
    const arrays = { a: floats(random, m * lda), x: floats(random, inner), y: floats(random, rows) };
    return { m, n, lda, transA, alpha: pick(random, [1, -2]), beta: pick(random, [0, 1]), ...arrays };
  },
  outputs: ['y'],
  loops: (o: kernels.GemvOptions) => ({
    y: from(o.transA ? o.n : o.m, (i) => {
      const terms = from(o.transA ? o.m : o.n, (p) => o.a[o.transA ? p * o.lda! + i : i * o.lda! + p]! * o.x[p]!);
      return o.alpha! * terms.reduce((a, b) => a + b, 0) + (o.beta === 0 ? 0 : o.beta! * o.y[i]!);
    }),
  }),
};

const softmax: KernelCase = {
  make: (random) => {
    const [rows, cols] = [random(1, 5), random(1, 12)];
    return { rows, cols, x: floats(random, rows * cols), y: floats(random, rows * cols) };
  },
  outputs: ['y'],
  inPlace: [['y', 'x']],
  loops: ({ x, rows, cols }: kernels.SoftmaxOptions) => ({
    y: from(rows * cols, (at) => {
      const row = Array.from(x.subarray(at - (at % cols), at - (at % cols) + cols), Math.exp);
      return row[at % cols]! / row.reduce((a, b) => a + b, 0);
    }),
  }),
};

const layerNorm: KernelCase = {
  make: (random) => {
    const [rows, cols] = [random(1, 5), random(2, 12)];
    const given = { weight: floats(random, cols), bias: floats(random, cols), eps: 0.01 };
    return { rows, cols, ...given, x: floats(random, rows * cols), y: floats(random, rows * cols) };
  },
  outputs: ['y'],
  inPlace: [['y', 'x']],
  loops: ({ x, rows, cols, weight, bias, eps }: kernels.LayerNormOptions) => ({
    y: from(rows * cols, (at) => {
      const row = Array.from(x.subarray(at - (at % cols), at - (at % cols) + cols));
      const mean = row.reduce((a, b) => a + b, 0) / cols;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / cols;
      return ((x[at]! - mean) / Math.sqrt(variance + eps!)) * weight![at % cols]! + bias![at % cols]!;
    }),
  }),
};

const batchNorm: KernelCase = {
  make: (random) => {
    const [batch, channels, spatial] = [random(1, 3), random(1, 4), random(1, 9)];
    const n = batch * channels * spatial;
    const one = () => floats(random, channels);
    const given = { mean: one(), variance: one().map(Math.abs), weight: one(), bias: one(), eps: 0.01 };
    return { batch, channels, spatial, ...given, x: floats(random, n), y: floats(random, n) };
  },
  outputs: ['y'],
  inPlace: [['y', 'x']],
  loops: ({ x, channels, spatial, mean, variance, weight, bias, eps }: kernels.BatchNormOptions) => ({
    y: from(x.length, (at) => {
      const c = Math.floor(at / spatial) % channels;
      return ((x[at]! - mean[c]!) / Math.sqrt(variance[c]! + eps!)) * weight![c]! + bias![c]!;
    }),
  }),
};

const qgemm: KernelCase = {
  make: (random) => {
    const [m, n, k, isFloat] = [random(1, 5), random(1, 7), random(1, 20), random(0, 1) === 1];
    const ints = (length: number) => Int32Array.from({ length }, () => random(-500, 500));
    return {
      ...{ m, n, k, transA: random(0, 1) === 1, transB: random(0, 1) === 1 },
      ...{ aZero: random(-9, 9), bZero: from(n, () => random(-9, 9)) },
      ...(isFloat ? { aScale: 0.5, bScale: from(n, () => random(1, 9)) } : {}),
      ...{ a: bytes(random, m * k), b: bytes(random, k * n), c: isFloat ? floats(random, m * n) : ints(m * n) },
      bias: isFloat ? floats(random, n) : ints(n),
    };
  },
  outputs: ['c'],
  loops: (o: kernels.QgemmOptions & { bZero: number[]; bScale?: number[] }) => ({
    c: from(o.m * o.n, (at) => {
      const [i, j] = [Math.floor(at / o.n), at % o.n];
      let sum = 0;
      for (let p = 0; p < o.k; p++)
        sum +=
          (o.a[o.transA ? p * o.m + i : i * o.k + p]! - o.aZero!) *
          (o.b[o.transB ? j * o.k + p : p * o.n + j]! - o.bZero[j]!);
      return (o.bScale === undefined ? 1 : o.aScale! * o.bScale[j]!) * sum + o.bias![j]!;
    }),
  }),
};

type Cell = kernels.LstmSequenceOptions;

/** The gates of all units: x·W_ihᵀ + b_ih and h·W_hhᵀ + b_hh, separately. */
function gatesOf(o: Cell, x: ArrayLike<number>, h: readonly number[], gates: number): [number[], number[]] {
  const product = (w: Floats, bias: Floats, input: ArrayLike<number>, size: number) =>
    from(gates * o.hiddenSize, (row) => {
      let sum = bias[row]!;
      for (let p = 0; p < size; p++) sum += w[row * size + p]! * input[p]!;
      return sum;
    });
  return [product(o.wIh, o.bIh!, x, o.inputSize), product(o.wHh, o.bHh!, h, o.hiddenSize)];
}

function recurrent(gates: 3 | 4, hasSteps: boolean): KernelCase {
  return {
    make: (random) => {
      const [batch, inputSize, hiddenSize, steps] = [
        random(1, 6),
        random(1, 5),
        random(1, 5),
        hasSteps ? random(1, 3) : 1,
      ];
      const [n, rows] = [gates * hiddenSize, batch * hiddenSize];
      const cells = gates === 4 ? { c: floats(random, rows), cOut: floats(random, rows) } : {};
      return {
        ...{ batch, inputSize, hiddenSize, ...cells, ...(hasSteps ? { steps } : {}) },
        ...{
          x: floats(random, steps * batch * inputSize),
          h: floats(random, rows),
          hOut: floats(random, steps * rows),
        },
        ...{ wIh: floats(random, n * inputSize), wHh: floats(random, n * hiddenSize) },
        ...{ bIh: floats(random, n), bHh: floats(random, n) },
      };
    },
    outputs: gates === 4 ? ['hOut', 'cOut'] : ['hOut'],
    loops: (o: Cell): Results => {
      const units = o.hiddenSize;
      const hOut: number[] = new Array(o.hOut.length);
      const cOut: number[] = [];
      for (let b = 0; b < o.batch; b++) {
        let h = Array.from(o.h.subarray(b * units, (b + 1) * units));
        let c = gates === 4 ? Array.from(o.c.subarray(b * units, (b + 1) * units)) : [];
        for (let step = 0; step < (o.steps ?? 1); step++) {
          const at = (step * o.batch + b) * o.inputSize;
          const [fromX, fromH] = gatesOf(o, o.x.subarray(at, at + o.inputSize), h, gates);
          const gate = (k: number, u: number) => fromX[k * units + u]! + fromH[k * units + u]!;
          if (gates === 4) {
            c = c.map((old, u) => sigmoid(gate(1, u)) * old + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)));
            h = c.map((value, u) => sigmoid(gate(3, u)) * Math.tanh(value));
          } else {
            h = h.map((old, u) => {
              const z = sigmoid(gate(1, u));
              const n = Math.tanh(fromX[2 * units + u]! + sigmoid(gate(0, u)) * fromH[2 * units + u]!);
              return (1 - z) * n + z * old;
            });
          }
          h.forEach((value, u) => {
            hOut[(step * o.batch + b) * units + u] = value;
          });
        }
        cOut.push(...c);
      }
      return gates === 4 ? { hOut, cOut } : { hOut };
    },
  };
}

export const kernelCases: Record<KernelName, KernelCase> = {
  relu: unary(activations.relu),
  sigmoid: unary(sigmoid),
  tanh: unary(Math.tanh),
  exp: unary(Math.exp),
  gelu: unary((x) => (x / 2) * (1 + erf(x / Math.SQRT2))),
  add: binary((a, b) => a + b),
  mul: binary((a, b) => a * b),
  axpy: {
    make: (random) => {
      const n = random(1, 70);
      return { alpha: pick(random, [1, -0.5]), x: floats(random, n), y: floats(random, n) };
    },
    outputs: ['y'],
    loops: ({ alpha, x, y }: kernels.AxpyOptions) => ({ y: from(x.length, (i) => alpha * x[i]! + y[i]!) }),
  },
  sum: {
    make: (random) => ({ x: floats(random, random(1, 70)) }),
    outputs: [],
    loops: ({ x }: { x: Float32Array }) => ({ value: [x.reduce((a, b) => a + b, 0)] }),
  },
  dot: {
    make: (random) => {
      const n = random(1, 70);
      return { x: floats(random, n), y: floats(random, n) };
    },
    outputs: [],
    loops: ({ x, y }: { x: Float32Array; y: Float32Array }) => ({ value: [x.reduce((a, b, i) => a + b * y[i]!, 0)] }),
  },
  gemm,
  gemv,
  conv2d: convolution(false),
  depthwiseConv2d: convolution(true),
  im2col,
  maxPool2d: pooling(true),
  avgPool2d: pooling(false),
  softmax,
  layerNorm,
  batchNorm,
  qgemm,
  gruCell: recurrent(3, false),
  lstmCell: recurrent(4, false),
  lstmSequence: recurrent(4, true),
};
