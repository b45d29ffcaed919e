/** All operations as functions. */

export * from './activationKernels.ts';
export * from './arithmetic.ts';
export * from './check.ts';
export * from './classify.ts';
export * from './comparisons.ts';
export * from './conv.ts';
export * from './convert.ts';
export * from './create.ts';
export * from './division.ts';
export * from './extremes.ts';
export * from './gather.ts';
export * from './generated/mathFunctions.ts';
export * from './inplace.ts';
export * from './linalg.ts';
export * from './lists.ts';
export * from './nll.ts';
export * from './normalize.ts';
export * from './planes.ts';
export * from './random.ts';
export * from './rearrange.ts';
export type { Dims, Keep, ReduceOptions, SumDtype, SumOptions } from './reduce.ts';
export * from './reductions.ts';
export * from './region.ts';
export * from './resize.ts';
export * from './select.ts';
export * from './shape.ts';
