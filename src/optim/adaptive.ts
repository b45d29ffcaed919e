/** Optimizers whose steps adapt to the size of the gradients: RMSprop, Adagrad, Adadelta and NAdam. */
import { AdaptiveFn, encodeAdaptive } from '../../bindings/generated/encode.ts';
import { checkRange, noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ElementwiseOptimizer } from './elementwise.ts';
import type { GroupOptions, ParamGroup, ParamState } from './optimizer.ts';
import { COUNT, type Fields, OPTIONAL_TENSOR, SHARE, TENSOR } from './savedState.ts';
import { checkBetas, checkSize, checkSwitch } from './settings.ts';

type Params<O> = Iterable<Tensor> | GroupOptions<O>[];

interface CommonOptions {
  /** Learning rate, ≥ 0. Default: of NAdam 0.002, of RMSprop and Adagrad 0.01, of Adadelta 1. */
  lr?: number;
  /** Added to the denominator, ≥ 0. Default 1e-8; of Adagrad 1e-10, of Adadelta 1e-6. */
  eps?: number;
  /** L2 penalty, ≥ 0: weightDecay·p is added to the gradient. Default 0. */
  weightDecay?: number;
  /** Ascend instead. Default false. */
  maximize?: boolean;
}

const RMSPROP: Fields = {
  step: COUNT,
  squareAvg: TENSOR,
  gradAvg: OPTIONAL_TENSOR,
  momentumBuffer: OPTIONAL_TENSOR,
};
const ADAGRAD: Fields = { step: COUNT, sum: TENSOR };
const ADADELTA: Fields = { step: COUNT, squareAvg: TENSOR, accDelta: TENSOR };
const NADAM: Fields = { step: COUNT, muProduct: SHARE, expAvg: TENSOR, expAvgSq: TENSOR };

interface Places {
  a: string;
  b?: string;
  c?: string;
}

function checkCommon(op: string, { lr, eps, weightDecay, maximize }: Required<CommonOptions>): void {
  checkSize(op, 'lr', lr);
  checkSize(op, 'eps', eps);
  checkSize(op, 'weightDecay', weightDecay);
  checkSwitch(op, 'maximize', maximize);
}

abstract class Adaptive<O extends CommonOptions> extends ElementwiseOptimizer<O> {
  /** The rule, where its state is kept, and what that begins with. */
  protected abstract rule(group: ParamGroup<O>): { fn: AdaptiveFn; places: Places; start?: number };

  protected override remember(group: ParamGroup<O>, param: Tensor, state: ParamState): void {
    const { places, start } = this.rule(group);
    state[places.a] ??= this.zerosFor(param, start);
    for (const name of [places.b, places.c]) if (name !== undefined) state[name] ??= this.zerosFor(param);
  }

  protected override update(
    group: ParamGroup<O>,
    param: Tensor,
    gradient: Tensor,
    state: ParamState,
    settings: number,
  ): void {
    const { fn, places } = this.rule(group);
    const address = (name: string | undefined) => (name === undefined ? 0 : (state[name] as Tensor).address);
    encodeAdaptive(param.executor.program, {
      fn: AdaptiveFn[fn],
      param: param.address,
      grad: gradient.address,
      a: address(places.a),
      b: address(places.b),
      c: address(places.c),
      settings,
      n: param.numel,
      flags: group.maximize ? 1 : 0,
    });
  }
}

/** The number of the step that is about to be made, counted from 1. */
function nextStep(state: ParamState): number {
  const step = ((state.step as number | undefined) ?? 0) + 1;
  state.step = step;
  return step;
}

/** Options of `RMSprop`. */
export interface RMSpropOptions extends CommonOptions {
  /** Share of the running mean of the squared gradient that is kept. Default 0.99. */
  alpha?: number;
  /** Share of the running step that is kept, ≥ 0. Default 0: steps are not smoothed. */
  momentum?: number;
  /** Take the mean gradient's square from the mean square. Default false. */
  centered?: boolean;
}

/**
 * Steps of lr·g / (√v + ε), v a running mean of g². Defaults: lr 0.01, α 0.99, ε 1e-8.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 * @example
 * const steps = new optim.RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9, centered: true });
 */
export class RMSprop extends Adaptive<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options: RMSpropOptions = {}) {
    if (arguments.length > 2) noMore('RMSprop', 2, arguments);
    const defaults = { lr: 0.01, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false };
    super('RMSprop', params, options, { ...defaults, maximize: false });
  }

  protected override check(group: Required<RMSpropOptions>): void {
    checkCommon('RMSprop', group);
    checkSize('RMSprop', 'alpha', group.alpha);
    checkSize('RMSprop', 'momentum', group.momentum);
    checkSwitch('RMSprop', 'centered', group.centered);
  }

  protected override get fields(): Fields {
    return RMSPROP;
  }

  protected override rule({ momentum, centered }: ParamGroup<RMSpropOptions>) {
    const places: Places = { a: 'squareAvg' };
    if (centered) places.b = 'gradAvg';
    if (momentum > 0) places.c = 'momentumBuffer';
    return { fn: 'rmsprop', places } as const;
  }

  protected override settings(
    { lr, alpha, eps, weightDecay, momentum }: ParamGroup<RMSpropOptions>,
    state: ParamState,
    out: Float64Array,
  ): void {
    nextStep(state);
    out.set([lr, eps, weightDecay, alpha, 1 - alpha, momentum]);
  }
}

/** Options of `Adagrad`. */
export interface AdagradOptions extends CommonOptions {
  /** Steps shrink as lr / (1 + (step − 1)·lrDecay). Default 0. */
  lrDecay?: number;
  /** What the sum of squares begins with, ≥ 0. Default 0. */
  initialAccumulatorValue?: number;
}

/**
 * Steps of lr·g / (√s + ε), s the sum of all g². Defaults: lr 0.01, ε 1e-10.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 * @example
 * const steps = new optim.Adagrad(model.parameters(), { lr: 0.05 });
 */
export class Adagrad extends Adaptive<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options: AdagradOptions = {}) {
    if (arguments.length > 2) noMore('Adagrad', 2, arguments);
    const defaults = { lr: 0.01, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 };
    super('Adagrad', params, options, { ...defaults, maximize: false });
  }

  protected override check(group: Required<AdagradOptions>): void {
    checkCommon('Adagrad', group);
    checkSize('Adagrad', 'lrDecay', group.lrDecay);
    checkSize('Adagrad', 'initialAccumulatorValue', group.initialAccumulatorValue);
  }

  protected override get fields(): Fields {
    return ADAGRAD;
  }

  protected override rule({ initialAccumulatorValue }: ParamGroup<AdagradOptions>) {
    return { fn: 'adagrad', places: { a: 'sum' }, start: initialAccumulatorValue } as const;
  }

  protected override settings(
    { lr, lrDecay, eps, weightDecay }: ParamGroup<AdagradOptions>,
    state: ParamState,
    out: Float64Array,
  ): void {
    out.set([lr / (1 + (nextStep(state) - 1) * lrDecay), eps, weightDecay]);
  }
}

/** Options of `Adadelta`. */
export interface AdadeltaOptions extends CommonOptions {
  /** Share of the running means that is kept. Default 0.9. */
  rho?: number;
}

/**
 * Steps of lr·√(d + ε) / √(v + ε)·g, v and d running means of g² and of the squared steps. Defaults: lr 1, ρ 0.9, ε 1e-6.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 * @example
 * const steps = new optim.Adadelta(model.parameters(), { rho: 0.95 });
 */
export class Adadelta extends Adaptive<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    if (arguments.length > 2) noMore('Adadelta', 2, arguments);
    super('Adadelta', params, options, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false });
  }

  protected override check(group: Required<AdadeltaOptions>): void {
    checkCommon('Adadelta', group);
    checkRange('Adadelta', 'rho', group.rho, 0, 1);
  }

  protected override get fields(): Fields {
    return ADADELTA;
  }

  protected override rule() {
    return { fn: 'adadelta', places: { a: 'squareAvg', b: 'accDelta' } } as const;
  }

  protected override settings(
    { lr, rho, eps, weightDecay }: ParamGroup<AdadeltaOptions>,
    state: ParamState,
    out: Float64Array,
  ): void {
    nextStep(state);
    out.set([lr, eps, weightDecay, rho, 1 - rho]);
  }
}

/** Options of `NAdam`. */
export interface NAdamOptions extends CommonOptions {
  /** Shares of the running means of the gradient and of its square that are kept. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** How fast the momentum grows to its full size. Default 0.004. */
  momentumDecay?: number;
  /** Weights decay by themselves, as of AdamW: p ← p·(1 − lr·weightDecay) before each step. Default false. */
  decoupledWeightDecay?: boolean;
}

/**
 * Adam with Nesterov's momentum (Dozat 2016). Defaults: lr 0.002, β 0.9 and 0.999, ε 1e-8.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 * @example
 * const steps = new optim.NAdam(model.parameters(), { lr: 1e-3, weightDecay: 0.01, decoupledWeightDecay: true });
 */
export class NAdam extends Adaptive<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options: NAdamOptions = {}) {
    if (arguments.length > 2) noMore('NAdam', 2, arguments);
    const defaults = { lr: 0.002, eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3 };
    super('NAdam', params, options, {
      ...defaults,
      betas: [0.9, 0.999],
      decoupledWeightDecay: false,
      maximize: false,
    });
  }

  protected override check(group: Required<NAdamOptions>): void {
    checkCommon('NAdam', group);
    checkSize('NAdam', 'momentumDecay', group.momentumDecay);
    checkBetas('NAdam', group.betas);
    checkSwitch('NAdam', 'decoupledWeightDecay', group.decoupledWeightDecay);
  }

  protected override get fields(): Fields {
    return NADAM;
  }

  protected override rule() {
    return { fn: 'nadam', places: { a: 'expAvg', b: 'expAvgSq' } } as const;
  }

  protected override settings(
    { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay }: ParamGroup<NAdamOptions>,
    state: ParamState,
    out: Float64Array,
  ): void {
    const [beta1, beta2] = betas;
    const step = nextStep(state);
    const share = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [now, next] = [share(step), share(step + 1)];
    const product = ((state.muProduct as number | undefined) ?? 1) * now;
    state.muProduct = product;
    const direct = (lr * (1 - now)) / (1 - product);
    const correction = Math.sqrt(1 - beta2 ** step);
    out.set([
      direct,
      eps,
      decoupledWeightDecay ? 0 : weightDecay,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      correction,
      (lr * next) / (1 - product * next),
      decoupledWeightDecay ? 1 - lr * weightDecay : 1,
    ]);
  }
}
