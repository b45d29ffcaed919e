/** The common parts of the suites of training steps: seeded networks, and the check of their first losses. */
import { differs } from '../harness/check.ts';
import { uniform } from '../harness/random.ts';
import type { Numbers, Task } from '../harness/types.ts';
import { PlainMlp } from '../peers/plainMlp.ts';
import { type Activation, CHECKED_STEPS, type DenseLayer, type Library, type TrainProblem } from '../peers/types.ts';

/** Below this a step is all overhead, and a speed in GFLOP/s says nothing. */
const LEAST_FLOPS = 1e6;

/** Layers with PyTorch's initial range, ±1/√inputs. */
export function dense(sizes: number[], activations: (Activation | undefined)[]): DenseLayer[] {
  return activations.map((activation, i) => {
    const [inputs, outputs] = [sizes[i]!, sizes[i + 1]!];
    const bound = 1 / Math.sqrt(inputs);
    const weight = uniform(inputs * outputs, -bound, bound, 10 + 2 * i);
    return { inputs, outputs, weight, bias: uniform(outputs, -bound, bound, 11 + 2 * i), activation };
  });
}

/** The smallest network of all, on the four examples of XOR. */
export const xor: TrainProblem = {
  layers: dense([2, 3, 1], ['tanh', 'sigmoid']),
  batch: 4,
  x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1),
  lr: 0.1,
  loss: { kind: 'mse', targets: Float32Array.of(0, 1, 1, 0) },
};

/** Forward and backward products of all layers; the first layer needs no gradient of its input. */
function flopsOf({ layers, batch }: TrainProblem): number {
  return layers.reduce((sum, { inputs, outputs }, i) => sum + 2 * batch * inputs * outputs * (i === 0 ? 2 : 3), 0);
}

/** The losses must be right, and so must their decrease, which a wrong gradient would change. */
function checkOf(problem: TrainProblem): (losses: Numbers) => string | undefined {
  const network = new PlainMlp(problem);
  const wanted = Array.from({ length: CHECKED_STEPS }, () => network.step());
  const decreases = (losses: Numbers) => Array.from(losses).map((loss) => losses[0]! - loss);
  return (losses) => {
    const wrong = differs(losses, wanted) ?? differs(decreases(losses), decreases(wanted));
    return wrong && `loss of step ${wrong.replace(/^element /, '')}`;
  };
}

export function trainingTask(name: string, problem: TrainProblem, libraries: Map<string, Library>): Task {
  const contenders = [...libraries].flatMap(([peer, { train }]) =>
    train === undefined ? [] : [{ name: peer, setup: () => train(problem) }],
  );
  const flops = flopsOf(problem);
  return { name, ...(flops >= LEAST_FLOPS && { flops }), contenders, check: checkOf(problem) };
}
