/** Schedules with a formula for every epoch. Names, options and defaults are PyTorch's. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkFinite, checkOptions, checkRange, checkWhole, noMore, VALUE } from '../options.ts';
import { ChainableLR, LRScheduler, type Scheduled } from './scheduler.ts';

/** Options of `StepLR`. */
export interface StepLROptions {
  /** Epochs between two decays, ≥ 1. */
  stepSize: number;
  /** γ, the factor of the rate at each decay. Default 0.1. */
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
  /** γ, the factor of the rate at each decay. Default 0.1. */
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

/** Options of `LinearLR`. */
export interface LinearLROptions {
  /** The factor in epoch 0. Default 1/3. */
  startFactor?: number;
  /** The factor from epoch totalIters on. Default 1. */
  endFactor?: number;
  /** Epochs from one factor to the other, ≥ 1. Default 5. */
  totalIters?: number;
}

/**
 * lr times a factor that goes linearly from startFactor to endFactor.
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
    // On the way to 0 the last factor may round to a negative one, and optimizers refuse negative rates.
    return lr * Math.max(0, 1 + slope / (totalIters * startFactor + (epoch - 1) * slope));
  }
}

/** Options of `LambdaLR`. */
export interface LambdaLROptions {
  /** The factor in an epoch: one function, or one for each group. */
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
