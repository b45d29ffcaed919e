/** Stochastic gradient descent. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { encodeSgd } from '../../bindings/generated/encode.ts';
import { rowsOf } from '../ops/rowGradient.ts';
import { checkFinite, noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { addressOf, ElementwiseOptimizer } from './elementwise.ts';
import type { GroupOptions, ParamGroup, ParamState } from './optimizer.ts';
import { type Fields, OPTIONAL_COUNT, OPTIONAL_TENSOR } from './savedState.ts';
import { checkSize, checkSwitch } from './settings.ts';

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate, ≥ 0. Default 0.001. */
  lr?: number;
  /** The share of the last step that is kept, ≥ 0. Default 0. */
  momentum?: number;
  /** The share by which the gradient's part in the momentum is reduced. Default 0. */
  dampening?: number;
  /** Look ahead along the momentum, which must not be 0; the dampening must be 0. Default false. */
  nesterov?: boolean;
  /** L2 penalty, ≥ 0: weightDecay·p is added to the gradient. Default 0. */
  weightDecay?: number;
  /** Maximize instead of minimize. Default false. */
  maximize?: boolean;
}

const NESTEROV = 1;
const MAXIMIZE = 2;

const FIELDS: Fields = { momentumBuffer: OPTIONAL_TENSOR, isFirst: OPTIONAL_COUNT };

const ALL_ROWS = { index: 0, marks: 0, count: 0, inner: 0 };

/**
 * p ← p − lr·v, v ← momentum·v + (1 − dampening)·(g + weightDecay·p).
 *
 * In a table (`nn.Embedding`) only the rows that were looked up are changed if there is neither momentum nor weight decay.
 *
 * @throws ArgumentError if a setting is out of range, or a parameter is not a leaf, not contiguous or given twice
 * @see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example
 * const steps = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true });
 */
export class SGD extends ElementwiseOptimizer<SGDOptions> {
  constructor(params: Iterable<Tensor> | GroupOptions<SGDOptions>[], options: SGDOptions = {}) {
    if (arguments.length > 2) noMore('SGD', 2, arguments);
    super('SGD', params, options, {
      lr: 0.001,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
      maximize: false,
    });
  }

  protected override check(group: Required<SGDOptions>): void {
    const { lr, momentum, dampening, nesterov, weightDecay, maximize } = group;
    checkSize('SGD', 'lr', lr);
    checkSize('SGD', 'momentum', momentum);
    checkFinite('SGD', 'dampening', dampening);
    checkSize('SGD', 'weightDecay', weightDecay);
    checkSwitch('SGD', 'nesterov', nesterov);
    checkSwitch('SGD', 'maximize', maximize);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      refuse(ArgumentError, 'SGD', 'nesterov needs momentum and no dampening', { argument: 'nesterov' });
    }
  }

  protected override get fields(): Fields {
    return FIELDS;
  }

  protected override settings(
    { lr, momentum, dampening, weightDecay }: ParamGroup<SGDOptions>,
    state: ParamState,
    out: Float64Array,
  ): void {
    const isFirst = state.isFirst === 1;
    if (isFirst) delete state.isFirst;
    out[0] = lr;
    out[1] = momentum;
    out[2] = isFirst ? 1 : 1 - dampening;
    out[3] = weightDecay;
  }

  protected override remember(group: ParamGroup<SGDOptions>, param: Tensor, state: ParamState): void {
    if (group.momentum === 0 || state.momentumBuffer !== undefined) return;
    state.momentumBuffer = this.zerosFor(param);
    state.isFirst = 1;
  }

  protected override update(
    group: ParamGroup<SGDOptions>,
    param: Tensor,
    gradient: Tensor,
    state: ParamState,
    settings: number,
  ): void {
    const flags = (group.nesterov ? NESTEROV : 0) | (group.maximize ? MAXIMIZE : 0);
    const velocity = group.momentum === 0 ? 0 : addressOf(state.momentumBuffer);
    const rows = velocity === 0 && group.weightDecay === 0 ? rowsOf(gradient) : null;
    // Settings may change at any time, and a program for some of the rows cannot make all of them decay.
    if (rows !== null) tracing?.conditions.push(() => group.weightDecay === 0);
    encodeSgd(param.executor.program, {
      param: param.address,
      grad: gradient.address,
      velocity,
      settings,
      n: param.numel,
      flags,
      ...(rows?.places ?? ALL_ROWS),
    });
  }
}
