/** Schedules one after the other. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkOptions, noMore, shown, VALUE } from '../options.ts';
import { LRScheduler, type Scheduled, type SchedulerState } from './scheduler.ts';

/** Options of `SequentialLR`. */
export interface SequentialLROptions {
  /** At least one; all must have been made for this optimizer. */
  schedulers: readonly LRScheduler[];
  /** Epochs at which the next schedule begins: one fewer than schedules. */
  milestones: readonly number[];
}

/**
 * Schedules one after the other. All of them must have been made for this optimizer.
 *
 * @example
 * const { LinearLR, ExponentialLR, SequentialLR } = optim.lrScheduler;
 * const schedulers = [new LinearLR(optimizer, { totalIters: 5 }), new ExponentialLR(optimizer, { gamma: 0.9 })];
 * const schedule = new SequentialLR(optimizer, { schedulers, milestones: [5] });
 * schedule.step();
 */
export class SequentialLR extends LRScheduler {
  private readonly options: SequentialLROptions;

  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    if (arguments.length > 2) noMore('SequentialLR', 2, arguments);
    super(optimizer, 'SequentialLR');
    checkOptions('SequentialLR', options, { schedulers: VALUE, milestones: VALUE });
    const { schedulers, milestones } = options;
    const [first] = schedulers;
    if (first === undefined || schedulers.some((scheduler) => scheduler.optimizer !== optimizer))
      refuse(ArgumentError, 'SequentialLR', 'the schedules must be of this optimizer', { argument: 'schedulers' });
    if (milestones.length !== schedulers.length - 1) {
      refuse(ArgumentError, 'SequentialLR', `${schedulers.length} schedules need ${schedulers.length - 1} milestones`, {
        argument: 'milestones',
        got: milestones,
      });
    }
    this.options = options;
    // Each schedule began from the rates that the schedules before it had set: all return to those of the first one.
    this.baseLrs = [...first.baseLrs];
    for (const scheduler of schedulers) scheduler.baseLrs = [...this.baseLrs];
    this.apply();
  }

  private get active(): LRScheduler {
    return this.options.schedulers[this.options.milestones.filter((epoch) => epoch <= this.lastEpoch).length]!;
  }

  override step(): void {
    if (arguments.length > 0) noMore('SequentialLR.step', 0, arguments);
    this.lastEpoch++;
    if (this.options.milestones.includes(this.lastEpoch)) this.active.goTo(0);
    else this.active.step();
  }

  protected override apply(): void {
    const index = this.options.schedulers.indexOf(this.active);
    this.active.goTo(this.lastEpoch - (this.options.milestones[index - 1] ?? 0));
  }

  protected override rate(base: number): number {
    return base;
  }

  override stateDict(): SchedulerState {
    if (arguments.length > 0) noMore('SequentialLR.stateDict', 0, arguments);
    return { ...super.stateDict(), schedulers: this.options.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override checkState(op: string, state: unknown): SchedulerState {
    if (arguments.length > 2) noMore('SequentialLR.checkState', 2, arguments);
    const known = super.checkState(op, state, ['schedulers']);
    const { schedulers } = this.options;
    const states = known.schedulers;
    if (!Array.isArray(states) || states.length !== schedulers.length)
      return refuse(ArgumentError, op, `schedulers must be ${schedulers.length} states, got ${shown(states)}`, {
        argument: 'state',
        got: states,
      });
    schedulers.forEach((scheduler, i) => {
      scheduler.checkState(`${op}: schedulers[${i}]`, states[i]);
    });
    return known;
  }

  override restore(state: SchedulerState): void {
    if (arguments.length > 1) noMore('SequentialLR.restore', 1, arguments);
    const states = state.schedulers as SchedulerState[];
    for (const [i, scheduler] of this.options.schedulers.entries()) scheduler.restore(states[i]!);
    super.restore(state);
  }
}
