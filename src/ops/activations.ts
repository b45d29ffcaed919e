/** Activations as functions of float32 tensors, with PyTorch's names, options and defaults. */
import { floatBits } from '../../bindings/commands/program.ts';
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { emitUnary } from '../emit/emit.ts';
import { checkFinite, checkOneOf, checkOptions, checkRange, noMore, VALUE } from '../options.ts';
import { record } from '../tape/record.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { eluUnit, gatedUnit, leakyUnit, softplusUnit } from './activationKernels.ts';
import { checkFloat, checkTensor } from './check.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { atan } from './generated/mathFunctions.ts';

/**
 * x itself.
 *
 * @example
 * F.identity(tensor([1, 2])).toArray(); // [1, 2]
 */
export function identity(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('identity', 1, arguments);
  checkTensor('identity', 'input', x);
  return x;
}

/**
 * 1 where x ≥ 0, else 0. The gradient is 0.
 *
 * @example
 * F.binaryStep(tensor([-1, 0, 2])).toArray(); // [0, 1, 1]
 */
export function binaryStep(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('binaryStep', 1, arguments);
  checkFloat('binaryStep', 'input', x);
  return compose(() => record('step', [x], x.ge(0).to('float32')));
}

/**
 * Arc tangent, between −π/2 and π/2.
 *
 * @example
 * F.arctan(tensor([0, 1])).toArray(); // [0, 0.7854]
 */
export function arctan(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('arctan', 1, arguments);
  return atan(x);
}

/**
 * min(max(x, 0), 6). As in PyTorch, the gradient at both limits is 0.
 *
 * @example
 * F.relu6(tensor([-1, 2, 8])).toArray(); // [0, 2, 6]
 */
export function relu6(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('relu6', 1, arguments);
  return openClamp('relu6', x, 0, 6, true);
}

/** x limited to low … high, with gradient 0 at the limits, and at NaN unless `passesNaN`. */
function openClamp(op: string, x: Tensor, low: number, high: number, passesNaN = false): Tensor {
  checkFloat(op, 'input', x);
  const y = emitUnary('clamp', x, 'float32', floatBits(low), floatBits(high));
  return record('clamp', [x], y, { min: low, max: high, isOpen: true, passesNaN });
}

/** Options of `leakyRelu`. */
export interface LeakyReluOptions {
  /** Slope below 0. Default 0.01. */
  negativeSlope?: number;
}

/**
 * x where x > 0, else negativeSlope·x.
 *
 * @example
 * F.leakyRelu(tensor([-1, 2]), { negativeSlope: 0.2 }).toArray(); // [-0.2, 2]
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  if (arguments.length > 2) noMore('leakyRelu', 2, arguments);
  checkFloat('leakyRelu', 'input', x);
  checkOptions('leakyRelu', options, { negativeSlope: VALUE });
  const { negativeSlope = 0.01 } = options;
  checkFinite('leakyRelu', 'negativeSlope', negativeSlope);
  return leakyUnit(x, negativeSlope);
}

/**
 * x where x > 0, else weight·x with a learned weight: one in all, or one for each index of dimension 1.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 * @example
 * F.prelu(tensor([-4, 2]), tensor([0.25])).toArray(); // [-1, 2]
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  if (arguments.length > 2) noMore('prelu', 2, arguments);
  checkFloat('prelu', 'input', x);
  checkFloat('prelu', 'weight', weight);
  const channels = x.shape[1] ?? 1;
  if (weight.numel !== 1 && (weight.ndim !== 1 || weight.numel !== channels)) {
    refuse(ShapeError, 'prelu', `weight must have 1 or ${channels} elements, got ${show(weight.shape)}`, {
      argument: 'weight',
      got: weight.shape,
      expected: [channels],
    });
  }
  return compose(() => {
    const slope =
      weight.numel === 1
        ? weight.reshape([])
        : weight.reshape([channels, ...new Array<number>(Math.max(0, x.ndim - 2)).fill(1)]);
    // A slope that is not finite must not spoil positive elements.
    const isPositive = x.gt(0);
    return restate('prelu', [x, slope], where(isPositive, x, where(isPositive, 0, x).mul(slope)));
  });
}

/** Options of `elu` and `celu`. */
export interface AlphaOptions {
  /** α: the result tends to −α as x tends to −∞; not 0 in `celu`. Default 1. */
  alpha?: number;
}

/**
 * x where x > 0, else α·(eˣ − 1).
 *
 * @example
 * F.elu(tensor([-1, 2])).toArray(); // [-0.6321, 2]
 */
export function elu(x: Tensor, options: AlphaOptions = {}): Tensor {
  if (arguments.length > 2) noMore('elu', 2, arguments);
  checkFloat('elu', 'input', x);
  checkOptions('elu', options, { alpha: VALUE });
  const { alpha = 1 } = options;
  checkFinite('elu', 'alpha', alpha);
  return eluUnit(x, alpha, 1);
}

/** Klambauer et al. (2017), https://arxiv.org/abs/1706.02515 */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * 1.0507·(x where x > 0, else 1.6733·(eˣ − 1)).
 *
 * @example
 * F.selu(tensor([-1, 2])).toArray(); // [-1.1113, 2.1014]
 */
export function selu(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('selu', 1, arguments);
  checkFloat('selu', 'input', x);
  return compose(() => restate('selu', [x], eluUnit(x, SELU_ALPHA, 1).mul(SELU_SCALE)));
}

/**
 * x where x > 0, else α·(e^(x/α) − 1).
 *
 * @example
 * F.celu(tensor([-1, 2]), { alpha: 2 }).toArray(); // [-0.7869, 2]
 */
export function celu(x: Tensor, options: AlphaOptions = {}): Tensor {
  if (arguments.length > 2) noMore('celu', 2, arguments);
  checkFloat('celu', 'input', x);
  checkOptions('celu', options, { alpha: VALUE });
  const { alpha = 1 } = options;
  checkFinite('celu', 'alpha', alpha);
  if (alpha === 0) refuse(ArgumentError, 'celu', 'alpha must not be 0', { argument: 'alpha', got: alpha });
  return eluUnit(x, alpha, 1 / alpha);
}

/** Options of `gelu`. */
export interface GeluOptions {
  /** 'tanh': 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). Default 'none': x·Φ(x). */
  approximate?: 'none' | 'tanh';
}

/**
 * x·Φ(x), where Φ is the normal distribution function.
 *
 * @see https://arxiv.org/abs/1606.08415
 * @example
 * F.gelu(tensor([-1, 2])).toArray(); // [-0.1587, 1.9545]
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  if (arguments.length > 2) noMore('gelu', 2, arguments);
  checkFloat('gelu', 'input', x);
  checkOptions('gelu', options, { approximate: VALUE });
  const { approximate = 'none' } = options;
  checkOneOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  return gatedUnit(approximate === 'none' ? 'gelu' : 'geluTanh', x);
}

/**
 * x·σ(x).
 *
 * @example
 * F.silu(tensor([-1, 2])).toArray(); // [-0.2689, 1.7616]
 */
export function silu(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('silu', 1, arguments);
  checkFloat('silu', 'input', x);
  return gatedUnit('silu', x);
}

/**
 * x·tanh(ln(1 + eˣ)).
 *
 * @example
 * F.mish(tensor([-1, 2])).toArray(); // [-0.3034, 1.944]
 */
export function mish(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('mish', 1, arguments);
  checkFloat('mish', 'input', x);
  return compose(() => x.mul(softplusUnit(x, 1, SOFTPLUS_THRESHOLD).tanh()));
}

const SOFTPLUS_THRESHOLD = 20;

/** Options of `softplus`. */
export interface SoftplusOptions {
  /** β: the larger, the closer to max(x, 0). Default 1. */
  beta?: number;
  /** Where β·x is larger, the result is x. Default 20. */
  threshold?: number;
}

/**
 * ln(1 + e^(βx)) / β.
 *
 * @example
 * F.softplus(tensor([0, 30])).toArray(); // [0.6931, 30]
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  if (arguments.length > 2) noMore('softplus', 2, arguments);
  checkFloat('softplus', 'input', x);
  checkOptions('softplus', options, { beta: VALUE, threshold: VALUE });
  const { beta = 1, threshold = SOFTPLUS_THRESHOLD } = options;
  checkFinite('softplus', 'beta', beta);
  checkFinite('softplus', 'threshold', threshold);
  return softplusUnit(x, beta, threshold);
}

/**
 * x / (1 + |x|).
 *
 * @example
 * F.softsign(tensor([-1, 3])).toArray(); // [-0.5, 0.75]
 */
export function softsign(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('softsign', 1, arguments);
  checkFloat('softsign', 'input', x);
  return compose(() => restate('softsign', [x], x.div(x.abs().add(1))));
}

/** Options of `hardtanh`. */
export interface HardtanhOptions {
  /** The lower limit, at most `maxVal`. Default −1. */
  minVal?: number;
  /** The upper limit. Default 1. */
  maxVal?: number;
}

/**
 * min(max(x, minVal), maxVal). As in PyTorch, the gradient at both limits is 0.
 *
 * @example
 * F.hardtanh(tensor([-3, 0.5])).toArray(); // [-1, 0.5]
 */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  if (arguments.length > 2) noMore('hardtanh', 2, arguments);
  checkOptions('hardtanh', options, { minVal: VALUE, maxVal: VALUE });
  const { minVal = -1, maxVal = 1 } = options;
  checkFinite('hardtanh', 'minVal', minVal);
  checkRange('hardtanh', 'maxVal', maxVal, minVal);
  return openClamp('hardtanh', x, minVal, maxVal, true);
}

/**
 * min(max(x + 3, 0), 6) / 6. As in PyTorch, the gradient at both ends is 0.
 *
 * @example
 * F.hardsigmoid(tensor([-4, 0, 1.5])).toArray(); // [0, 0.5, 0.75]
 */
export function hardsigmoid(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('hardsigmoid', 1, arguments);
  checkFloat('hardsigmoid', 'input', x);
  return compose(() => restate('hardsigmoid', [x], openClamp('hardsigmoid', x, -3, 3).add(3).div(6)));
}

/**
 * x·hardsigmoid(x). As in PyTorch, the gradient is 0 at −3 and 1 at 3.
 *
 * @example
 * F.hardswish(tensor([-4, 1.5])).toArray(); // [0, 1.125]
 */
export function hardswish(x: Tensor): Tensor {
  if (arguments.length > 1) noMore('hardswish', 1, arguments);
  checkFloat('hardswish', 'input', x);
  return compose(() => restate('hardswish', [x], x.mul(relu6(x.add(3))).div(6)));
}
