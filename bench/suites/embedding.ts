/** Embeddings: rows of a table, forward, backward, and the optimizer's step. */
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import { embeddingTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

export const embedding: SuitePlan = {
  name: 'embedding',
  title: 'Training step of an embedding',
  notes: [
    'Forward, backward of the mean, and the step of the optimizer. Gradients are dense on both sides, so a step costs as much as the table is large.',
  ],
  peers: [saraf, sarafCompiled, pytorch],
  tasks: (libraries) =>
    [10_000, 100_000].flatMap((rows) => (['sgd', 'adam'] as const).map((make) => embeddingTask(rows, make, libraries))),
};
