/** Throughput against batch size: small batches show the cost of a call, large ones that of arithmetic and memory. */
import { plain } from '../peers/plain.ts';
import { pytorch } from '../peers/pytorch.ts';
import { sarafThreads } from '../peers/saraf.ts';
import { tfjsCpu, tfjsWasm } from '../peers/tfjs.ts';
import type { Library } from '../peers/types.ts';
import { mlpStepTask } from './mlpStep.ts';
import { digitsTask } from './networks.ts';
import type { SuitePlan } from './types.ts';

const BATCHES = [1, 8, 32, 128, 512];
/** Above this, convolutions in plain JavaScript take seconds. */
const LARGEST_SLOW = 32;

const without = (name: string, libraries: Map<string, Library>) =>
  new Map([...libraries].filter(([other]) => other !== name));

export const batch: SuitePlan = {
  name: 'batch',
  title: 'Throughput against batch size',
  notes: [
    'MLP is 784-128-64-10, trained by SGD; CNN has three blocks of 3×3 convolution, ReLU and pooling with 32, 64 and 128 channels, trained by Adam.',
    '`saraf` is compiled, on one thread. tfjs infers with its fused operations; tfjs-wasm cannot train a CNN; tfjs-cpu, in plain JavaScript, sits out large batches of images.',
  ],
  peers: [sarafThreads('saraf', 1), sarafThreads('saraf, 2 threads', 2), tfjsWasm, tfjsCpu, plain, pytorch],
  tasks: (libraries) =>
    BATCHES.flatMap((size) => {
      const quick = size > LARGEST_SLOW ? without('tfjs-cpu', libraries) : libraries;
      return [
        { ...mlpStepTask(size, libraries), name: `MLP training, batch ${size}`, samples: size },
        digitsTask('mlp', size, false, libraries),
        digitsTask('cnn', size, true, quick),
        digitsTask('cnn', size, false, quick),
      ];
    }),
};
