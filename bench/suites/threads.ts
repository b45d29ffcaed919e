/** Two threads against one: the same programs, the same bits. */
import { matches } from '../harness/check.ts';
import { generator, uniform } from '../harness/random.ts';
import type { Task } from '../harness/types.ts';
import { plainElementwise } from '../peers/plain.ts';
import { sarafThreads } from '../peers/saraf.ts';
import type { ElementwiseOp, Library, TrainProblem } from '../peers/types.ts';
import { convTask, same } from './conv.ts';
import { gemmTask } from './gemm.ts';
import { cnnStepTask, recurrentStepTask, resnet18Task, sentimentStepTask } from './networks.ts';
import { dense, trainingTask, xor } from './training.ts';
import type { SuitePlan } from './types.ts';

const [ROWS, COLS] = [4096, 1024];
const BATCH = 256;
const CLASSES = 10;

function elementwiseTask(op: ElementwiseOp, libraries: Map<string, Library>): Task {
  const problem = {
    op,
    rows: ROWS,
    cols: COLS,
    x: uniform(ROWS * COLS, -5, 5, 3),
    other: uniform(ROWS * COLS, -5, 5, 4),
  };
  const contenders = [...libraries].flatMap(([name, { elementwise: offer }]) =>
    offer === undefined ? [] : [{ name, setup: () => offer(problem) }],
  );
  return { name: `${op}, 4M floats`, contenders, check: matches(plainElementwise(problem)) };
}

function mlp(): TrainProblem {
  const next = generator(6);
  return {
    layers: dense([784, 512, 512, CLASSES], ['relu', 'relu', undefined]),
    batch: BATCH,
    x: uniform(BATCH * 784, 0, 1, 5),
    lr: 0.1,
    loss: { kind: 'crossEntropy', labels: Int32Array.from({ length: BATCH }, () => next() * CLASSES) },
  };
}

export const threads: SuitePlan = {
  name: 'threads',
  title: 'Two threads against one',
  notes: [
    '`saraf` runs on two threads here. Training steps are compiled. The XOR step is too small to share: it stays on one thread.',
  ],
  peers: [sarafThreads('saraf', 2), sarafThreads('saraf, 1 thread', 1)],
  tasks: (libraries) => [
    gemmTask([1024, 1024, 1024], 'NN', libraries),
    trainingTask('784-512-512-10, batch 256', mlp(), libraries),
    ...(['add', 'exp', 'softmax', 'sum'] as const).map((op) => elementwiseTask(op, libraries)),
    convTask(same(56, 64), libraries),
    cnnStepTask(libraries),
    resnet18Task(1, libraries),
    recurrentStepTask('lstm', libraries),
    sentimentStepTask(libraries),
    trainingTask('2-3-1, batch 4', xor, libraries),
  ],
};
