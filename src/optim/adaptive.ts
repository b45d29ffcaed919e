/** Optimizers whose steps adapt to the size of the gradients: RMSprop, Adagrad, Adadelta and NAdam. */
import { AdaptiveFn, encodeAdaptive } from '../../bindings/generated/encode.ts';
import { checkRange, noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, ElementwiseOptimizer, nextStep } from './elementwise.ts';
import type { GroupOptions, ParamGroup, ParamState } from './optimizer.ts';
import { COUNT, type Fields, OPTIONAL_TENSOR, SHARE, TENSOR } from './savedState.ts';
import { checkBetas, checkSize, checkSwitch } from './settings.ts';

type Params<O> = Iterable<Tensor> | GroupOptions<O>[];

interface CommonOptions {
  /** Learning rate, ≥ 0. Default: 0.002 for NAdam, 0.01 for RMSprop and Adagrad, 1 for Adadelta. */
  lr?: number;
  /** Added to the denominator, ≥ 0. Default 1e-8; for Adagrad 1e-10, for Adadelta 1e-6. */
  eps?: number;
  /** L2 penalty, ≥ 0: weightDecay·p is added to the gradient. Default 0. */
  weightDecay?: number;
  /** Maximize instead of minimize. Default false. */
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

/** The names under which a rule keeps its state. */
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
  /** The rule, where it keeps its state, and the first value of that. */
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
    const address = (name: string | undefined) => (name === undefined ? 0 : addressOf(state[name]));
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

/** Options of `RMSprop`. */
export interface RMSpropOptions extends CommonOptions {
  /** The decay rate of the running mean of the squared gradient. Default 0.99. */
  alpha?: number;
  /** The share of the running step that is kept, ≥ 0. Default 0: steps are not smoothed. */
  momentum?: number;
  /** Subtract the square of the mean gradient from the mean square. Default false. */
  centered?: boolean;
}

/**
 * Steps of lr·g / (√v + ε), where v is a running mean of g². Defaults: lr 0.01, α 0.99, ε 1e-8.
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
  /** The first value of the sum of squares, ≥ 0. Default 0. */
  initialAccumulatorValue?: number;
}

/**
 * Steps of lr·g / (√s + ε), where s is the sum of all g². Defaults: lr 0.01, ε 1e-10.
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
  /** The decay rate of the running means. Default 0.9. */
  rho?: number;
}

/**
 * Steps of lr·√(d + ε) / √(v + ε)·g, where v and d are running means of g² and of the squared steps. Defaults: lr 1, ρ 0.9, ε 1e-6.
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
  /** Decay rates of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** How fast the momentum grows to its full size. Default 0.004. */
  momentumDecay?: number;
  /** Decay weights apart from the gradient, as AdamW does: p ← p·(1 − lr·weightDecay) before each step. Default false. */
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
    const product = (typeof state.muProduct === 'number' ? state.muProduct : 1) * now;
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
