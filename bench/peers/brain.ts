/**
 * brain.js, the classic of networks in JavaScript: online updates, one example at a time, in plain JavaScript, with one
 * activation for all layers. A batch is a pass over its examples. That is a different algorithm, so its result is not
 * compared; it has no softmax cross-entropy, so it takes part only where the loss is the squared error.
 */
import { load, versionOf } from './load.ts';
import { inputSize, outputSize, type Peer } from './types.ts';

interface Pattern {
  input: Float32Array;
  output: Float32Array;
}
interface Brain {
  default: {
    NeuralNetwork: new (
      options: object,
    ) => { sizes: number[]; initialize(): void; trainPattern(pattern: Pattern): void };
  };
}

export const brainJs: Peer = {
  name: 'brain.js',
  open: async () => {
    const { NeuralNetwork } = (await load<Brain>('brain.js')).default;
    return {
      version: versionOf('brain.js'),
      note: 'one thread, plain JavaScript; momentum 0.1, updates after every example, sigmoid in all layers: not the same algorithm',
      train: (problem) => {
        const { layers, batch, loss, lr, x } = problem;
        if (loss.kind !== 'mse') return undefined;
        const inputs = inputSize(problem);
        const outputs = outputSize(problem);
        const network = new NeuralNetwork({ activation: 'sigmoid', learningRate: lr });
        network.sizes = [inputs, ...layers.map((layer) => layer.outputs)];
        network.initialize();
        const patterns = Array.from({ length: batch }, (_, i) => ({
          input: x.slice(i * inputs, (i + 1) * inputs),
          output: loss.targets.slice(i * outputs, (i + 1) * outputs),
        }));
        return {
          run: () => {
            for (const pattern of patterns) network.trainPattern(pattern);
          },
        };
      },
    };
  },
};
