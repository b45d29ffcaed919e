/** What the suites of whole networks share. */
import { differs } from '../harness/check.ts';
import { generator, uniform } from '../harness/random.ts';
import type { Numbers, Task } from '../harness/types.ts';
import type { NetworkModel, NetworkProblem } from '../peers/network.ts';
import type { Library } from '../peers/types.ts';

const CLASSES = 10;

/** Plain code would take minutes here: each library is compared with the first one that ran. */
function agreement(): (output: Numbers) => string | undefined {
  let first: Numbers | undefined;
  return (output) => {
    first ??= output;
    if (output.length !== first.length) return `${output.length} elements, should be ${first.length}`;
    return differs(output, first);
  };
}

function networkTask(name: string, problem: NetworkProblem, libraries: Map<string, Library>): Task {
  const contenders = [...libraries].flatMap(([peer, { network }]) =>
    network === undefined ? [] : [{ name: peer, setup: () => network(problem) }],
  );
  return { name, contenders, check: agreement() };
}

function problem(
  model: NetworkModel,
  inputShape: NetworkProblem['inputShape'],
  { train = false } = {},
): NetworkProblem {
  const next = generator(6);
  const [batch] = inputShape;
  const labels = Int32Array.from({ length: batch }, () => next() * CLASSES);
  const x = uniform(
    inputShape.reduce((a, b) => a * b),
    -1,
    1,
    5,
  );
  return { model, inputShape, x, lr: 1e-3, ...(train && { labels }) };
}

export const cnnStepTask = (libraries: Map<string, Library>): Task =>
  networkTask('CNN 32-64-128, batch 64, Adam', problem('cnn', [64, 1, 28, 28], { train: true }), libraries);

export const resnet18Task = (batch: number, libraries: Map<string, Library>): Task =>
  networkTask(`ResNet18 ${batch}×3×224×224, inference`, problem('resnet18', [batch, 3, 224, 224]), libraries);
