/** A training step of the smallest network of all: it measures the cost of calls, not of arithmetic. */
import { brainJs } from '../peers/brain.ts';
import { jaxJs } from '../peers/jax.ts';
import { plain } from '../peers/plain.ts';
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled, sarafReference } from '../peers/saraf.ts';
import { tfjsCpu, tfjsWasm } from '../peers/tfjs.ts';
import { trainingTask, xor } from './training.ts';
import type { SuitePlan } from './types.ts';

export const xorStep: SuitePlan = {
  name: 'xor-step',
  title: 'Training step of a 2-3-1 network on XOR',
  notes: [
    'Batch 4, tanh then sigmoid, mean squared error, SGD with lr 0.1: forward, backward and update; the loss is not read.',
    'brain.js makes one pass over the four examples with an update after each: a different computation, listed only for its time.',
  ],
  peers: [saraf, sarafCompiled, sarafReference, tfjsWasm, jaxJs, tfjsCpu, brainJs, plain, pytorch],
  tasks: (libraries) => [trainingTask('2-3-1, batch 4', xor, libraries)],
};
