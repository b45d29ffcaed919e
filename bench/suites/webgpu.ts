/** A GPU against one core: the product and the training step that are worth it. Only where there is a GPU. */
import { sarafOn, tfjsWebgpu } from '../peers/gpu.ts';
import { gemmTask } from './gemm.ts';
import { cnnStepTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

const LARGEST = 4096;
const BATCH = 1024;

export const webgpu: SuitePlan = {
  name: 'webgpu',
  title: 'A GPU',
  notes: [
    '`saraf` is on the GPU, `saraf, CPU` on one thread. Operands are on the device that computes; a call ends when a result has been read.',
    'Software that stands in for a GPU (SwiftShader, lavapipe) does not take part: the suite is empty without a real one, and says so.',
  ],
  peers: [sarafOn('saraf', 'webgpu', false), sarafOn('saraf, CPU', 'wasm', false), tfjsWebgpu],
  tasks: (libraries) =>
    libraries.has('saraf')
      ? [gemmTask([LARGEST, LARGEST, LARGEST], 'NN', libraries), cnnStepTask(libraries, BATCH)]
      : [],
};
