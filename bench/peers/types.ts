/**
 * The problems that suites pose to a library. A library leaves out the kinds that it cannot do, and returns undefined
 * for a problem that it cannot do in this form. Inputs belong to the suite: a library copies what it would change.
 */
import type { Prepared } from '../harness/types.ts';
import type { LoopKind } from './loops.ts';
import type { NetworkProblem } from './network.ts';

/** C[m,n] = op(A) · op(B). A is stored [m,k], or [k,m] when transA; B is stored [k,n], or [n,k] when transB. */
export interface GemmProblem {
  m: number;
  n: number;
  k: number;
  transA: boolean;
  transB: boolean;
  a: Float32Array;
  b: Float32Array;
}

/**
 * Convolution of square images x [batch, inChannels, size, size] with weight [outChannels, inChannels / groups, kernel, kernel]. With g,
 * the gradient of the result, the output is the result, then the gradient of x, then that of weight.
 */
export interface ConvProblem {
  batch: number;
  size: number;
  outSize: number;
  inChannels: number;
  outChannels: number;
  kernel: number;
  stride: number;
  padding: number;
  groups: number;
  x: Float32Array;
  weight: Float32Array;
  g: Float32Array | null;
}

export type ElementwiseOp = 'sigmoid' | 'exp' | 'tanh' | 'log' | 'relu' | 'add' | 'addRow' | 'softmax' | 'sum';

/** An operation on x[rows,cols]; `other` is [rows,cols] for add and [cols] for addRow; softmax works along each row. */
export interface ElementwiseProblem {
  op: ElementwiseOp;
  rows: number;
  cols: number;
  x: Float32Array;
  other: Float32Array;
}

/**
 * Planes x [batch, channels, height, width]: 2×2 max pooling, its result; or forward and backward, the gradient for x
 * from the result's gradient g (as many of g's elements as it has); the same for batch normalisation without weights.
 */
export interface PlanesProblem {
  op: 'maxPool' | 'maxPoolTraining' | 'batchNormTraining';
  batch: number;
  channels: number;
  height: number;
  width: number;
  x: Float32Array;
  g: Float32Array;
}

export type Activation = 'relu' | 'sigmoid' | 'tanh';

/** Weights are [out,in], as PyTorch stores them. */
export interface DenseLayer {
  inputs: number;
  outputs: number;
  weight: Float32Array;
  bias: Float32Array;
  activation?: Activation;
}

/**
 * One step of SGD, or of Adam with PyTorch's defaults, on one batch. A contender's output is the losses of the first CHECKED_STEPS
 * steps.
 */
export interface TrainProblem {
  layers: DenseLayer[];
  batch: number;
  x: Float32Array;
  lr: number;
  /** Default 'sgd'. */
  optimizer?: 'sgd' | 'adam';
  /** Mean squared error against `targets`, or softmax cross-entropy against `labels`; the mean of the batch. */
  loss: { kind: 'mse'; targets: Float32Array } | { kind: 'crossEntropy'; labels: Int32Array };
}

export const CHECKED_STEPS = 10;

type Offer<P> = (problem: P) => Prepared | Promise<Prepared> | undefined;

export interface Library {
  version: string;
  /** Threads, precision, and anything else that a reader must know. */
  note: string;
  gemm?: Offer<GemmProblem>;
  elementwise?: Offer<ElementwiseProblem>;
  planes?: Offer<PlanesProblem>;
  train?: Offer<TrainProblem>;
  conv?: Offer<ConvProblem>;
  network?: Offer<NetworkProblem>;
  loop?: Offer<LoopKind>;
  /** From import to the first product, in the runtime of this name; each call is a new process. */
  cold?: Offer<string>;
  close?: () => void;
}

export interface Peer {
  name: string;
  /** Throws where the library is not available; the message is the reason in the report. */
  open: () => Library | Promise<Library>;
}

export const inputSize = ({ x, batch }: TrainProblem): number => x.length / batch;
export const outputSize = (problem: TrainProblem): number => problem.layers.at(-1)!.outputs;

/** The labels as one-hot rows, for libraries that need them. */
export function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return rows;
}

/** W[out,in] as [in,out], for libraries that multiply x · W. */
export function transposed({ weight, inputs, outputs }: DenseLayer): Float32Array {
  return Float32Array.from(
    { length: weight.length },
    (_, i) => weight[(i % outputs) * inputs + Math.floor(i / outputs)]!,
  );
}
