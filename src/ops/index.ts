/** All operations as functions. */
export * from '../generated/mathFunctions.ts';
export * from './activations.ts';
export * from './arithmetic.ts';
export * from './classify.ts';
export * from './conv.ts';
export * from './create.ts';
export * from './gather.ts';
export * from './inplace.ts';
export * from './linalg.ts';
export * from './nll.ts';
export * from './norm.ts';
export * from './pool.ts';
export * from './rearrange.ts';
export * from './reductions.ts';
export * from './resize.ts';
export * from './select.ts';
export * from './shape.ts';
