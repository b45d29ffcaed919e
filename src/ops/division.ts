/** Division, with or without the fraction, and rounding. */
import { ArgumentError } from '../../bindings/errors.ts';
import { checkValues } from '../emit/values.ts';
import { checkOneOf, checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { needsGrad, record } from '../tape/record.ts';
import type { Broadcast, Broadcasts } from '../tensor/knownShapes.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { arithmetic, quotient, remainder } from './arithmetic.ts';
import { checkFloat, checkTensor } from './check.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';
import { scalarTensor, zerosLike } from './create.ts';
import { checkOperands, converted, meetingType, type Operand, withoutBooleans } from './operands.ts';
import { stepUnary } from './unary.ts';

/** Options of `div`. */
export interface DivOptions {
  /**
   * How the quotient is rounded: 'floor' rounds it down, 'trunc' towards 0. Its gradient is then 0, and two integers give an integer.
   * Default: it is not rounded.
   */
  roundingMode?: 'trunc' | 'floor';
}

/** Options of `round`. */
export interface RoundOptions {
  /** Digits after the point that stay; −2 rounds to hundreds. Only float32 takes another number than 0. Default 0. */
  decimals?: number;
}

/**
 * a / b: float32, for integers too, unless `roundingMode` is given.
 *
 * @throws ShapeError where the shapes do not broadcast, ArgumentError for an integer divided by an integer 0 with a roundingMode
 * @see https://pytorch.org/docs/stable/generated/torch.div.html
 * @example
 * div(tensor([1, 2]), 4).toArray(); // [0.25, 0.5]
 * div(tensor([7, -7]), 2, { roundingMode: 'floor' }).toArray(); // [3, -4]
 */
export function div<A extends Operand, B extends Operand>(
  a: A,
  b: B & Broadcasts<A, B>,
  options?: DivOptions,
): Tensor<Broadcast<A, B>>;
export function div(a: Operand, b: Operand, options?: DivOptions): Tensor {
  if (arguments.length > 3) noMore('div', 3, arguments);
  if (options === undefined) return arithmetic('div', a, b);
  checkOptions('div', options, { roundingMode: VALUE });
  return rounded(a, b, options.roundingMode);
}

function rounded(a: Operand, b: Operand, mode: DivOptions['roundingMode']): Tensor {
  if (mode === undefined) return arithmetic('div', a, b);
  checkOneOf('div', 'roundingMode', mode, ['trunc', 'floor']);
  checkOperands('div', a, b);
  return compose(() => {
    if (typeof a === 'boolean' || typeof b === 'boolean') return rounded(...withoutBooleans(a, b), mode);
    if (typeof a === 'number' && typeof b === 'number') return rounded(scalarTensor(a), b, mode);
    const type = meetingType(a, b);
    const [x, y] = converted(a, b, type);
    if (type === 'int32') return wholeQuotient(x, y, mode);
    const [p, q] = [x.detach(), y.detach()];
    const quotient = mode === 'trunc' ? truncated(arithmetic('div', p, q)) : flooredQuotient(p, q);
    return needsGrad([x, y]) ? arithmetic('sub', arithmetic('sub', quotient, flatZero(x)), flatZero(y)) : quotient;
  });
}

/** 0 with gradient 0: a rounded quotient has gradient 0 even where that of the quotient is infinite. */
function flatZero(x: Tensor): Tensor {
  return record('step', [x], zerosLike(x));
}

/** x towards 0, with its sign where that is 0. */
function truncated(x: Tensor): Tensor {
  return where(x.lt(0), stepUnary('ceil', x), stepUnary('floor', x));
}

/** The upper 12 bits of each significand, and the rest. */
function halvesOf(x: Tensor): [high: Tensor, low: Tensor] {
  const wide = x.mul(2 ** 12 + 1);
  const high = wide.sub(wide.sub(x));
  return [high, x.sub(high)];
}

/** What a product of float32 loses to rounding, exactly. T. J. Dekker, "A floating-point technique for extending the available precision", 1971. */
function lostOf(product: Tensor, a: Tensor, b: Tensor): Tensor {
  const [highA, lowA] = halvesOf(a);
  const [highB, lowB] = halvesOf(b);
  return highA.mul(highB).sub(product).add(highA.mul(lowB)).add(lowA.mul(highB)).add(lowA.mul(lowB));
}

/**
 * The largest whole number ≤ the exact quotient. The quotient in float32 may have been rounded up to a whole number: 1 / 0.1 is 10 there,
 * although 9 · 0.1 ≤ 1 < 10 · 0.1, because 0.1 is stored as a little more.
 */
function flooredQuotient(x: Tensor, y: Tensor): Tensor {
  const floor = stepUnary('floor', arithmetic('div', x, y));
  const product = floor.mul(y);
  const past = product.sub(x).add(lostOf(product, floor, y));
  // From 2²⁴ on, neighbours are whole numbers too.
  const isPast = past
    .mul(y.sign())
    .gt(0)
    .mul(floor.abs().le(2 ** 24));
  const isBelow = y.abs().eq(Infinity).mul(x.mul(y.sign()).lt(0));
  // As in PyTorch, which takes the remainder first: NaN for an infinite number.
  return where(x.abs().eq(Infinity), NaN, where(isPast.add(isBelow), floor.sub(1), floor));
}

/** The quotient of integers, exactly. */
function wholeQuotient(a: Tensor, b: Tensor, mode: 'trunc' | 'floor'): Tensor {
  checkValues(cast(b.eq(0), 'int32'), {
    dtype: 'int32',
    low: 0,
    high: 0,
    name: 'div other',
    refuse: () =>
      new ArgumentError("div: an integer cannot be divided by 0; convert one with to('float32')", {
        op: 'div',
        argument: 'other',
        got: 0,
      }),
  });
  const whole = quotient(a, b);
  if (mode === 'trunc') return whole;
  const rest = remainder(a, b);
  return whole.sub(
    rest
      .ne(0)
      .mul(rest.lt(0).ne(b.lt(0)))
      .to('int32'),
  );
}

/**
 * Nearest whole number, or nearest number with `decimals` digits after the point; halves go to the even one.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.round.html
 * @example
 * round(tensor([0.5, 1.5, 2.4])).toArray(); // [0, 2, 2]
 * round(tensor([123.47]), { decimals: -1 }).toArray(); // [120]
 */
export function round<S extends Shape>(x: Tensor<S>, options?: RoundOptions): Tensor<S>;
export function round(x: Tensor, options?: RoundOptions): Tensor {
  if (arguments.length > 2) noMore('round', 2, arguments);
  if (options === undefined) return stepUnary('round', x);
  checkTensor('round', 'input', x);
  checkOptions('round', options, { decimals: VALUE });
  const { decimals = 0 } = options;
  checkWhole('round', 'decimals', decimals, -38, 38);
  if (decimals === 0) return stepUnary('round', x);
  checkFloat('round', 'input', x);
  const scale = 10 ** Math.abs(decimals);
  return compose(() => {
    const y = x.detach();
    return record(
      'step',
      [x],
      decimals > 0 ? stepUnary('round', y.mul(scale)).div(scale) : stepUnary('round', y.div(scale)).mul(scale),
    );
  });
}
