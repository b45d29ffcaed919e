/** All operations as functions. */
export * from './arithmetic.ts';
export * from './classify.ts';
export * from './conv.ts';
export * from './create.ts';
export * from './inplace.ts';
export * from './linalg.ts';
export * from './norm.ts';
export * from './pool.ts';
export * from './reductions.ts';
export * from './resize.ts';
export * from './shape.ts';
