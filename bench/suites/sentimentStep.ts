/** A training step of a classifier of sentences, on one thread and on two. */
import { pytorch, pytorchThreads } from '../peers/pytorch.ts';
import { sarafThreads } from '../peers/saraf.ts';
import { sentimentStepTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

export const sentimentStep: SuitePlan = {
  name: 'sentiment-step',
  title: 'Training step of a classifier of sentences',
  notes: [
    'An embedding of 10,000 words in 128 dimensions, an LSTM of 128 units over 200 words, and its last output through a linear layer to one logit; batch 64, binary cross-entropy, Adam.',
    '`saraf` is compiled, on one thread.',
  ],
  peers: [
    sarafThreads('saraf', 1),
    sarafThreads('saraf, 2 threads', 2),
    pytorch,
    pytorchThreads('PyTorch, 2 threads', 2),
  ],
  tasks: (libraries) => [sentimentStepTask(libraries)],
};
