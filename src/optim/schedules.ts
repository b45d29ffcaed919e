/** Schedules with a formula for every epoch. Names, options and defaults are PyTorch's. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkFinite, checkOptions, checkRange, checkWhole, noMore, shown, VALUE } from '../options.ts';
import { ChainableLR, LRScheduler, type Scheduled, type SchedulerState } from './scheduler.ts';

/** Options of `StepLR`. */
export interface StepLROptions {
  /** Epochs between two decays, ≥ 1. */
  stepSize: number;
  /** γ: what the rate is multiplied by at each decay. Default 0.1. */
  gamma?: number;
}

/**
 * lr·γ^⌊epoch / stepSize⌋.
 *
 * @example
 * const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.1 });
 * for (let epoch = 0; epoch < 2; epoch++) schedule.step();
 * optimizer.paramGroups[0].lr; // 0.01
 */
export class StepLR extends ChainableLR {
  private readonly options: Required<StepLROptions>;

  constructor(optimizer: Scheduled, options: StepLROptions) {
    if (arguments.length > 2) noMore('StepLR', 2, arguments);
    super(optimizer, 'StepLR');
    checkOptions('StepLR', options, { stepSize: VALUE, gamma: VALUE });
    this.options = { gamma: 0.1, ...options };
    checkWhole('StepLR', 'stepSize', options.stepSize, 1);
    checkFinite('StepLR', 'gamma', this.options.gamma);
    this.advance();
  }

  protected override rate(base: number, epoch: number): number {
    return base * this.options.gamma ** Math.floor(epoch / this.options.stepSize);
  }

  protected override next(lr: number, _base: number, epoch: number): number {
    const { gamma, stepSize } = this.options;
    return epoch > 0 && epoch % stepSize === 0 ? lr * gamma : lr;
  }
}

/** Options of `MultiStepLR`. */
export interface MultiStepLROptions {
  /** Epochs at which the rate decays. */
  milestones: readonly number[];
  /** γ: what the rate is multiplied by at each decay. Default 0.1. */
  gamma?: number;
}

/**
 * lr·γ^(number of milestones that have been reached).
 *
 * @example
 * const schedule = new optim.lrScheduler.MultiStepLR(optimizer, { milestones: [1, 3] });
 * schedule.step();
 * optimizer.paramGroups[0].lr; // 0.01
 */
export class MultiStepLR extends ChainableLR {
  private readonly options: Required<MultiStepLROptions>;

  constructor(optimizer: Scheduled, options: MultiStepLROptions) {
    if (arguments.length > 2) noMore('MultiStepLR', 2, arguments);
    super(optimizer, 'MultiStepLR');
    checkOptions('MultiStepLR', options, { milestones: VALUE, gamma: VALUE });
    this.options = { gamma: 0.1, ...options };
    for (const epoch of options.milestones) checkWhole('MultiStepLR', 'milestones', epoch);
    checkFinite('MultiStepLR', 'gamma', this.options.gamma);
    this.advance();
  }

  protected override rate(base: number, epoch: number): number {
    return base * this.options.gamma ** this.options.milestones.filter((milestone) => milestone <= epoch).length;
  }

  protected override next(lr: number, _base: number, epoch: number): number {
    return lr * this.options.gamma ** this.options.milestones.filter((milestone) => milestone === epoch).length;
  }
}

/**
 * lr·γ^epoch.
 *
 * @example
 * const schedule = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.9 });
 * schedule.step();
 * optimizer.paramGroups[0].lr; // 0.09
 */
export class ExponentialLR extends ChainableLR {
  private readonly gamma: number;

  constructor(optimizer: Scheduled, options: { gamma: number }) {
    if (arguments.length > 2) noMore('ExponentialLR', 2, arguments);
    super(optimizer, 'ExponentialLR');
    checkOptions('ExponentialLR', options, { gamma: VALUE });
    checkFinite('ExponentialLR', 'gamma', options.gamma);
    this.gamma = options.gamma;
    this.advance();
  }

  protected override rate(base: number, epoch: number): number {
    return base * this.gamma ** epoch;
  }

  protected override next(lr: number, _base: number, epoch: number): number {
    return epoch === 0 ? lr : lr * this.gamma;
  }
}

/** From `high` (share 0) to `low` (share 1) on half a cosine. */
function cosine(high: number, low: number, share: number): number {
  return low + ((high - low) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** Options of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions {
  /** Epochs of half a period, ≥ 1; PyTorch's `T_max`. */
  tMax: number;
  /** Lowest rate. Default 0. */
  etaMin?: number;
}

/**
 * ηmin + (lr − ηmin)·(1 + cos(π·epoch / tMax)) / 2.
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: 2 });
 * schedule.step();
 * optimizer.paramGroups[0].lr; // 0.05
 */
export class CosineAnnealingLR extends ChainableLR {
  private readonly options: Required<CosineAnnealingLROptions>;

  constructor(optimizer: Scheduled, options: CosineAnnealingLROptions) {
    if (arguments.length > 2) noMore('CosineAnnealingLR', 2, arguments);
    super(optimizer, 'CosineAnnealingLR');
    checkOptions('CosineAnnealingLR', options, { tMax: VALUE, etaMin: VALUE });
    checkWhole('CosineAnnealingLR', 'tMax', options.tMax, 1);
    this.options = { etaMin: 0, ...options };
    this.advance();
  }

  protected override rate(base: number, epoch: number): number {
    return cosine(base, this.options.etaMin, epoch / this.options.tMax);
  }

  protected override next(lr: number, base: number, epoch: number): number {
    const { tMax, etaMin } = this.options;
    if (epoch === 0) return lr;
    // From the lowest rate, which holds no memory of the others, on by the first step of the way up.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) return lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    const height = (at: number) => 1 + Math.cos((Math.PI * at) / tMax);
    return etaMin + (height(epoch) / height(epoch - 1)) * (lr - etaMin);
  }
}

/** Options of `CosineAnnealingWarmRestarts`. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Epochs of the first period, ≥ 1; PyTorch's `T_0`. */
  t0: number;
  /** Factor from one period to the next, a whole number ≥ 1. Default 1. */
  tMult?: number;
  /** Lowest rate. Default 0. */
  etaMin?: number;
}

/**
 * Half a cosine from lr to ηmin, again and again; periods grow by tMult (Loshchilov & Hutter 2017).
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, { t0: 2, tMult: 2 });
 * schedule.step();
 * optimizer.paramGroups[0].lr; // 0.05
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  private readonly options: Required<CosineAnnealingWarmRestartsOptions>;

  constructor(optimizer: Scheduled, options: CosineAnnealingWarmRestartsOptions) {
    if (arguments.length > 2) noMore('CosineAnnealingWarmRestarts', 2, arguments);
    super(optimizer, 'CosineAnnealingWarmRestarts');
    const op = 'CosineAnnealingWarmRestarts';
    checkOptions(op, options, { t0: VALUE, tMult: VALUE, etaMin: VALUE });
    this.options = { tMult: 1, etaMin: 0, ...options };
    checkWhole(op, 't0', this.options.t0, 1);
    checkWhole(op, 'tMult', this.options.tMult, 1);
    this.apply();
  }

  protected override rate(base: number, epoch: number): number {
    const { t0, tMult, etaMin } = this.options;
    let period = t0;
    let since = epoch;
    for (; since >= period; period *= tMult) since -= period;
    return cosine(base, etaMin, since / period);
  }
}

/** Options of `LinearLR`. */
export interface LinearLROptions {
  /** Share of the rate in epoch 0. Default 1/3. */
  startFactor?: number;
  /** Share from epoch totalIters on. Default 1. */
  endFactor?: number;
  /** Epochs from one factor to the other, ≥ 1. Default 5. */
  totalIters?: number;
}

/**
 * lr times a factor that goes in a straight line from startFactor to endFactor.
 *
 * @example
 * const schedule = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 4 });
 * optimizer.paramGroups[0].lr; // 0.05
 */
export class LinearLR extends ChainableLR {
  private readonly options: Required<LinearLROptions>;

  constructor(optimizer: Scheduled, options: LinearLROptions = {}) {
    if (arguments.length > 2) noMore('LinearLR', 2, arguments);
    super(optimizer, 'LinearLR');
    checkOptions('LinearLR', options, { startFactor: VALUE, endFactor: VALUE, totalIters: VALUE });
    this.options = { startFactor: 1 / 3, endFactor: 1, totalIters: 5, ...options };
    checkRange('LinearLR', 'startFactor', this.options.startFactor, Number.MIN_VALUE, 1);
    checkRange('LinearLR', 'endFactor', this.options.endFactor, 0, 1);
    checkWhole('LinearLR', 'totalIters', this.options.totalIters, 1);
    this.advance();
  }

  protected override rate(base: number, epoch: number): number {
    const { startFactor, endFactor, totalIters } = this.options;
    return base * (startFactor + ((endFactor - startFactor) * Math.min(epoch, totalIters)) / totalIters);
  }

  protected override next(lr: number, _base: number, epoch: number): number {
    const { startFactor, endFactor, totalIters } = this.options;
    if (epoch === 0) return lr * startFactor;
    if (epoch > totalIters) return lr;
    const slope = endFactor - startFactor;
    // On the way to 0 the last factor may round to less, and no optimizer takes a negative rate.
    return lr * Math.max(0, 1 + slope / (totalIters * startFactor + (epoch - 1) * slope));
  }
}

/** Options of `LambdaLR`. */
export interface LambdaLROptions {
  /** The factor in an epoch: one function, or one a group. */
  lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
}

/**
 * lr·λ(epoch). The functions are not in the state dict.
 *
 * @example
 * const schedule = new optim.lrScheduler.LambdaLR(optimizer, { lrLambda: (epoch) => 1 / (1 + epoch) });
 * schedule.step();
 * optimizer.paramGroups[0].lr; // 0.05
 */
export class LambdaLR extends LRScheduler {
  private readonly lambdas: readonly ((epoch: number) => number)[];

  constructor(optimizer: Scheduled, options: LambdaLROptions) {
    if (arguments.length > 2) noMore('LambdaLR', 2, arguments);
    super(optimizer, 'LambdaLR');
    checkOptions('LambdaLR', options, { lrLambda: VALUE });
    const { lrLambda } = options;
    const groups = optimizer.paramGroups.length;
    this.lambdas = typeof lrLambda === 'function' ? new Array(groups).fill(lrLambda) : lrLambda;
    if (!Array.isArray(this.lambdas) || this.lambdas.length !== groups) {
      refuse(ArgumentError, 'LambdaLR', `expected a function, or ${groups} of them`, {
        argument: 'lrLambda',
        got: lrLambda,
      });
    }
    this.apply();
  }

  protected override rate(base: number, epoch: number, group: number): number {
    return base * this.lambdas[group]!(epoch);
  }
}

/** Options of `WarmupCosineLR`. */
export interface WarmupCosineLROptions {
  /** Epochs in which the rate grows in a straight line to the optimizer's own. */
  warmupEpochs: number;
  /** Epochs in all. */
  totalEpochs: number;
  /** Lowest rate, at the end. Default 0. */
  etaMin?: number;
}

/**
 * lr·(epoch + 1) / warmupEpochs at first, then half a cosine from lr to ηmin at totalEpochs, where it stays.
 *
 * @example
 * const schedule = new optim.lrScheduler.WarmupCosineLR(optimizer, { warmupEpochs: 5, totalEpochs: 50 });
 * schedule.step();
 */
export class WarmupCosineLR extends LRScheduler {
  private readonly options: Required<WarmupCosineLROptions>;

  constructor(optimizer: Scheduled, options: WarmupCosineLROptions) {
    if (arguments.length > 2) noMore('WarmupCosineLR', 2, arguments);
    super(optimizer, 'WarmupCosineLR');
    const op = 'WarmupCosineLR';
    checkOptions(op, options, { warmupEpochs: VALUE, totalEpochs: VALUE, etaMin: VALUE });
    this.options = { etaMin: 0, ...options };
    checkWhole(op, 'warmupEpochs', options.warmupEpochs);
    checkWhole(op, 'totalEpochs', options.totalEpochs, options.warmupEpochs + 1);
    this.apply();
  }

  protected override rate(base: number, epoch: number): number {
    const { warmupEpochs, totalEpochs, etaMin } = this.options;
    if (epoch < warmupEpochs) return (base * (epoch + 1)) / warmupEpochs;
    return cosine(base, etaMin, Math.min(1, (epoch - warmupEpochs) / (totalEpochs - warmupEpochs)));
  }
}

/** Options of `SequentialLR`. */
export interface SequentialLROptions {
  /** At least one, all of them made for the same optimizer. */
  schedulers: readonly LRScheduler[];
  /** Epochs at which the next schedule begins, one fewer than schedules. */
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
    if (schedulers.some((scheduler) => scheduler.optimizer !== optimizer) || schedulers.length === 0) {
      refuse(ArgumentError, 'SequentialLR', 'the schedules must be of this optimizer', { argument: 'schedulers' });
    }
    if (milestones.length !== schedulers.length - 1) {
      refuse(ArgumentError, 'SequentialLR', `${schedulers.length} schedules need ${schedulers.length - 1} milestones`, {
        argument: 'milestones',
        got: milestones,
      });
    }
    this.options = options;
    // Each schedule began from the rate that those before it had set: all go back to the first one's.
    this.baseLrs = [...schedulers[0]!.baseLrs];
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
    this.active.goTo(this.lastEpoch - (index === 0 ? 0 : this.options.milestones[index - 1]!));
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
