/** The same work on each version of Node: engines differ in their WebAssembly. */
import { plain } from '../peers/plain.ts';
import { sarafThreads } from '../peers/saraf.ts';
import { convTask, same } from './conv.ts';
import { elementwiseTask } from './elementwise.ts';
import { gemmTask } from './gemm.ts';
import { mlpStepTask } from './mlpStep.ts';
import { cnnStepTask, recurrentStepTask } from './networks.ts';
import { trainingTask, xor } from './training.ts';
import type { SuitePlan } from './types.ts';

export const runtimes: SuitePlan = {
  name: 'runtimes',
  title: 'Versions of Node',
  notes: [
    '`saraf` is compiled where it trains, on one thread. Node 20 has no relaxed SIMD, and so no fused multiply-add.',
  ],
  nodes: ['20', '22', '24', '26'],
  peers: [sarafThreads('saraf', 1), plain],
  peak: true,
  tasks: (libraries) => [
    gemmTask([512, 512, 512], 'NN', libraries),
    elementwiseTask('tanh', libraries),
    convTask(same(56, 64), libraries),
    mlpStepTask(64, libraries),
    cnnStepTask(libraries),
    recurrentStepTask('lstm', libraries),
    trainingTask('2-3-1, batch 4', xor, libraries),
  ],
};
