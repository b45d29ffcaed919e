/** ResNet18, whole, as it is used to classify photographs. */
import { pytorch } from '../peers/pytorch.ts';
import { saraf, sarafCompiled } from '../peers/saraf.ts';
import { resnet18Task } from './networks.ts';
import type { SuitePlan } from './types.ts';

export const resnet18: SuitePlan = {
  name: 'resnet18',
  title: 'ResNet18 inference',
  notes: ['Evaluation mode, 1,000 classes, the same weights everywhere.'],
  peers: [saraf, sarafCompiled, pytorch],
  tasks: (libraries) => [resnet18Task(1, libraries)],
};
