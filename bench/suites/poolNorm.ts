/** Pooling and batch normalisation of images. */
import { matches } from '../harness/check.ts';
import { uniform } from '../harness/random.ts';
import type { Task } from '../harness/types.ts';
import { plainPlanes } from '../peers/plainPlanes.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafTensor } from '../peers/saraf.ts';
import { tfjsWasm } from '../peers/tfjs.ts';
import type { Library, PlanesProblem } from '../peers/types.ts';
import type { SuitePlan } from './types.ts';

const pooled = { batch: 64, channels: 32, height: 26, width: 26 };
const normalized = { batch: 64, channels: 64, height: 14, width: 14 };

const problems: [title: string, op: PlanesProblem['op'], sizes: typeof pooled][] = [
  ['max pooling 2×2 of 64×32×26×26', 'maxPool', pooled],
  ['the same, forward and backward', 'maxPoolTraining', pooled],
  ['batch normalisation of 64×64×14×14 in training, forward and backward', 'batchNormTraining', normalized],
];

function task(name: string, problem: PlanesProblem, libraries: Map<string, Library>): Task {
  const contenders = [...libraries].flatMap(([peer, { planes: offer }]) =>
    offer === undefined ? [] : [{ name: peer, setup: () => offer(problem) }],
  );
  return { name, contenders, check: matches(plainPlanes(problem)) };
}

export const poolNorm: SuitePlan = {
  name: 'pool-norm',
  title: 'Pooling and normalisation',
  notes: [
    '`saraf` is `saraf/kernels` for the forward pass, tensors for training. tfjs pools channels-last, and gets its input in that layout.',
  ],
  peers: [saraf, sarafTensor, tfjsWasm, pytorch],
  tasks: (libraries) =>
    problems.map(([title, op, sizes]) => {
      const n = sizes.batch * sizes.channels * sizes.height * sizes.width;
      return task(title, { op, ...sizes, x: uniform(n, -1, 1, 7), g: uniform(n, -1, 1, 8) }, libraries);
    }),
};
