/** Optimizers. */
export { Adam, type AdamOptions } from './adam.ts';
export { type GroupOptions, Optimizer, type OptimizerState, type ParamGroup } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
