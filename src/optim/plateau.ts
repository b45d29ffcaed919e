/** The schedule that lowers the rate when a metric stops improving. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkFinite, checkOptions, checkRange, checkWhole, kindsOf, noMore, shown } from '../options.ts';
import { numberIn } from './savedState.ts';
import { checkSchedule, type Scheduled, type SchedulerState } from './scheduler.ts';

const KIND = 'ReduceLROnPlateau';

/** Options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** Whether a smaller metric is better (default) or a larger one. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number;
  /** Epochs without improvement to wait for. Default 10. */
  patience?: number;
  /** By how much a metric must be better to count as an improvement. Default 1e-4. */
  threshold?: number;
  /** Whether `threshold` is a share of the best metric (default) or a difference. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs to wait after a reduction. Default 0. */
  cooldown?: number;
  /** Lowest rate. Default 0. */
  minLr?: number;
  /** The least change of the rate; smaller ones are not made. Default 1e-8. */
  eps?: number;
}

/**
 * Reduces the rates when a metric has not improved for `patience` epochs: `scheduler.step(loss)` once an epoch.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 * @example
 * const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0 });
 * for (const loss of [1, 1, 1]) schedule.step(loss);
 * optimizer.paramGroups[0].lr; // 0.001
 */
export class ReduceLROnPlateau {
  private readonly options: Required<ReduceLROnPlateauOptions>;
  private best: number;
  private badEpochs = 0;
  private cooling = 0;
  /** Epochs that `step()` has ended. */
  lastEpoch = 0;

  constructor(
    /** The optimizer whose rates it reduces. */
    readonly optimizer: Scheduled,
    options: ReduceLROnPlateauOptions = {},
  ) {
    if (arguments.length > 2) noMore('ReduceLROnPlateau', 2, arguments);
    const op = KIND;
    const defaults = {
      mode: 'min',
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: 'rel',
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
    } as const;
    checkOptions(op, options, kindsOf<ReduceLROnPlateauOptions>(defaults));
    this.options = { ...defaults, ...options };
    const { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps } = this.options;
    if ((mode !== 'min' && mode !== 'max') || (thresholdMode !== 'rel' && thresholdMode !== 'abs') || factor >= 1) {
      refuse(
        ArgumentError,
        op,
        `expected mode 'min' or 'max', thresholdMode 'rel' or 'abs' and a factor below 1, got ${mode}, ${thresholdMode}, ${factor}`,
        { argument: 'options', got: options },
      );
    }
    checkRange(op, 'factor', factor, 0);
    checkWhole(op, 'patience', patience);
    checkWhole(op, 'cooldown', cooldown);
    for (const [name, value] of Object.entries({ threshold, minLr, eps })) checkFinite(op, name, value);
    this.best = this.worst;
  }

  private improves(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === 'min' ? -1 : 1;
    const limit = thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold;
    return mode === 'min' ? metric < limit : metric > limit;
  }

  /** Ends an epoch with this metric. */
  step(metric: number): void {
    if (arguments.length > 1) noMore('ReduceLROnPlateau.step', 1, arguments);
    if (typeof metric !== 'number')
      refuse(ArgumentError, 'ReduceLROnPlateau.step', `metric must be a number, got ${typeof metric}`, {
        argument: 'metric',
        got: metric,
      });
    const { factor, patience, cooldown, minLr, eps } = this.options;
    this.lastEpoch++;
    if (this.improves(metric)) {
      this.best = metric;
      this.badEpochs = 0;
    } else {
      this.badEpochs++;
    }
    if (this.cooling > 0) {
      this.cooling--;
      this.badEpochs = 0;
    }
    if (this.badEpochs <= patience) return;
    for (const group of this.optimizer.paramGroups) {
      const lr = Math.max(group.lr * factor, minLr);
      if (group.lr - lr > eps) group.lr = lr;
    }
    this.cooling = cooldown;
    this.badEpochs = 0;
  }

  /** The present rates of the groups. */
  getLastLr(): number[] {
    if (arguments.length > 0) noMore('ReduceLROnPlateau.getLastLr', 0, arguments);
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** What the schedule remembers. The optimizer's rates are in its own state dict. */
  stateDict(): SchedulerState {
    if (arguments.length > 0) noMore('ReduceLROnPlateau.stateDict', 0, arguments);
    const { best, badEpochs, cooling, lastEpoch } = this;
    return { kind: KIND, best, badEpochs, cooling, lastEpoch };
  }

  /**
   * Continues from what `stateDict()` gave, also after `JSON.parse(JSON.stringify(state))`.
   *
   * @throws ArgumentError for any other state, before anything is changed
   */
  loadStateDict(state: SchedulerState): void {
    if (arguments.length > 1) noMore('ReduceLROnPlateau.loadStateDict', 1, arguments);
    const op = `${KIND}.loadStateDict`;
    const known = checkSchedule(op, KIND, state, ['best', 'badEpochs', 'cooling', 'lastEpoch']);
    // Before the first metric the best value is infinite, which JSON turns into null.
    const best = known.best === null ? this.worst : known.best;
    if (typeof best !== 'number' || Number.isNaN(best))
      refuse(ArgumentError, op, `best must be a number, got ${shown(best)}`, { argument: 'state', got: best });
    const count = (name: string) => numberIn(op, name, known[name], 'count');
    const [badEpochs, cooling, lastEpoch] = [count('badEpochs'), count('cooling'), count('lastEpoch')];
    Object.assign(this, { best, badEpochs, cooling, lastEpoch });
  }

  private get worst(): number {
    return this.options.mode === 'min' ? Infinity : -Infinity;
  }
}
