/** Layers, losses and what they are made of. */
export * from './activations.ts';
export * from './bilinear.ts';
export * from './containers.ts';
export { Graph, GraphModel, GraphValue } from './graph.ts';
export * as init from './init.ts';
export * from './layers.ts';
export * from './losses.ts';
export { Module, type StateDict } from './module.ts';
export { Buffer, Parameter } from './parameter.ts';
export { type ContrastiveDivergenceOptions, RBM, type Sampled } from './rbm.ts';
export { summary } from './summary.ts';
export * as utils from './utils.ts';
