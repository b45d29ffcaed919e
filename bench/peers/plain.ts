/** Plain JavaScript loops on Float32Arrays, as written without a library. The network computes in doubles. */
import { PlainMlp } from './plainMlp.ts';
import { CHECKED_STEPS, type ElementwiseOp, type ElementwiseProblem, type GemmProblem, type Peer } from './types.ts';

/** The triple loop, in the order that walks B and C along their rows. */
function gemmLoop({ m, n, k, transA, transB, a, b }: GemmProblem, c: Float32Array): void {
  const [aRow, aCol] = transA ? [1, m] : [k, 1];
  c.fill(0);
  for (let i = 0; i < m; i++) {
    const start = i * n;
    for (let p = 0; p < k; p++) {
      const left = a[i * aRow + p * aCol]!;
      if (transB) for (let j = 0; j < n; j++) c[start + j]! += left * b[j * k + p]!;
      else for (let j = 0; j < n; j++) c[start + j]! += left * b[p * n + j]!;
    }
  }
}

function softmax({ x, rows, cols }: ElementwiseProblem, y: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    const start = row * cols;
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + cols; i++) if (x[i]! > largest) largest = x[i]!;
    let sum = 0;
    for (let i = start; i < start + cols; i++) {
      const value = Math.exp(x[i]! - largest);
      y[i] = value;
      sum += value;
    }
    for (let i = start; i < start + cols; i++) y[i]! /= sum;
  }
}

type Loop = (problem: ElementwiseProblem, y: Float32Array) => void;

/** Every loop is written out: a shared loop that takes a function would call it indirectly for each element. */
const loops: Record<ElementwiseOp, Loop> = {
  sigmoid: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]!));
  },
  exp: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = Math.exp(x[i]!);
  },
  tanh: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = Math.tanh(x[i]!);
  },
  log: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = Math.log(x[i]!);
  },
  relu: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) {
      const value = x[i]!;
      if (value > 0) y[i] = value;
      else y[i] = 0;
    }
  },
  add: ({ x, other }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = x[i]! + other[i]!;
  },
  addRow: ({ x, other, rows, cols }, y) => {
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < cols; i++) y[row * cols + i] = x[row * cols + i]! + other[i]!;
    }
  },
  softmax,
  sum: ({ x }, y) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += x[i]!;
    y[0] = sum;
  },
};

/** The result in double-precision arithmetic, rounded to float32 at its end. */
export function plainElementwise(problem: ElementwiseProblem): Float32Array {
  const y = new Float32Array(problem.op === 'sum' ? 1 : problem.x.length);
  loops[problem.op](problem, y);
  return y;
}

export const plain: Peer = {
  name: 'plain JS',
  open: () => ({
    version: '',
    note: 'one thread, plain loops; networks in float64',
    gemm: (problem) => {
      const c = new Float32Array(problem.m * problem.n);
      return {
        run: () => gemmLoop(problem, c),
        output: () => {
          gemmLoop(problem, c);
          return c;
        },
      };
    },
    elementwise: (problem) => {
      const y = plainElementwise(problem);
      const loop = loops[problem.op];
      return { run: () => loop(problem, y), output: () => y };
    },
    train: (problem) => {
      const network = new PlainMlp(problem);
      return {
        run: () => network.step(),
        output: () => Array.from({ length: CHECKED_STEPS }, () => network.step()),
      };
    },
  }),
};
