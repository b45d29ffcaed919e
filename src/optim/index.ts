/**
 * Optimizers with PyTorch's settings, and the schedules of their learning rates.
 *
 * @module
 */
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  NAdam,
  type NAdamOptions,
  RMSprop,
  type RMSpropOptions,
} from './adaptive.ts';
export { LBFGS, type LBFGSOptions } from './lbfgs.ts';
export * as lrScheduler from './lrScheduler.ts';
export { type GroupOptions, Optimizer, type OptimizerState, type ParamGroup } from './optimizer.ts';
export { l1Penalty } from './penalty.ts';
export { SGD, type SGDOptions } from './sgd.ts';
