/**
 * Tensors, autograd, layers, optimizers and data on WebAssembly kernels. Names and numbers are PyTorch's, in JavaScript's manner:
 * camelCase functions, classes made with `new`, the required arguments by position and the others as one object. What needs files or a
 * terminal is in `saraf/node`, kernels without tensors are in `saraf/kernels`.
 *
 * @example
 * import { F, nn, optim, randn } from 'saraf';
 *
 * const model = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 1));
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
 * const [x, y] = [randn(32, 4), randn(32, 1)];
 * for (let i = 0; i < 10; i++) {
 *   optimizer.zeroGrad();
 *   F.mseLoss(model.forward(x), y).backward();
 *   optimizer.step();
 * }
 * @module saraf
 */
import './methods/tensor.ts';

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
export * as data from './data/index.ts';
export { manualSeed } from './emit/random.ts';
export * from './estimators/index.ts';
export * from './io/index.ts';
export * as metrics from './metrics/index.ts';
export * as models from './models/index.ts';
export { type Movable, move } from './move.ts';
export * as nn from './nn/index.ts';
export { summary } from './nn/index.ts';
export * as F from './ops/functional.ts';
export * as functional from './ops/functional.ts';
export * from './ops/public.ts';
export * as optim from './optim/index.ts';
export * as plot from './plot/index.ts';
export { type Compiled, type CompileOptions, compile, type ProgramInfo } from './program/compile.ts';
export type { Placement } from './program/placement.ts';
export { type CommandProfile, profile } from './program/profile.ts';
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
export { isGradEnabled, noGrad } from './tape/mode.ts';
export { keep, scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shapes.ts';
export { type Nested, Tensor } from './tensor/tensor.ts';
export * from './train/index.ts';
