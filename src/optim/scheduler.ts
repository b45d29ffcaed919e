/**
 * The bases of learning-rate schedules. A schedule gives, for each epoch, the rate of every group from the rate that the group
 * began with, or from the rate of the epoch before; it sets `paramGroups[i].lr`, which is live in compiled programs too.
 */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { Marked, refuseOtherCopy } from '../copies.ts';
import { nameOf, noMore, shown } from '../options.ts';
import { checkNames, isObject, numberIn } from './savedState.ts';

/** What a schedule changes: any optimizer. */
export interface Scheduled {
  /** Its groups. */
  readonly paramGroups: {
    /** The learning rate, which the schedule sets. */
    lr: number;
  }[];
}

/** What a schedule remembers, for saving: plain data. */
export type SchedulerState = Record<string, unknown>;

/** Refuses a state that is not of such a schedule: of another kind, or without one of these names, or with others. */
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
 * // What every schedule has: a step an epoch, and a state to save.
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
    /** @internal What states of such a schedule are marked with. */
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

  /** Goes on from the rates of the epoch before to those of the present one. The last act of every constructor. */
  protected advance(): void {
    this.apply();
  }

  /** Ends an epoch: sets the rates of the next one. */
  step(): void {
    if (arguments.length > 0) noMore('LRScheduler.step', 0, arguments);
    this.lastEpoch++;
    this.advance();
  }

  /** @internal Goes to an epoch at once: what SequentialLR does at a milestone. */
  goTo(epoch: number): void {
    this.lastEpoch = epoch;
    this.apply();
  }

  /** The rates of the groups now. */
  getLastLr(): number[] {
    if (arguments.length > 0) noMore('LRScheduler.getLastLr', 0, arguments);
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** What the schedule remembers. */
  stateDict(): SchedulerState {
    if (arguments.length > 0) noMore('LRScheduler.stateDict', 0, arguments);
    return { kind: this.kind, lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs], lastLrs: this.getLastLr() };
  }

  /** @internal Refuses a state that is not of such a schedule; `more` are names that it has besides. */
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
   * Goes on from what `stateDict()` of such a schedule gave, also after `JSON.parse(JSON.stringify(state))`, and sets the rates.
   *
   * @throws ArgumentError for any other state, before anything is changed
   */
  loadStateDict(state: SchedulerState): void {
    if (arguments.length > 1) noMore('LRScheduler.loadStateDict', 1, arguments);
    this.checkState(`${this.kind}.loadStateDict`, state);
    this.restore(state);
  }

  /** @internal Takes over a state that has been checked. */
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
 * A schedule that changes the rates as they are, by PyTorch's recursion from epoch to epoch: several of them work on one optimizer
 * together, and changes by hand stay.
 */
export abstract class ChainableLR extends LRScheduler {
  /** The rate of a group in an epoch from that of the epoch before; in epoch 0 from the optimizer's. */
  protected abstract next(lr: number, base: number, epoch: number): number;

  protected override advance(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.next(group.lr, this.baseLrs[i]!, this.lastEpoch);
    });
  }
}
