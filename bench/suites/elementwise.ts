/** One operation on a million floats, where memory and the exponential function dominate. */
import { matches } from '../harness/check.ts';
import { uniform } from '../harness/random.ts';
import type { Task } from '../harness/types.ts';
import { jaxJs } from '../peers/jax.ts';
import { mlMatrix } from '../peers/mlMatrix.ts';
import { numpyTs } from '../peers/numpyTs.ts';
import { onnxRuntime } from '../peers/onnx.ts';
import { plain, plainElementwise } from '../peers/plain.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafTensor } from '../peers/saraf.ts';
import { tfjsCpu, tfjsWasm } from '../peers/tfjs.ts';
import type { ElementwiseOp, Library } from '../peers/types.ts';
import type { SuitePlan } from './types.ts';

const SIDE = 1000;

const titles: Record<ElementwiseOp, string> = {
  sigmoid: 'sigmoid',
  exp: 'exp',
  tanh: 'tanh',
  log: 'log',
  relu: 'relu',
  add: 'add',
  addRow: 'add a row vector',
  softmax: 'softmax of rows',
  sum: 'sum',
};

export function elementwiseTask(op: ElementwiseOp, libraries: Map<string, Library>): Task {
  const positive = op === 'log' || op === 'sum';
  const problem = {
    op,
    rows: SIDE,
    cols: SIDE,
    x: uniform(SIDE * SIDE, positive ? 0.01 : -5, 5, 3),
    other: uniform(op === 'addRow' ? SIDE : SIDE * SIDE, -5, 5, 4),
  };
  const contenders = [...libraries].flatMap(([name, { elementwise: offer }]) =>
    offer === undefined ? [] : [{ name, setup: () => offer(problem) }],
  );
  return { name: titles[op], contenders, check: matches(plainElementwise(problem)) };
}

export const elementwise: SuitePlan = {
  name: 'elementwise',
  title: 'Elementwise operations and reductions, 1000×1000 floats',
  notes: [
    '`saraf` is `saraf/kernels` into an array from `alloc` (tensors for log and for adding a row), `saraf tensor` makes a new tensor in each call, as all peers except the plain loops do.',
    'onnxruntime-web copies its inputs in and its output out in each run; its interface offers no way to avoid that.',
  ],
  peers: [saraf, sarafTensor, tfjsWasm, onnxRuntime, jaxJs, numpyTs, tfjsCpu, mlMatrix, plain, pytorch],
  tasks: (libraries) => (Object.keys(titles) as ElementwiseOp[]).map((op) => elementwiseTask(op, libraries)),
};
