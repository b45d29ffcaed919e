/** A training step of a convolutional network for digits. */
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import { cnnStepTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

export const cnnStep: SuitePlan = {
  name: 'cnn-step',
  title: 'Training step of a convolutional network',
  notes: [
    'Three blocks of 3×3 convolution, ReLU and 2×2 max-pooling with 32, 64 and 128 channels on 28×28 images, then a linear layer; batch 64, cross-entropy, Adam.',
    'tfjs-wasm cannot take part: it has no kernel for the gradient of a convolution’s weights (Conv2DBackpropFilter).',
  ],
  peers: [saraf, sarafCompiled, pytorch],
  tasks: (libraries) => [cnnStepTask(libraries)],
};
