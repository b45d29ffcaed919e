/** Training as one call, and callbacks during it. */
export type { Callback, Logs, TrainingOptimizer, TrainingState } from './callback.ts';
export {
  type CallbackState,
  EarlyStopping,
  type EarlyStoppingOptions,
  LRScheduler,
  type Mode,
  type PlateauOptions,
  ReduceLROnPlateau,
  type Scheduler,
  TerminateOnNaN,
} from './callbacks.ts';
export type { Examples, Inputs, SampleWeight, Targets, ValidationData } from './examples.ts';
export type { Losses, LossWeights, Metrics } from './goals.ts';
export type { BatchIterable } from './iterables.ts';
export type { Loss, LossFunction } from './losses.ts';
export type { Metric, MetricFunction } from './metrics.ts';
export type { EvaluateOptions, FitOptions, History, TrainerOptions } from './settings.ts';
export { Trainer } from './trainer.ts';
