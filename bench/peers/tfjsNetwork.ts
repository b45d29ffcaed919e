/**
 * TensorFlow.js's side of the whole networks: recurrent layers, step by step from operations, with PyTorch's gates and biases (its own
 * layers, which do the same, have one bias, and a GRU of another form).
 */
import type { Prepared } from '../harness/types.ts';
import { NETWORK_CHECKED_STEPS, type NetworkProblem, networkWeight, RECURRENT_UNITS } from './network.ts';

interface Tensor {
  dataSync(): Float32Array;
  dispose(): void;
}
/** What is used of tfjs here. */
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
  split(x: Tensor, parts: number, dim: number): Tensor[];
  unstack(x: Tensor, dim: number): Tensor[];
  matMul(a: Tensor, b: Tensor): Tensor;
  losses: { meanSquaredError(labels: Tensor, predictions: Tensor): Tensor };
  train: {
    adam(
      lr: number,
      beta1: number,
      beta2: number,
      epsilon: number,
    ): { minimize(f: () => Tensor, returnCost: boolean, variables: Tensor[]): Tensor | null; dispose(): void };
  };
}

/** The state after a step, from a = W_ih·x + b_ih and r = W_hh·h + b_hh. The lstm's state is [h, c]. */
function step(tf: RecurrentTf, model: 'lstm' | 'gru' | 'rnn', a: Tensor, r: Tensor, [h, c]: Tensor[]): Tensor[] {
  if (model === 'rnn') return [tf.tanh(tf.add(a, r))];
  if (model === 'lstm') {
    const [i, f, g, o] = tf.split(tf.add(a, r), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const next = tf.add(tf.mul(tf.sigmoid(f), c!), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
  }
  const [ar, az, an] = tf.split(a, 3, 1) as [Tensor, Tensor, Tensor];
  const [rr, rz, rn] = tf.split(r, 3, 1) as [Tensor, Tensor, Tensor];
  const z = tf.sigmoid(tf.add(az, rz));
  const n = tf.tanh(tf.add(an, tf.mul(tf.sigmoid(tf.add(ar, rr)), rn)));
  return [tf.add(n, tf.mul(z, tf.sub(h!, n)))];
}

export function tfjsNetwork(tf: RecurrentTf, select: () => void, problem: NetworkProblem): Prepared | undefined {
  const { model, loss, x, inputShape, lr } = problem;
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
    let state = [tf.zeros([batch, RECURRENT_UNITS]), tf.zeros([batch, RECURRENT_UNITS])];
    for (const xt of tf.unstack(tx, 1)) {
      const r = tf.add(tf.matMul(state[0]!, wHh), bHh);
      state = step(tf, model, tf.add(tf.matMul(xt, wIh), bIh), r, state);
    }
    return tf.losses.meanSquaredError(y, tf.add(tf.matMul(state[0]!, wHead), bHead));
  };
  const optimizer = tf.train.adam(lr, 0.9, 0.999, 1e-8);
  return {
    select,
    run: () => tf.tidy(() => void optimizer.minimize(forward, false, variables)),
    output: () =>
      Array.from({ length: NETWORK_CHECKED_STEPS }, () =>
        tf.tidy(() => optimizer.minimize(forward, true, variables)!.dataSync()[0]!),
      ),
    dispose: () => [tx, y, optimizer, ...variables].forEach((t) => void t.dispose()),
  };
}
