/**
 * `saraf/kernels`: the kernels on typed arrays, without tensors. All functions are synchronous, take one options object,
 * and refuse wrong lengths, sizes and types before anything is written.
 */
export { ArgumentError, DeviceError, DisposedError, OutOfMemoryError, SarafError, ShapeError } from '../errors.ts';
export type { Activation } from '../generated/encode.ts';
export { alloc, free } from './arrays.ts';
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
export { init } from './init.ts';
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
