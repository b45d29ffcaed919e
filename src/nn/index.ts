/** Layers, losses and what they are made of. */
export * from './activations.ts';
export * from './conv.ts';
export * as init from './init.ts';
export * from './layers.ts';
export * from './losses.ts';
export { Module, type StateDict } from './module.ts';
export * from './norm.ts';
export { Buffer, Parameter } from './parameter.ts';
export * from './pool.ts';
export * from './upsample.ts';
export * as utils from './utils.ts';
