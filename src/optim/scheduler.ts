/**
 * The base of learning-rate schedules. A schedule gives, for each epoch, the rate of every group from the rate that the group
 * began with; it sets `paramGroups[i].lr`, which is live in compiled programs too.
 */
import { ArgumentError } from '../../bindings/errors.ts';

/** What a schedule changes: any optimizer. */
export interface Scheduled {
  readonly paramGroups: { lr: number }[];
}

/** What a schedule remembers, for saving: plain data. */
export type SchedulerState = Record<string, unknown>;

export abstract class LRScheduler {
  /** Epochs that `step()` has ended. */
  lastEpoch = 0;
  /** The rates that the groups began with. */
  baseLrs: number[];

  constructor(readonly optimizer: Scheduled) {
    if (!Array.isArray(optimizer?.paramGroups)) {
      throw new ArgumentError(`${new.target.name}: expected an optimizer`, {
        op: new.target.name,
        argument: 'optimizer',
        got: optimizer,
      });
    }
    this.baseLrs = optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The rate of a group in an epoch, counted from 0. */
  protected abstract rate(base: number, epoch: number, group: number): number;

  /** Sets the rates of the present epoch. The last act of every constructor. */
  protected apply(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.rate(this.baseLrs[i]!, this.lastEpoch, i);
    });
  }

  /** Ends an epoch: sets the rates of the next one. */
  step(): void {
    this.lastEpoch++;
    this.apply();
  }

  /** @internal Goes to an epoch at once: what SequentialLR does at a milestone. */
  goTo(epoch: number): void {
    this.lastEpoch = epoch;
    this.apply();
  }

  /** The rates of the groups now. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** What the schedule remembers. The optimizer's rates are in its own state dict. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs] };
  }

  /** Goes on from what `stateDict()` of such a schedule gave, and sets the rates. */
  loadStateDict(state: SchedulerState): void {
    this.lastEpoch = state.lastEpoch as number;
    this.baseLrs = [...(state.baseLrs as number[])];
    this.apply();
  }
}
