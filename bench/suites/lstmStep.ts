/** Training steps of recurrent layers on sequences of numbers. */
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import { tfjsWasm } from '../peers/tfjs.ts';
import { recurrentStepTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

export const lstmStep: SuitePlan = {
  name: 'lstm-step',
  title: 'Training step of a recurrent layer',
  notes: [
    'One input and 50 units, 50 steps, batch 950; the last output goes through a linear layer to one number. Mean squared error, Adam.',
    'tfjs-wasm computes the layer step by step from its operations, as its own layers do, with PyTorch’s two biases.',
  ],
  peers: [saraf, sarafCompiled, tfjsWasm, pytorch],
  tasks: (libraries) => (['lstm', 'gru', 'rnn'] as const).map((model) => recurrentStepTask(model, libraries)),
};
