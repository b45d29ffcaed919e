/** Training steps as compiled programs: the gain of recording, planning and one call into the kernels over eager code. */
import { uniform } from '../harness/random.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import type { TrainProblem } from '../peers/types.ts';
import { dense, trainingTask, xor } from './training.ts';
import type { SuitePlan } from './types.ts';

const AUTOENCODER_BATCH = 128;
const DEEP_BATCH = 256;
const WIDTH = 512;
const LAYERS = 8;

const inputs = uniform(AUTOENCODER_BATCH * 784, 0, 1, 5);
const autoencoder: TrainProblem = {
  layers: dense([784, 128, 32, 128, 784], ['relu', 'relu', 'relu', 'sigmoid']),
  batch: AUTOENCODER_BATCH,
  x: inputs,
  lr: 1e-3,
  optimizer: 'adam',
  loss: { kind: 'mse', targets: inputs },
};
const deep: TrainProblem = {
  layers: dense(new Array<number>(LAYERS + 1).fill(WIDTH), new Array<'relu'>(LAYERS).fill('relu')),
  batch: DEEP_BATCH,
  x: uniform(DEEP_BATCH * WIDTH, -1, 1, 6),
  lr: 0.1,
  loss: { kind: 'mse', targets: uniform(DEEP_BATCH * WIDTH, 0, 1, 7) },
};
export const programs: SuitePlan = {
  name: 'programs',
  title: 'Compiled training steps',
  notes: ['`saraf` is eager code, `saraf compiled` the same function through `compile`. One thread.'],
  peers: [saraf, sarafCompiled, pytorch],
  tasks: (libraries) => [
    trainingTask('2-3-1, batch 4, SGD', xor, libraries),
    trainingTask('autoencoder 784-128-32-128-784, batch 128, Adam', autoencoder, libraries),
    trainingTask('8 layers of 512, batch 256, SGD', deep, libraries),
  ],
};
