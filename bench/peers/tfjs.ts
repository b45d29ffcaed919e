/**
 * TensorFlow.js with its wasm and its cpu backend, one thread. Both run a kernel before its call returns, so no read-back
 * ends the timing; results are disposed of within it. The backend is switched between batches, outside the measured time.
 */
import { join } from 'node:path';
import type { Prepared } from '../harness/types.ts';
import { benchFolder, load, versionOf } from './load.ts';
import { type RecurrentTf, tfjsNetwork } from './tfjsNetwork.ts';
import {
  CHECKED_STEPS,
  type ConvProblem,
  type ElementwiseProblem,
  type GemmProblem,
  inputSize,
  type Library,
  oneHot,
  outputSize,
  type Peer,
  type PlanesProblem,
  type TrainProblem,
  transposed,
} from './types.ts';

interface Tensor {
  dataSync(): Float32Array;
  dispose(): void;
}
interface Tf {
  setBackend(name: string): Promise<boolean>;
  enableProdMode(): void;
  tensor(data: Float32Array, shape: number[]): Tensor;
  variable(t: Tensor): Tensor;
  tidy<T>(fn: () => T): T;
  matMul(a: Tensor, b: Tensor, transA?: boolean, transB?: boolean): Tensor;
  conv2d(x: Tensor, filter: Tensor, strides: number, pad: number): Tensor;
  depthwiseConv2d(x: Tensor, filter: Tensor, strides: number, pad: number): Tensor;
  grads(f: (x: Tensor, w: Tensor) => Tensor): (inputs: [Tensor, Tensor], g: Tensor) => [Tensor, Tensor];
  maxPool(x: Tensor, size: number, stride: number, pad: 'valid'): Tensor;
  transpose(x: Tensor, order: number[]): Tensor;
  losses: {
    softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor;
    meanSquaredError(labels: Tensor, predictions: Tensor): Tensor;
  };
  train: {
    sgd(lr: number): {
      minimize(f: () => Tensor, returnCost: true, variables: Tensor[]): Tensor;
      minimize(f: () => Tensor, returnCost: false, variables: Tensor[]): null;
      dispose(): void;
    };
  };
}
type Unary = Record<Exclude<ElementwiseProblem['op'], 'add' | 'addRow'>, (x: Tensor) => Tensor>;
type Ops = Tf & Unary & { add(a: Tensor, b: Tensor): Tensor };

function gemm(tf: Ops, select: () => void, { m, n, k, transA, transB, a, b }: GemmProblem): Prepared {
  const ta = tf.tensor(a, transA ? [k, m] : [m, k]);
  const tb = tf.tensor(b, transB ? [n, k] : [k, n]);
  const product = () => tf.matMul(ta, tb, transA, transB);
  return {
    select,
    run: () => product().dispose(),
    output: () => tf.tidy(() => product().dataSync()),
    dispose: () => [ta, tb].forEach((t) => void t.dispose()),
  };
}

function elementwise(tf: Ops, select: () => void, { op, rows, cols, x, other }: ElementwiseProblem): Prepared {
  const tx = tf.tensor(x, [rows, cols]);
  const to = tf.tensor(other, op === 'addRow' ? [cols] : [rows, cols]);
  const call = op === 'add' || op === 'addRow' ? () => tf.add(tx, to) : () => tf[op](tx);
  return {
    select,
    // sum and softmax make intermediate tensors, which only tidy frees.
    run: op === 'sum' || op === 'softmax' ? () => tf.tidy(() => void call()) : () => call().dispose(),
    output: () => tf.tidy(() => call().dataSync()),
    dispose: () => [tx, to].forEach((t) => void t.dispose()),
  };
}

/** NHWC and HWIO: layouts are changed before anything is timed. */
function conv(tf: Ops, select: () => void, problem: ConvProblem): Prepared {
  const { batch, size, outSize, inChannels, outChannels, kernel, stride, padding, groups, g } = problem;
  const laidOut = (data: Float32Array, shape: number[], order: number[]) =>
    tf.tidy(() => tf.transpose(tf.tensor(data, shape), order));
  const toNchw = (t: Tensor) => tf.transpose(t, [0, 3, 1, 2]).dataSync();
  const x = laidOut(problem.x, [batch, inChannels, size, size], [0, 2, 3, 1]);
  const depthwise = groups > 1;
  const filter = [outChannels, inChannels / groups, kernel, kernel];
  const w = laidOut(problem.weight, filter, depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);
  const call = (image: Tensor, weight: Tensor) =>
    depthwise ? tf.depthwiseConv2d(image, weight, stride, padding) : tf.conv2d(image, weight, stride, padding);
  const dispose = (...tensors: Tensor[]) => tensors.forEach((t) => void t.dispose());
  if (g === null) {
    return {
      select,
      run: () => call(x, w).dispose(),
      output: () => tf.tidy(() => toNchw(call(x, w))),
      dispose: () => dispose(x, w),
    };
  }
  const upstream = laidOut(g, [batch, outChannels, outSize, outSize], [0, 2, 3, 1]);
  const gradients = tf.grads(call);
  return {
    select,
    run: () => tf.tidy(() => void gradients([x, w], upstream)),
    output: () =>
      tf.tidy(() => {
        const [gx, gw] = gradients([x, w], upstream);
        const parts = [toNchw(call(x, w)), toNchw(gx), tf.transpose(gw, [3, 2, 0, 1]).dataSync()];
        return Float32Array.from(parts.flatMap((part) => Array.from(part)));
      }),
    dispose: () => dispose(x, w, upstream),
  };
}

function planes(tf: Ops, select: () => void, problem: PlanesProblem): Prepared | undefined {
  const { op, batch, channels, height, width, x } = problem;
  if (op !== 'maxPool') return undefined;
  const tx = tf.tidy(() => tf.transpose(tf.tensor(x, [batch, channels, height, width]), [0, 2, 3, 1]));
  const call = () => tf.maxPool(tx, 2, 2, 'valid');
  return {
    select,
    run: () => call().dispose(),
    output: () => tf.tidy(() => tf.transpose(call(), [0, 3, 1, 2]).dataSync()),
    dispose: () => tx.dispose(),
  };
}

function train(tf: Ops, select: () => void, problem: TrainProblem): Prepared {
  const { layers, batch, loss } = problem;
  const x = tf.tensor(problem.x, [batch, inputSize(problem)]);
  const classes = outputSize(problem);
  const wanted = loss.kind === 'mse' ? loss.targets : oneHot(loss.labels, classes);
  const y = tf.tensor(wanted, [batch, classes]);
  const variable = (data: Float32Array, shape: number[]) => tf.tidy(() => tf.variable(tf.tensor(data, shape)));
  const dense = layers.map((layer) => ({
    w: variable(transposed(layer), [layer.inputs, layer.outputs]),
    b: variable(layer.bias, [layer.outputs]),
    activation: layer.activation,
  }));
  const variables = dense.flatMap(({ w, b }) => [w, b]);
  const optimizer = tf.train.sgd(problem.lr);
  const forward = () => {
    let h = x;
    for (const { w, b, activation } of dense) {
      h = tf.add(tf.matMul(h, w), b);
      if (activation !== undefined) h = tf[activation](h);
    }
    return loss.kind === 'mse' ? tf.losses.meanSquaredError(y, h) : tf.losses.softmaxCrossEntropy(y, h);
  };
  return {
    select,
    run: () => tf.tidy(() => void optimizer.minimize(forward, false, variables)),
    output: () =>
      Array.from({ length: CHECKED_STEPS }, () =>
        tf.tidy(() => optimizer.minimize(forward, true, variables).dataSync()[0]!),
      ),
    dispose: () => [x, y, optimizer, ...variables].forEach((t) => void t.dispose()),
  };
}

async function open(backend: 'wasm' | 'cpu'): Promise<Library> {
  const tf = await load<Ops & RecurrentTf>('@tensorflow/tfjs');
  tf.enableProdMode();
  let note = 'one thread, float32';
  if (backend === 'wasm') {
    const wasm = await load<{ setThreadsCount(n: number): void; setWasmPaths(prefix: string): void }>(
      '@tensorflow/tfjs-backend-wasm',
    );
    wasm.setThreadsCount(1);
    wasm.setWasmPaths(`${join(benchFolder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
    note += ', SIMD';
  }
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend does not start`);
  const select = () => void tf.setBackend(backend);
  const selected = <P>(make: (tf: Ops & RecurrentTf, select: () => void, problem: P) => Prepared | undefined) => {
    return (problem: P) => {
      select();
      return make(tf, select, problem);
    };
  };
  return {
    version: versionOf('@tensorflow/tfjs'),
    note,
    gemm: selected(gemm),
    elementwise: selected(elementwise),
    planes: selected(planes),
    train: selected(train),
    conv: selected(conv),
    network: selected(tfjsNetwork),
  };
}

export const tfjsWasm: Peer = { name: 'tfjs-wasm', open: () => open('wasm') };
export const tfjsCpu: Peer = { name: 'tfjs-cpu', open: () => open('cpu') };
