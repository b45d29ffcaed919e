/** Training as one call, and what can happen meanwhile. */
export {
  type Callback,
  EarlyStopping,
  type EarlyStoppingOptions,
  type Logs,
  LRScheduler,
  type Mode,
  type PlateauOptions,
  ReduceLROnPlateau,
  type Scheduler,
  type TrainingState,
} from './callbacks.ts';
export type { Examples, ValidationData } from './examples.ts';
export type { Loss, LossFunction } from './losses.ts';
export type { Metric, MetricFunction } from './metrics.ts';
export { type FitOptions, type History, Trainer, type TrainerOptions, type TrainingOptimizer } from './trainer.ts';
