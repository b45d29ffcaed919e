/**
 * The bases of learning-rate schedules. For each epoch, a schedule computes the rate of every group from the rate that the group
 * began with, or from the rate of the epoch before, and sets `paramGroups[i].lr`, which compiled programs follow too.
 */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { Marked, refuseOtherCopy } from '../copies.ts';
import { nameOf, noMore, shown } from '../options.ts';
import { checkNames, isObject, numberIn } from './savedState.ts';

/** What a schedule needs from an optimizer. */
export interface Scheduled {
  /** Its groups. */
  readonly paramGroups: {
    /** The learning rate, which the schedule sets. */
    lr: number;
  }[];
}

/** What a schedule remembers, as plain data that can be saved. */
export type SchedulerState = Record<string, unknown>;

/** Refuses a state of another kind of schedule, without one of these names, or with other names. */
export function checkSchedule(op: string, kind: string, state: unknown, names: readonly string[]): SchedulerState {
  if (!isObject(state))
    return refuse(ArgumentError, op, `expected what stateDict() gives, got ${nameOf(state)}`, {
      argument: 'state',
      got: state,
    });
  const { kind: given = kind } = state;
  if (given !== kind)
    refuse(ArgumentError, op, `the state is of ${shown(given)}, not of ${kind}`, { argument: 'state', got: given });
  checkNames(op, 'the state', state, names, ['kind']);
  return state;
}

/** The rates that groups had before any schedule changed them. */
const initialRates = new WeakMap<object, number>();

/**
 * What all learning rate schedules have in common.
 *
 * @example
 * // Every schedule has a step for each epoch, and a state to save.
 * const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 10 });
 * schedule.step();
 * schedule.loadStateDict(schedule.stateDict());
 */
export abstract class LRScheduler extends Marked {
  /** Epochs that `step()` has ended. */
  lastEpoch = 0;
  /** The rates that the groups began with. */
  baseLrs: number[];

  constructor(
    /** The optimizer whose rates it sets. */
    readonly optimizer: Scheduled,
    /** @internal The kind that marks the states of such a schedule. */
    protected readonly kind = new.target.name,
  ) {
    if (arguments.length > 2) noMore(new.target.name, 2, arguments);
    super();
    refuseOtherCopy(optimizer);
    if (!Array.isArray(optimizer?.paramGroups)) {
      refuse(ArgumentError, kind, 'expected an optimizer', { argument: 'optimizer', got: optimizer });
    }
    this.baseLrs = optimizer.paramGroups.map((group) => {
      const initial = initialRates.get(group) ?? group.lr;
      initialRates.set(group, initial);
      return initial;
    });
  }

  /** The rate of a group in an epoch, counted from 0. */
  protected abstract rate(base: number, epoch: number, group: number): number;

  /** Sets the rates of the present epoch. */
  protected apply(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.rate(this.baseLrs[i]!, this.lastEpoch, i);
    });
  }

  /** Moves from the rates of the epoch before to those of the present one. Every constructor calls it last. */
  protected advance(): void {
    this.apply();
  }

  /** Ends an epoch: sets the rates of the next one. */
  step(): void {
    if (arguments.length > 0) noMore('LRScheduler.step', 0, arguments);
    this.lastEpoch++;
    this.advance();
  }

  /** @internal Jumps to an epoch, as SequentialLR does at a milestone. */
  goTo(epoch: number): void {
    this.lastEpoch = epoch;
    this.apply();
  }

  /** The present rates of the groups. */
  getLastLr(): number[] {
    if (arguments.length > 0) noMore('LRScheduler.getLastLr', 0, arguments);
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** What the schedule remembers. */
  stateDict(): SchedulerState {
    if (arguments.length > 0) noMore('LRScheduler.stateDict', 0, arguments);
    return { kind: this.kind, lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs], lastLrs: this.getLastLr() };
  }

  /** @internal Refuses a state that is not of such a schedule; `more` are further names that it has. */
  checkState(op: string, state: unknown, more: readonly string[] = []): SchedulerState {
    const { length } = this.optimizer.paramGroups;
    const known = checkSchedule(op, this.kind, state, ['lastEpoch', 'baseLrs', 'lastLrs', ...more]);
    numberIn(op, 'lastEpoch', known.lastEpoch, 'count');
    for (const name of ['baseLrs', 'lastLrs']) {
      const rates = known[name];
      if (Array.isArray(rates) && rates.length === length && rates.every((rate) => Number.isFinite(rate))) continue;
      refuse(ArgumentError, op, `${name} must be ${length} numbers, one for each group, got ${shown(rates)}`, {
        argument: 'state',
        got: rates,
      });
    }
    return known;
  }

  /**
   * Continues from what `stateDict()` of such a schedule gave, also after `JSON.parse(JSON.stringify(state))`, and sets the rates.
   *
   * @throws ArgumentError for any other state, before anything is changed
   */
  loadStateDict(state: SchedulerState): void {
    if (arguments.length > 1) noMore('LRScheduler.loadStateDict', 1, arguments);
    this.checkState(`${this.kind}.loadStateDict`, state);
    this.restore(state);
  }

  /** @internal Restores a state that has been checked. */
  restore(state: SchedulerState): void {
    this.lastEpoch = state.lastEpoch as number;
    this.baseLrs = [...(state.baseLrs as number[])];
    this.apply();
    const rates = state.lastLrs as number[];
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = rates[i]!;
      initialRates.set(group, this.baseLrs[i]!);
    });
  }
}

/**
 * A schedule that changes the present rates, by PyTorch's recursion from epoch to epoch: several of them can work on one optimizer
 * together, and manual changes persist.
 */
export abstract class ChainableLR extends LRScheduler {
  /** The rate of a group in an epoch, computed from that of the epoch before; in epoch 0 from that of the optimizer. */
  protected abstract next(lr: number, base: number, epoch: number): number;

  protected override advance(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.next(group.lr, this.baseLrs[i]!, this.lastEpoch);
    });
  }
}
