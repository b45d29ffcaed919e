/**
 * The kernels on typed arrays, without tensors. All functions are synchronous, take one options object, and refuse wrong lengths, sizes
 * and types before anything is written. Matrices are row-major, images [batch, channels, height, width]. Arrays from `alloc` are used
 * where they are; others are copied in and out.
 *
 * @example
 * import { alloc, free, gemm } from 'saraf/kernels';
 *
 * const [a, b, c] = [alloc(64 * 64), alloc(64 * 64), alloc(64 * 64)];
 * a.fill(1);
 * b.fill(2);
 * gemm({ m: 64, n: 64, k: 64, a, b, c }); // c is full of 128
 * for (const array of [a, b, c]) free(array);
 * @module saraf/kernels
 */
export { ArgumentError, DeviceError, DisposedError, OutOfMemoryError, SarafError, ShapeError } from '../errors.ts';
export type { Activation } from './activation.ts';

export {
  type Conv2dOptions,
  conv2d,
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type Im2colOptions,
  im2col,
} from './conv.ts';
export {
  type AxpyOptions,
  add,
  axpy,
  type BinaryOptions,
  exp,
  gelu,
  mul,
  relu,
  sigmoid,
  tanh,
  type UnaryOptions,
} from './elementwise.ts';
export { type GemmOptions, type GemvOptions, gemm, gemv } from './gemm.ts';
export { alloc, free } from './heap.ts';
export { init, type KernelsInfo } from './init.ts';
export { type BatchNormOptions, batchNorm, type LayerNormOptions, layerNorm } from './norm.ts';
export { type AvgPoolOptions, avgPool2d, type MaxPoolOptions, maxPool2d, type PoolOptions } from './pool.ts';
export { type QgemmOptions, qgemm } from './quantized.ts';
export {
  type GruCellOptions,
  gruCell,
  type LstmCellOptions,
  type LstmSequenceOptions,
  lstmCell,
  lstmSequence,
} from './recurrent.ts';
export { dot, type SoftmaxOptions, softmax, sum } from './reductions.ts';
