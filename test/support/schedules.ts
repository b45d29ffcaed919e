/** One interface for schedules of all kinds. */
import { optim } from '../../src/index.ts';

/** Ends an epoch; only ReduceLROnPlateau takes the metric. */
export function advance(schedule: object, metric: number): void {
  if (schedule instanceof optim.lrScheduler.ReduceLROnPlateau) schedule.step(metric);
  else (schedule as { step(): void }).step();
}
