/** Matrix products: the sizes of training steps, the four layouts of operands, and small cubes. */
import { differs } from '../harness/check.ts';
import { uniform } from '../harness/random.ts';
import type { Numbers, Task } from '../harness/types.ts';
import { jaxJs } from '../peers/jax.ts';
import { mlMatrix } from '../peers/mlMatrix.ts';
import { numpyTs } from '../peers/numpyTs.ts';
import { onnxRuntime } from '../peers/onnx.ts';
import { plain } from '../peers/plain.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafReference, sarafTensor } from '../peers/saraf.ts';
import { tfjsCpu, tfjsWasm } from '../peers/tfjs.ts';
import type { GemmProblem, Library } from '../peers/types.ts';
import type { SuitePlan } from './types.ts';

/** Checked elements of C: all of them in small products, evenly spread ones in large products. */
const CHECKED = 4096;
/** Slow peers sit out this size: a call takes them seconds, and would show nothing that the smaller sizes do not. */
const LARGE = 1024;
const slow = new Set([tfjsCpu.name, mlMatrix.name, plain.name]);

const cube = (size: number): [number, number, number] => [size, size, size];
const shapes: { size: [m: number, k: number, n: number]; layouts: string[] }[] = [
  ...[4, 8, 16, 32].map((size) => ({ size: cube(size), layouts: ['NN'] })),
  { size: [64, 784, 128], layouts: ['NN'] },
  { size: [64, 1600, 128], layouts: ['NN'] },
  { size: [128, 784, 128], layouts: ['NN'] },
  { size: cube(512), layouts: ['NN', 'NT', 'TN', 'TT'] },
  { size: cube(LARGE), layouts: ['NN', 'NT', 'TN', 'TT'] },
];

function checkOf({ m, n, k, transA, transB, a, b }: GemmProblem): (c: Numbers) => string | undefined {
  const stride = Math.max(1, Math.floor((m * n) / CHECKED)) | 1;
  const at = (i: number) => i * stride;
  let wanted: Float64Array | undefined;
  const compute = () =>
    Float64Array.from({ length: Math.ceil((m * n) / stride) }, (_, i) => {
      const row = Math.floor(at(i) / n);
      const col = at(i) % n;
      let sum = 0;
      for (let p = 0; p < k; p++)
        sum += a[transA ? p * m + row : row * k + p]! * b[transB ? col * k + p : p * n + col]!;
      return sum;
    });
  return (c) => {
    wanted ??= compute();
    return c.length === m * n ? differs(c, wanted, at) : `${c.length} elements, should be ${m * n}`;
  };
}

export function gemmTask([m, k, n]: [number, number, number], layout: string, libraries: Map<string, Library>): Task {
  const [transA, transB] = [layout[0] === 'T', layout[1] === 'T'];
  const problem = { m, n, k, transA, transB, a: uniform(m * k, -1, 1, 1), b: uniform(k * n, -1, 1, 2) };
  const contenders = [...libraries].flatMap(([name, library]) => {
    const offer = library.gemm;
    if (offer === undefined || (m === LARGE && slow.has(name))) return [];
    return [{ name, setup: () => offer(problem) }];
  });
  return { name: `${m}×${k} · ${k}×${n} ${layout}`, flops: 2 * m * n * k, contenders, check: checkOf(problem) };
}

export const gemm: SuitePlan = {
  name: 'gemm',
  title: 'Matrix product',
  notes: [
    'A is m×k, B is k×n; N is stored as it is multiplied, T is stored transposed.',
    '`saraf` is `gemm` of `saraf/kernels` on arrays from `alloc`, `saraf tensor` is `a.matmul(b)`.',
    'tfjs-cpu, ml-matrix and the plain loops sit out 1024, where they take seconds; `saraf reference` stops at 512.',
    'The peak loop does multiply-adds on registers only: no SIMD code of that build can be faster on that engine.',
  ],
  peers: [saraf, sarafTensor, sarafReference, tfjsWasm, onnxRuntime, jaxJs, numpyTs, tfjsCpu, mlMatrix, plain, pytorch],
  peak: true,
  tasks: (libraries) =>
    shapes.flatMap(({ size, layouts }) => layouts.map((layout) => gemmTask(size, layout, libraries))),
};
