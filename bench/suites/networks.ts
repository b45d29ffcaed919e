/** The problems of the suites of whole networks. */
import { differs } from '../harness/check.ts';
import { generator, uniform } from '../harness/random.ts';
import type { Numbers, Task } from '../harness/types.ts';
import type { NetworkModel, NetworkProblem } from '../peers/network.ts';
import type { Library } from '../peers/types.ts';

const CLASSES = 10;

/** Plain code would take minutes here, so each library is compared with the first one that ran. */
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

const LR = 1e-3;

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b);
const reals = (shape: readonly number[]) => uniform(sizeOf(shape), -1, 1, 5);

function integers(n: number, below: number): Int32Array {
  const next = generator(6);
  return Int32Array.from({ length: n }, () => next() * below);
}

function problem(
  model: NetworkModel,
  inputShape: NetworkProblem['inputShape'],
  more: Partial<NetworkProblem> = {},
): NetworkProblem {
  return { model, inputShape, x: reals(inputShape), lr: LR, ...more };
}

export function cnnStepTask(libraries: Map<string, Library>, batch = 64): Task {
  const loss = { kind: 'crossEntropy' as const, labels: integers(batch, CLASSES) };
  return networkTask(`CNN 32-64-128, batch ${batch}, Adam`, problem('cnn', [batch, 1, 28, 28], { loss }), libraries);
}

/** A sequence of numbers to one number. */
export function recurrentStepTask(model: 'lstm' | 'gru' | 'rnn', libraries: Map<string, Library>): Task {
  const loss = { kind: 'mse' as const, targets: uniform(950, -1, 1, 7) };
  const name = `${model.toUpperCase()} of 50 units, 50 steps, batch 950, Adam`;
  return networkTask(name, problem(model, [950, 50, 1], { loss }), libraries);
}

const WORDS: [number, number] = [64, 200];

/** Two classes of sentences. */
export function sentimentStepTask(libraries: Map<string, Library>): Task {
  const loss = { kind: 'bceWithLogits' as const, targets: Float32Array.from(integers(WORDS[0], 2)) };
  const x = integers(sizeOf(WORDS), 10_000);
  const name = 'embedding 10,000×128, LSTM of 128 units, 200 steps, batch 64, Adam';
  return networkTask(name, problem('sentiment', WORDS, { x, vocabulary: 10_000, loss }), libraries);
}

/** Rows of a table, and a step that changes those rows. */
export function embeddingTask(
  vocabulary: number,
  optimizer: 'adam' | 'sgd',
  libraries: Map<string, Library>,
  words: [number, number] = WORDS,
): Task {
  const x = integers(sizeOf(words), vocabulary);
  const name = `${vocabulary.toLocaleString('en')}×128, ${words.join('×')} indices, ${optimizer === 'adam' ? 'Adam' : 'SGD'}`;
  const loss = { kind: 'mean' as const };
  return networkTask(name, problem('embedding', words, { x, vocabulary, loss, optimizer }), libraries);
}

/** One step of an LSTM of 128 units for one sequence. */
export const streamingTasks = (libraries: Map<string, Library>): Task[] => [
  networkTask('LSTM cell, 128 units, batch 1', problem('lstmCell', [1, 128]), libraries),
  networkTask('LSTM layer, 128 units, batch 1, one step', problem('lstmLayer', [1, 1, 128]), libraries),
];

/** Inference, or a training step, of a network for digits: a batch of 28×28 images. */
export function digitsTask(
  model: 'mlp' | 'cnn',
  batch: number,
  trains: boolean,
  libraries: Map<string, Library>,
): Task {
  const shape: [number, ...number[]] = model === 'mlp' ? [batch, 784] : [batch, 1, 28, 28];
  const loss = { kind: 'crossEntropy' as const, labels: integers(batch, CLASSES) };
  const name = `${model.toUpperCase()} ${trains ? 'training' : 'inference'}, batch ${batch}`;
  return { ...networkTask(name, problem(model, shape, trains ? { loss } : {}), libraries), samples: batch };
}

export const resnet18Task = (batch: number, libraries: Map<string, Library>): Task =>
  networkTask(`ResNet18 ${batch}×3×224×224, inference`, problem('resnet18', [batch, 3, 224, 224]), libraries);
