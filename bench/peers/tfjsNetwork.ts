/**
 * TensorFlow.js's side of the whole networks. Networks of linear and convolutional layers only infer, with its fused operations.
 * Recurrent layers are computed step by step from operations, with PyTorch's gates and biases (its own layers, which do the same,
 * have one bias, and another form of GRU).
 */
import type { Prepared } from '../harness/types.ts';
import { NETWORK_CHECKED_STEPS, type NetworkProblem, networkWeight, RECURRENT_UNITS } from './network.ts';

interface Tensor {
  dataSync(): Float32Array;
  dispose(): void;
}
/** The part of tfjs that is used here. */
export interface RecurrentTf {
  tensor(data: Float32Array, shape: number[]): Tensor;
  variable(t: Tensor): Tensor;
  zeros(shape: number[]): Tensor;
  tidy<T>(fn: () => T): T;
  add(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  split(x: Tensor, parts: 3, dim: number): [Tensor, Tensor, Tensor];
  split(x: Tensor, parts: 4, dim: number): [Tensor, Tensor, Tensor, Tensor];
  unstack(x: Tensor, dim: number): Tensor[];
  matMul(a: Tensor, b: Tensor): Tensor;
  reshape(x: Tensor, shape: number[]): Tensor;
  maxPool(x: Tensor, size: number, stride: number, pad: string): Tensor;
  fused: {
    matMul(options: { a: Tensor; b: Tensor; bias: Tensor; activation: string }): Tensor;
    conv2d(options: {
      x: Tensor;
      filter: Tensor;
      strides: number;
      pad: string;
      bias: Tensor;
      activation: string;
    }): Tensor;
  };
  losses: { meanSquaredError(labels: Tensor, predictions: Tensor): Tensor };
  train: {
    adam(
      lr: number,
      beta1: number,
      beta2: number,
      epsilon: number,
    ): {
      minimize(f: () => Tensor, returnCost: true, variables: Tensor[]): Tensor;
      minimize(f: () => Tensor, returnCost: false, variables: Tensor[]): null;
      dispose(): void;
    };
  };
}

type Layer = (x: Tensor) => Tensor;
/** Only the LSTM uses c. */
type State = [h: Tensor, c: Tensor];

/** A linear layer with the state dict's entries `at`. `order` gives the place of input i in PyTorch's weight. */
function linear(tf: RecurrentTf, at: number, inputs: number, outputs: number, relu: boolean, order = (i: number) => i) {
  const w = networkWeight(`${at}.weight`, [outputs, inputs]);
  const turned = w.map((_, i) => w[(i % outputs) * inputs + order(Math.floor(i / outputs))]!);
  const b = tf.tensor(turned, [inputs, outputs]);
  const bias = tf.tensor(networkWeight(`${at}.bias`, [outputs]), [outputs]);
  return (a: Tensor) => tf.fused.matMul({ a, b, bias, activation: relu ? 'relu' : 'linear' });
}

/** A 3×3 convolution, ReLU, and 2×2 pooling, of channels-last images. */
function block(tf: RecurrentTf, at: number, inputs: number, outputs: number): Layer {
  const w = networkWeight(`${at}.weight`, [outputs, inputs, 3, 3]);
  const turned = w.map((_, i) => {
    const [o, c, tap] = [i % outputs, Math.floor(i / outputs) % inputs, Math.floor(i / outputs / inputs)];
    return w[(o * inputs + c) * 9 + tap]!;
  });
  const filter = tf.tensor(turned, [3, 3, inputs, outputs]);
  const bias = tf.tensor(networkWeight(`${at}.bias`, [outputs]), [outputs]);
  return (x) =>
    tf.maxPool(tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' }), 2, 2, 'valid');
}

function feedForward(
  tf: RecurrentTf,
  select: () => void,
  { model, x, inputShape, loss }: NetworkProblem,
): Prepared | undefined {
  if (loss !== undefined || x instanceof Int32Array) return undefined;
  const [batch] = inputShape;
  const layers: Layer[] =
    model === 'mlp'
      ? [linear(tf, 0, 784, 128, true), linear(tf, 2, 128, 64, true), linear(tf, 4, 64, 10, false)]
      : [
          block(tf, 0, 1, 32),
          block(tf, 3, 32, 64),
          block(tf, 6, 64, 128),
          (y) => tf.reshape(y, [batch, 128 * 9]),
          // PyTorch flattens channels first.
          linear(tf, 10, 128 * 9, 10, false, (i) => (i % 128) * 9 + Math.floor(i / 128)),
        ];
  const images = tf.tensor(x, model === 'mlp' ? [batch, 784] : [batch, 28, 28, 1]);
  const forward = () => layers.reduce((y, layer) => layer(y), images);
  return {
    select,
    run: () => tf.tidy(() => void forward()),
    output: () => tf.tidy(() => forward().dataSync()),
    dispose: () => images.dispose(),
  };
}

/** The state after a step, from a = W_ih·x + b_ih and r = W_hh·h + b_hh. */
function step(tf: RecurrentTf, model: 'lstm' | 'gru' | 'rnn', a: Tensor, r: Tensor, [h, c]: State): State {
  if (model === 'rnn') return [tf.tanh(tf.add(a, r)), c];
  if (model === 'lstm') {
    const [i, f, g, o] = tf.split(tf.add(a, r), 4, 1);
    const next = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
  }
  const [ar, az, an] = tf.split(a, 3, 1);
  const [rr, rz, rn] = tf.split(r, 3, 1);
  const z = tf.sigmoid(tf.add(az, rz));
  const n = tf.tanh(tf.add(an, tf.mul(tf.sigmoid(tf.add(ar, rr)), rn)));
  return [tf.add(n, tf.mul(z, tf.sub(h, n))), c];
}

export function tfjsNetwork(tf: RecurrentTf, select: () => void, problem: NetworkProblem): Prepared | undefined {
  const { model, loss, x, inputShape, lr } = problem;
  if (model === 'mlp' || model === 'cnn') return feedForward(tf, select, problem);
  if (model !== 'lstm' && model !== 'gru' && model !== 'rnn') return undefined;
  if (loss?.kind !== 'mse' || x instanceof Int32Array) return undefined;
  const [batch] = inputShape;
  const gates = { lstm: 4, gru: 3, rnn: 1 }[model] * RECURRENT_UNITS;
  const vector = (name: string, n: number) => tf.tidy(() => tf.variable(tf.tensor(networkWeight(name, [n]), [n])));
  /** [outputs, inputs] as [inputs, outputs]. */
  const matrix = (name: string, outputs: number, inputs: number) => {
    const w = networkWeight(name, [outputs, inputs]);
    const turned = w.map((_, i) => w[(i % outputs) * inputs + Math.floor(i / outputs)]!);
    return tf.tidy(() => tf.variable(tf.tensor(turned, [inputs, outputs])));
  };
  const wIh = matrix('layer.weight_ih_l0', gates, 1);
  const wHh = matrix('layer.weight_hh_l0', gates, RECURRENT_UNITS);
  const bIh = vector('layer.bias_ih_l0', gates);
  const bHh = vector('layer.bias_hh_l0', gates);
  const wHead = matrix('head.weight', 1, RECURRENT_UNITS);
  const bHead = vector('head.bias', 1);
  const variables = [wIh, wHh, bIh, bHh, wHead, bHead];
  const tx = tf.tensor(x, inputShape);
  const y = tf.tensor(loss.targets, [batch, 1]);
  const forward = () => {
    let state: State = [tf.zeros([batch, RECURRENT_UNITS]), tf.zeros([batch, RECURRENT_UNITS])];
    for (const xt of tf.unstack(tx, 1)) {
      const r = tf.add(tf.matMul(state[0], wHh), bHh);
      state = step(tf, model, tf.add(tf.matMul(xt, wIh), bIh), r, state);
    }
    return tf.losses.meanSquaredError(y, tf.add(tf.matMul(state[0], wHead), bHead));
  };
  const optimizer = tf.train.adam(lr, 0.9, 0.999, 1e-8);
  return {
    select,
    run: () => tf.tidy(() => void optimizer.minimize(forward, false, variables)),
    output: () =>
      Array.from({ length: NETWORK_CHECKED_STEPS }, () =>
        tf.tidy(() => optimizer.minimize(forward, true, variables).dataSync()[0]!),
      ),
    dispose: () => [tx, y, optimizer, ...variables].forEach((t) => void t.dispose()),
  };
}
