/** Adam. */

import { encodeAdam } from '../../bindings/generated/encode.ts';
import { noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, ElementwiseOptimizer, nextStep } from './elementwise.ts';
import type { GroupOptions, ParamGroup, ParamState } from './optimizer.ts';
import { COUNT, type Fields, OPTIONAL_TENSOR, TENSOR } from './savedState.ts';
import { checkBetas, checkSize, checkSwitch } from './settings.ts';

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** Learning rate, ≥ 0. Default 0.001. */
  lr?: number;
  /** Decay rates of the running means of the gradient and of its square, from 0 to below 1. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator, ≥ 0. Default 1e-8. */
  eps?: number;
  /** L2 penalty, ≥ 0; for AdamW the share of lr by which weights decay. Default 0; for AdamW 0.01. */
  weightDecay?: number;
  /** Divide by the largest running mean of the square so far. Default false. */
  amsgrad?: boolean;
  /** Maximize instead of minimize. Default false. */
  maximize?: boolean;
}

const DECOUPLED = 1;
const AMSGRAD = 2;
const MAXIMIZE = 4;

const FIELDS: Fields = { step: COUNT, expAvg: TENSOR, expAvgSq: TENSOR, maxExpAvgSq: OPTIONAL_TENSOR };

/** The default weightDecay of AdamW. */
const DEFAULT_DECAY = 0.01;

/**
 * Steps of lr·m̂ / (√v̂ + ε), where m and v are running means of the gradient and of its square (Kingma & Ba 2015).
 *
 * @throws ArgumentError if a setting is out of range, or a parameter is not a leaf, not contiguous or given twice
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example
 * const steps = new optim.Adam(model.parameters(), { lr: 1e-3 });
 * steps.zeroGrad();
 * F.crossEntropy(model.forward(x), y).backward();
 * steps.step();
 */
export class Adam extends ElementwiseOptimizer<AdamOptions> {
  constructor(params: Iterable<Tensor> | GroupOptions<AdamOptions>[], options: AdamOptions = {}, name = 'Adam') {
    if (arguments.length > 3) noMore('Adam', 3, arguments);
    super(name, params, options, {
      lr: 0.001,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: name === 'Adam' ? 0 : DEFAULT_DECAY,
      amsgrad: false,
      maximize: false,
    });
  }

  /** The flag for weights that decay apart from the gradient, or 0. */
  protected get decay(): number {
    return 0;
  }

  protected override check({ lr, betas, eps, weightDecay, amsgrad, maximize }: Required<AdamOptions>): void {
    const { name } = this;
    checkSize(name, 'lr', lr);
    checkSize(name, 'eps', eps);
    checkSize(name, 'weightDecay', weightDecay);
    checkBetas(name, betas);
    checkSwitch(name, 'amsgrad', amsgrad);
    checkSwitch(name, 'maximize', maximize);
  }

  protected override get fields(): Fields {
    return FIELDS;
  }

  protected override settings(
    { lr, betas, eps, weightDecay }: ParamGroup<AdamOptions>,
    state: ParamState,
    out: Float64Array,
  ): void {
    const beta1 = betas[0];
    const beta2 = betas[1];
    const step = nextStep(state);
    const correction1 = 1 - beta1 ** step;
    const correction2 = 1 - beta2 ** step;
    out[0] = lr / correction1;
    out[1] = beta1;
    out[2] = 1 - beta1;
    out[3] = beta2;
    out[4] = 1 - beta2;
    out[5] = eps;
    out[6] = weightDecay;
    out[7] = Math.sqrt(correction2);
    out[8] = 1 - lr * weightDecay;
  }

  protected override remember(group: ParamGroup<AdamOptions>, param: Tensor, state: ParamState): void {
    state.expAvg ??= this.zerosFor(param);
    state.expAvgSq ??= this.zerosFor(param);
    if (group.amsgrad) state.maxExpAvgSq ??= this.zerosFor(param);
  }

  protected override update(
    group: ParamGroup<AdamOptions>,
    param: Tensor,
    gradient: Tensor,
    state: ParamState,
    settings: number,
  ): void {
    encodeAdam(param.executor.program, {
      param: param.address,
      grad: gradient.address,
      m: addressOf(state.expAvg),
      v: addressOf(state.expAvgSq),
      vMax: group.amsgrad ? addressOf(state.maxExpAvgSq) : 0,
      settings,
      n: param.numel,
      flags: this.decay | (group.amsgrad ? AMSGRAD : 0) | (group.maximize ? MAXIMIZE : 0),
    });
  }
}

/**
 * Adam with decoupled weight decay: p ← p·(1 − lr·weightDecay) before each step. weightDecay is 0.01 by default.
 *
 * @throws ArgumentError if a setting is out of range, or a parameter is not a leaf, not contiguous or given twice
 * @see https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 * @example
 * const steps = new optim.AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.05 });
 */
export class AdamW extends Adam {
  constructor(params: Iterable<Tensor> | GroupOptions<AdamOptions>[], options: AdamOptions = {}) {
    if (arguments.length > 2) noMore('AdamW', 2, arguments);
    super(params, options, 'AdamW');
  }

  protected override get decay(): number {
    return DECOUPLED;
  }
}
