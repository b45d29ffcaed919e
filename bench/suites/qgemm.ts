/** Products of int8 matrices, as in quantized networks: weights n×k, exact sums as int32. */
import { join } from 'node:path';
import { differs } from '../harness/check.ts';
import { generator } from '../harness/random.ts';
import type { Contender, Numbers, Prepared, Task } from '../harness/types.ts';
import { benchFolder, load } from '../peers/load.ts';
import { saraf } from '../peers/saraf.ts';
import type { SuitePlan } from './types.ts';

type Kernels = typeof import('../../bindings/kernels/index.ts');

interface Problem {
  m: number;
  n: number;
  k: number;
  a: Int8Array;
  /** n×k. */
  b: Int8Array;
}

/** The loops that one writes without a library, in the order that walks A and B along their rows. */
function plainLoop({ m, n, k, a, b }: Problem, c: Int32Array): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[j * k + p]!;
      c[i * n + j] = sum;
    }
  }
}

function outputOf(run: () => void, c: Int32Array | Float32Array): Numbers {
  run();
  return c.slice();
}

async function integers(problem: Problem): Promise<Prepared> {
  const { qgemm } = await load<Kernels>(join(benchFolder, '..', 'bindings/kernels/index.ts'));
  const c = new Int32Array(problem.m * problem.n);
  const run = () => qgemm({ ...problem, c, transB: true });
  return { run, output: () => outputOf(run, c) };
}

async function floats({ m, n, k, a, b }: Problem): Promise<Prepared> {
  const { gemm, alloc, free } = await load<Kernels>(join(benchFolder, '..', 'bindings/kernels/index.ts'));
  const arrays = [alloc(m * k), alloc(n * k), alloc(m * n)] as const;
  const [fa, fb, c] = arrays;
  fa.set(a);
  fb.set(b);
  const run = () => gemm({ m, n, k, a: fa, b: fb, c, transB: true });
  return { run, output: () => outputOf(run, c), dispose: () => arrays.forEach((array) => void free(array)) };
}

function taskOf([m, k, n]: readonly [number, number, number]): Task {
  const random = generator(m + n);
  const bytes = (count: number) => Int8Array.from({ length: count }, () => Math.floor(random() * 256) - 128);
  const problem = { m, n, k, a: bytes(m * k), b: bytes(n * k) };
  const exact = new Int32Array(m * n);
  const contenders: Contender[] = [
    { name: 'saraf', setup: () => integers(problem) },
    { name: 'saraf gemm float32', setup: () => floats(problem) },
    { name: 'plain loops', setup: () => ({ run: () => plainLoop(problem, exact) }) },
  ];
  const check = (c: ArrayLike<number>) => {
    plainLoop(problem, exact);
    return differs(c, exact);
  };
  return { name: `${m}×${k} · ${k}×${n}`, flops: 2 * m * n * k, contenders, check };
}

export const qgemm: SuitePlan = {
  name: 'qgemm',
  title: 'Matrix product of int8',
  notes: [
    '`saraf` is `qgemm` of `saraf/kernels` on ordinary Int8Arrays, copied in and out, into an Int32Array.',
    'The float32 product works on arrays from `alloc`; its sums are exact only up to 2²⁴.',
  ],
  peers: [saraf],
  tasks: () =>
    (
      [
        [1, 512, 512],
        [64, 784, 128],
        [512, 512, 512],
      ] as const
    ).map(taskOf),
};
