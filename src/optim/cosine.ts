/** Schedules that follow a cosine. Names, options and defaults are PyTorch's. */
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { ChainableLR, LRScheduler, type Scheduled } from './scheduler.ts';

/** From `high` (share 0) to `low` (share 1) along half a cosine. */
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
    // The lowest rate does not tell the others: the first step up is added to it.
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
 * Half a cosine from lr to ηmin, repeated; each period is tMult times as long as the one before (Loshchilov & Hutter 2017).
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

/** Options of `WarmupCosineLR`. */
export interface WarmupCosineLROptions {
  /** Epochs in which the rate grows linearly to that of the optimizer. */
  warmupEpochs: number;
  /** The total number of epochs. */
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
