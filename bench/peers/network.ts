/**
 * Whole networks: problems that name a model, which each library builds for itself. Weights are computed from the
 * parameters' names by the same formula on both sides (below, and in pytorchNetwork.py), so that no file of weights travels.
 */
import type { Tensor } from '../../src/index.ts';

/** A perceptron 784-128-64-10, a convolutional network, ResNet18. Weights of an LSTM, GRU or RNN with one input and 50 states; an embedding with an LSTM; an embedding; one LSTM cell, of 128 states. */
export type NetworkModel =
  | 'mlp'
  | 'cnn'
  | 'resnet18'
  | 'lstm'
  | 'gru'
  | 'rnn'
  | 'sentiment'
  | 'embedding'
  | 'lstmCell'
  | 'lstmLayer';

export const RECURRENT_UNITS = 50;
export const SENTIMENT_UNITS = 128;

/** The loss that a training step minimises, a mean over the batch. `mean` is that of the outputs themselves. */
export type NetworkLoss =
  | { kind: 'crossEntropy'; labels: Int32Array }
  | { kind: 'mse' | 'bceWithLogits'; targets: Float32Array }
  | { kind: 'mean' };

export interface NetworkProblem {
  model: NetworkModel;
  /** [batch, channels, height, width], or [batch, steps, inputs], or [batch, steps] where x is integers. */
  inputShape: [number, ...number[]];
  x: Float32Array | Int32Array;
  /** Rows of the embedding, in models that have one. */
  vocabulary?: number;
  /** Present for a training step; without a loss, the problem is inference in evaluation mode. */
  loss?: NetworkLoss;
  /** Default 'adam'. */
  optimizer?: 'adam' | 'sgd';
  lr: number;
}

/** How many losses a training contender returns for its check. */
export const NETWORK_CHECKED_STEPS = 3;

/** PyTorch's own for 70 units. With more, states saturate, and over many steps gradients vanish into slow denormal numbers. */
const RECURRENT_BOUND = 0.12;

/** A parameter's first number, from its name. */
function seedOf(name: string): number {
  return [...name].reduce((sum, letter, i) => sum + letter.charCodeAt(0) * (i + 1), 0);
}

/** `n` numbers in [0, 1): the fraction of a scaled sine. */
function fractions(name: string, n: number): Float64Array {
  const seed = seedOf(name) * 78.233;
  return Float64Array.from({ length: n }, (_, i) => {
    const s = Math.sin(i * 12.9898 + seed) * 43758.5453;
    return s - Math.floor(s);
  });
}

/**
 * The value of a parameter or buffer: matrices and kernels spread evenly over ±√(6/fan-in), which keeps ReLU networks at one scale;
 * scales and variances around 1; the rest small, as are the matrices of recurrent layers.
 */
export function networkWeight(name: string, shape: readonly number[]): Float32Array {
  const n = shape.reduce((a, b) => a * b, 1);
  const u = fractions(name, n);
  const last = name.split('.').at(-1);
  if (shape.length > 1) {
    const [outputs = 1] = shape;
    const bound = /_[ih]h/.test(name) ? RECURRENT_BOUND : Math.sqrt(6 / (n / outputs));
    return Float32Array.from(u, (v) => (2 * v - 1) * bound);
  }
  if (last === 'weight' || last === 'running_var') return Float32Array.from(u, (v) => 0.5 + v);
  return Float32Array.from(u, (v) => (v - 0.5) * 0.1);
}

/** The targets or labels of a loss, if it has any. */
export function wantedOf(loss: NetworkLoss): Float32Array | Int32Array | undefined {
  if (loss.kind === 'mean') return undefined;
  return loss.kind === 'crossEntropy' ? loss.labels : loss.targets;
}

/** A state dict with these weights, in the form of a given one. Counters stay as they are. */
export function networkState(
  form: Record<string, Tensor>,
  tensor: (data: Float32Array, options: { shape: readonly number[] }) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => [
      name,
      value.dtype === 'float32' ? tensor(networkWeight(name, value.shape), { shape: value.shape }) : value,
    ]),
  );
}
