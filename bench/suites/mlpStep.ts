/** A training step of a small network for digits, the daily work of a deep learning library. */
import { generator, uniform } from '../harness/random.ts';
import type { Task } from '../harness/types.ts';
import { jaxJs } from '../peers/jax.ts';
import { plain } from '../peers/plain.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled, sarafReference } from '../peers/saraf.ts';
import { tfjsCpu, tfjsWasm } from '../peers/tfjs.ts';
import type { Library } from '../peers/types.ts';
import { dense, trainingTask } from './training.ts';
import type { SuitePlan } from './types.ts';

const BATCH = 64;
const INPUTS = 784;
const CLASSES = 10;

/** A training step on a batch of digits. */
export function mlpStepTask(batch: number, libraries: Map<string, Library>): Task {
  const next = generator(6);
  const problem = {
    layers: dense([INPUTS, 128, 64, CLASSES], ['relu', 'relu', undefined]),
    batch,
    x: uniform(batch * INPUTS, 0, 1, 5),
    lr: 0.1,
    loss: { kind: 'crossEntropy' as const, labels: Int32Array.from({ length: batch }, () => next() * CLASSES) },
  };
  return trainingTask(`784-128-64-10, batch ${batch}`, problem, libraries);
}

export const mlpStep: SuitePlan = {
  name: 'mlp-step',
  title: 'Training step of a 784-128-64-10 network',
  notes: [
    'Batch 64, ReLU, softmax cross-entropy, SGD with lr 0.1: forward, backward and update; the loss is not read.',
    'GFLOP/s count the matrix products only. jax-js runs the step through `jit`; brain.js has no such loss.',
  ],
  peers: [saraf, sarafCompiled, sarafReference, tfjsWasm, jaxJs, tfjsCpu, plain, pytorch],
  tasks: (libraries) => [mlpStepTask(BATCH, libraries)],
};
