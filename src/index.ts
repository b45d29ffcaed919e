/** saraf: tensors, autograd, layers, optimizers and data on WebAssembly kernels. What needs files is in `saraf/node`. */
export {
  ArgumentError,
  AutogradError,
  DeviceError,
  DisposedError,
  DTypeError,
  FormatError,
  OutOfMemoryError,
  SarafError,
  ShapeError,
  TraceError,
} from '../bindings/errors.ts';
export type { Device, DType, NumericArray } from '../bindings/executor.ts';
export { type GradOptions, grad } from './autograd/engine.ts';
export { type GradcheckOptions, gradcheck } from './autograd/gradcheck.ts';
export { isGradEnabled, noGrad } from './autograd/mode.ts';
export * as data from './data/index.ts';
export * from './estimators/index.ts';
export * as F from './functional/index.ts';
export * as functional from './functional/index.ts';
export * from './io/index.ts';
export * as metrics from './metrics/index.ts';
export * as models from './models/index.ts';
export { type Movable, move } from './move.ts';
export * as nn from './nn/index.ts';
export { summary } from './nn/index.ts';
export * from './ops/public.ts';
export * as optim from './optim/index.ts';
export * as plot from './plot/index.ts';
export { type Compiled, type CompileOptions, compile, type ProgramInfo } from './program/compile.ts';
export type { Placement } from './program/placement.ts';
export { type CommandProfile, profile } from './program/profile.ts';
export { manualSeed } from './runtime/random.ts';
export {
  type InitOptions,
  init,
  type MemoryInfo,
  memory,
  type Precision,
  type RuntimeInfo,
  runtimeInfo,
  setNumThreads,
} from './runtime/runtime.ts';
export type { Nested } from './tensor/base.ts';
export { keep, scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shapes.ts';
export { Tensor } from './tensor/tensor.ts';
export * from './train/index.ts';
