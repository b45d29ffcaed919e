/**
 * Layers, losses and what they are made of. A module's fields are its parts; `forward` computes.
 *
 * @module
 */
export * from './activations.ts';
export * from './attention.ts';
export * from './bilinear.ts';
export * from './configurableActivations.ts';
export * from './containers.ts';
export * from './conv.ts';
export { Embedding } from './embedding.ts';
export { Graph, GraphModel, GraphValue } from './graph.ts';
export * as init from './init.ts';
export * from './layers.ts';
export * from './losses.ts';
export { type IncompatibleKeys, Module, type StateDict } from './module.ts';
export * from './norm.ts';
export { Buffer, Parameter } from './parameter.ts';
export * from './pool.ts';
export { type ContrastiveDivergenceOptions, RBM, type Sampled } from './rbm.ts';
export {
  GRU,
  LSTM,
  type RecurrentOptions,
  RNN,
  type RNNOptions,
  type SequenceOptions,
} from './recurrent.ts';
export { type CellOptions, GRUCell, LSTMCell, RNNCell, type RNNCellOptions } from './recurrentCells.ts';
export type { Lengths } from './sequenceLengths.ts';
export { summary } from './summary.ts';
export * from './transformer.ts';
export * from './upsample.ts';
export * as utils from './utils.ts';
