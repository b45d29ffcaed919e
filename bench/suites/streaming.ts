/** Inference of a recurrent layer step by step, as data comes in. */
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import { streamingTasks } from './networks.ts';
import type { SuitePlan } from './types.ts';

export const streaming: SuitePlan = {
  name: 'streaming',
  title: 'One step of a recurrent layer',
  notes: ['Without gradients, from zero states, from the call to its result.'],
  peers: [saraf, sarafCompiled, pytorch],
  tasks: streamingTasks,
};
