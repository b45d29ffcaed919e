/** Embeddings: rows of a table, forward, backward, and the optimizer's step. */
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import { embeddingTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

/** Words of a small batch: fewer than the rows of the smallest table. */
const FEW: [number, number] = [10, 50];

export const embedding: SuitePlan = {
  name: 'embedding',
  title: 'Training step of an embedding',
  notes: [
    'Forward, backward of the mean, and the optimizer’s step. PyTorch’s gradients are dense, its default.',
    'saraf’s SGD works only on the rows looked up: the same 500 cost as much in a table of any size. Adam changes all rows.',
  ],
  peers: [saraf, sarafCompiled, pytorch],
  tasks: (libraries) => [
    ...[1000, 10_000, 100_000].map((rows) => embeddingTask(rows, 'sgd', libraries, FEW)),
    ...[10_000, 100_000].flatMap((rows) =>
      (['sgd', 'adam'] as const).map((make) => embeddingTask(rows, make, libraries)),
    ),
  ],
};
