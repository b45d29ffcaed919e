/**
 * The primitives, which are the operations with a gradient rule: for each, its attributes, and which inputs and outputs it saves for the
 * rule. The rules themselves are in src/autograd/rules.ts.
 */
import type { MathFn } from '../../bindings/commands/unary.ts';
import type { Executor } from '../../bindings/executor.ts';
import type { ConvGeometry } from '../../bindings/wasm/winograd.ts';
import type { NormView } from '../emit/norm.ts';
import type { PoolGeometry } from '../emit/pool.ts';
import type { RecurrentKindName } from '../emit/recurrent.ts';
import type { ResizeGeometry } from '../emit/resize.ts';
import type { Variable } from '../tensor/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mathSaves } from './generated/mathSaves.ts';

/** A part of a storage, as a tensor sees it. */
export interface Region {
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
  /** Elements of the storage. */
  length: number;
}

/** Inputs: logits, target, logarithms of the sums, and the divisor of the loss. */
export interface CrossEntropyAttributes {
  reduction: 'none' | 'mean' | 'sum';
  ignoreIndex: number;
  smoothing: number;
  weighted: boolean;
}

/** Inputs: x, mean, rstd, and weight and bias if there are any. */
export interface NormAttributes {
  view: NormView;
  eps: number;
  /** Whether mean and rstd do not depend on x. */
  fixed: boolean;
  hasWeight: boolean;
  hasBias: boolean;
}

export interface EmbeddingAttributes {
  /** The row that gets no gradient. */
  padding: number | null;
  scaleGradByFreq: boolean;
}

export interface RecurrentAttributes {
  kind: RecurrentKindName;
  reverse: boolean;
  /** What each input is. */
  names: readonly string[];
}

/** The attributes of each primitive that its rule needs. */
export interface Attributes extends Record<MathFn, undefined> {
  neg: undefined;
  abs: undefined;
  step: undefined;
  square: undefined;
  clamp: { min: number; max: number; isOpen?: boolean; passesNaN?: boolean };
  clampBetween: { isBoth: boolean };
  add: undefined;
  sub: undefined;
  mul: undefined;
  div: undefined;
  pow: undefined;
  maximum: undefined;
  minimum: undefined;
  addScalar: undefined;
  mulScalar: { scalar: number };
  divScalar: { scalar: number };
  rsubScalar: undefined;
  rdivScalar: undefined;
  powScalar: { scalar: number };
  rpowScalar: { scalar: number };
  reluGrad: undefined;
  sigmoidGrad: undefined;
  tanhGrad: undefined;
  where: undefined;
  matmul: undefined;
  linear: undefined;
  sum: { keepShape: readonly number[] };
  mean: { keepShape: readonly number[]; count: number };
  prod: { keepShape: readonly number[]; dims: number[] };
  extreme: { dim: number };
  extremeAll: { keepShape: readonly number[]; dims: number[] };
  cumsum: { dim: number; reverse: boolean };
  softmax: undefined;
  logSoftmax: undefined;
  softmaxGrad: undefined;
  logSoftmaxGrad: undefined;
  crossEntropy: CrossEntropyAttributes;
  binaryCrossEntropy: undefined;
  clone: undefined;
  move: { executor: Executor };
  reshape: undefined;
  expand: undefined;
  permute: { dims: readonly number[] };
  slice: { dim: number; start: number; step: number };
  unslice: { dim: number; start: number; end: number; step: number };
  cat: { dim: number };
  indexSelect: { dim: number };
  indexAdd: { dim: number };
  region: Region;
  overwrite: Region;
  maxPool: undefined;
  maxPoolGrad: undefined;
  avgPool: PoolGeometry;
  avgPoolGrad: PoolGeometry;
  resize: ResizeGeometry;
  resizeGrad: ResizeGeometry;
  norm: NormAttributes;
  /** Inputs: x, rstd, weight if there is one. */
  rmsNorm: { rows: number; cols: number; eps: number };
  pad: { starts: readonly number[] };
  conv: { geometry: ConvGeometry };
  convInputGrad: { geometry: ConvGeometry };
  convWeightGrad: { geometry: ConvGeometry };
  embedding: EmbeddingAttributes;
  recurrent: RecurrentAttributes;
  recurrentCell: RecurrentAttributes;
  gather: { dim: number };
  scatterAdd: { dim: number };
  flip: { dims: readonly number[] };
  gelu: undefined;
  geluTanh: undefined;
  silu: undefined;
  geluGrad: undefined;
  geluTanhGrad: undefined;
  siluGrad: undefined;
  softplus: { beta: number; threshold: number };
  elu: { factor: number; scale: number };
  leakyRelu: { slope: number };
}

export type Primitive = keyof Attributes;

/** What a primitive saves: some of its inputs, all of them, or ('others') each one if another requires grad; its output. */
export interface Saves {
  readonly inputs?: 'all' | 'others' | readonly number[];
  readonly output?: boolean;
}

const nothing: Saves = {};
const input: Saves = { inputs: 'all' };
const output: Saves = { output: true };
const both: Saves = { inputs: 'all', output: true };
const others: Saves = { inputs: 'others' };
const first: Saves = { inputs: [0] };
const second: Saves = { inputs: [1] };
const firstTwo: Saves = { inputs: [0, 1] };

/** What each primitive saves. */
export const saves: Readonly<Record<Primitive, Saves>> = {
  ...mathSaves,
  neg: nothing,
  abs: input,
  step: nothing,
  square: input,
  clamp: input,
  clampBetween: input,
  add: nothing,
  sub: nothing,
  mul: others,
  div: input,
  pow: both,
  maximum: input,
  minimum: input,
  addScalar: nothing,
  mulScalar: nothing,
  divScalar: nothing,
  rsubScalar: nothing,
  rdivScalar: both,
  powScalar: input,
  rpowScalar: both,
  reluGrad: first,
  sigmoidGrad: input,
  tanhGrad: input,
  where: first,
  matmul: others,
  linear: firstTwo,
  sum: nothing,
  mean: nothing,
  prod: input,
  extreme: second,
  extremeAll: both,
  cumsum: nothing,
  softmax: output,
  logSoftmax: output,
  softmaxGrad: input,
  logSoftmaxGrad: input,
  crossEntropy: input,
  binaryCrossEntropy: input,
  clone: nothing,
  move: nothing,
  reshape: nothing,
  expand: nothing,
  permute: nothing,
  slice: nothing,
  unslice: nothing,
  cat: nothing,
  indexSelect: second,
  indexAdd: second,
  region: nothing,
  overwrite: nothing,
  maxPool: second,
  maxPoolGrad: second,
  avgPool: nothing,
  avgPoolGrad: nothing,
  resize: nothing,
  resizeGrad: nothing,
  norm: { inputs: [0, 1, 2, 3] },
  rmsNorm: input,
  pad: nothing,
  conv: firstTwo,
  convInputGrad: firstTwo,
  convWeightGrad: firstTwo,
  embedding: second,
  recurrent: input,
  recurrentCell: input,
  gather: second,
  scatterAdd: second,
  flip: nothing,
  gelu: input,
  geluTanh: input,
  silu: input,
  geluGrad: input,
  geluTanhGrad: input,
  siluGrad: input,
  softplus: input,
  elu: both,
  leakyRelu: input,
};

/** What a rule may ask about the operation whose gradient it gives. */
export interface Context<A> {
  /** Input i, which must have been saved. */
  input(i: number): Tensor;
  /** The result, which must have been saved. */
  readonly output: Tensor;
  /** Whether input i needs a gradient. */
  needs(i: number): boolean;
  /** Input i, if it is a leaf that will get a gradient without history: a rule may add to the gradient that it has. */
  leaf(i: number): Variable | null;
  shape(i: number): readonly number[];
  /** Number of inputs. */
  readonly count: number;
  readonly attributes: A;
}
