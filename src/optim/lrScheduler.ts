/**
 * Learning-rate schedules, `optim.lrScheduler`. `step()` ends an epoch.
 *
 * @module
 */
export * from './cosine.ts';
export { OneCycleLR, type OneCycleLROptions } from './oneCycle.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau.ts';
export { LRScheduler, type Scheduled, type SchedulerState } from './scheduler.ts';
export * from './schedules.ts';
export * from './sequentialLR.ts';
