/** The kernels of all families, under the names of their opcodes; kernels.ts checks that none is missing. */
export * from './along.ts';
export * from './check.ts';
export * from './conv.ts';
export * from './cpuOnly.ts';
export * from './elementwise.ts';
export * from './gemm.ts';
export * from './indexed.ts';
export * from './norm.ts';
export * from './optim.ts';
export * from './pool.ts';
export * from './random.ts';
export * from './recurrent.ts';
export * from './reduce.ts';
export * from './resize.ts';
export * from './softmax.ts';
export * from './strip.ts';
