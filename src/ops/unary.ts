/** Functions of one tensor, element by element. */
import { floatBits } from '../../bindings/commands/program.ts';
import type { MathFn } from '../../bindings/commands/unary.ts';
import { emitUnary, materialize } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { needsGrad, record } from '../tape/record.ts';
import type { Shape } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { maximum, minimum } from './arithmetic.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';
import { scalarTensor } from './create.ts';
import { checkNumber, type Operand } from './operands.ts';

/** A function of the command table that tensors have under its name. It takes float32; relu also takes integers. */
export function floatUnary<S extends Shape>(fn: MathFn, x: Tensor<S>): Tensor<S>;
export function floatUnary(fn: MathFn, x: Tensor): Tensor {
  checkTensor(fn, 'input', x);
  if (x.dtype === 'float32') return record(fn, [x], emitUnary(fn, x, 'float32'));
  // As in PyTorch, the only one of them that gives integers.
  if (fn === 'relu') return clamp(x, 0);
  return compose(() => floatUnary(fn, cast(x, 'float32')));
}

/** A function that takes integers too. */
function numberUnary<S extends Shape>(fn: 'neg' | 'abs' | 'square', x: Tensor<S>): Tensor<S>;
function numberUnary(fn: 'neg' | 'abs' | 'square', x: Tensor): Tensor {
  checkTensor(fn, 'input', x);
  if (x.dtype === 'float32') return record(fn, [x], emitUnary(fn, x, 'float32'));
  return emitUnary(`${fn}I`, x, 'int32');
}

/** A step function: integers are their own steps; the gradient is zero. */
export function stepUnary<S extends Shape>(fn: 'sign' | 'floor' | 'ceil' | 'round', x: Tensor<S>): Tensor<S>;
export function stepUnary(fn: 'sign' | 'floor' | 'ceil' | 'round', x: Tensor): Tensor {
  checkTensor(fn, 'input', x);
  if (x.dtype === 'float32') return record('step', [x], emitUnary(fn, x, 'float32'));
  return fn === 'sign' && x.dtype === 'int32' ? emitUnary('signI', x, 'int32') : materialize(x);
}

/**
 * −x.
 *
 * @example
 * neg(tensor([1, -2])).toArray(); // [-1, 2]
 */
export function neg<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('neg', 1, arguments);
  return numberUnary('neg', x);
}

/**
 * |x|.
 *
 * @example
 * abs(tensor([1, -2])).toArray(); // [1, 2]
 */
export function abs<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('abs', 1, arguments);
  return numberUnary('abs', x);
}

/**
 * −1, 0 or 1 by the sign of x; for bool, x.
 *
 * @example
 * sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1]
 */
export function sign<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('sign', 1, arguments);
  return stepUnary('sign', x);
}

/**
 * x².
 *
 * @example
 * square(tensor([1, -2])).toArray(); // [1, 4]
 */
export function square<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('square', 1, arguments);
  return numberUnary('square', x);
}

/**
 * Largest whole number ≤ x.
 *
 * @example
 * floor(tensor([-1.5, 1.5])).toArray(); // [-2, 1]
 */
export function floor<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('floor', 1, arguments);
  return stepUnary('floor', x);
}

/**
 * Smallest whole number ≥ x.
 *
 * @example
 * ceil(tensor([-1.5, 1.2])).toArray(); // [-1, 2]
 */
export function ceil<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('ceil', 1, arguments);
  return stepUnary('ceil', x);
}

/**
 * x limited to min … max, which may be tensors that broadcast. NaN stays, also where it is in a limit.
 *
 * @example
 * clamp(tensor([-2, 0.5, 3]), 0, 1).toArray(); // [0, 0.5, 1]
 */
export function clamp<S extends Shape>(x: Tensor<S>, min?: number, max?: number): Tensor<S>;

export function clamp(x: Tensor, min?: Operand, max?: Operand): Tensor;

export function clamp(x: Tensor, min: Operand = -Infinity, max: Operand = Infinity): Tensor {
  if (arguments.length > 3) noMore('clamp', 3, arguments);
  checkTensor('clamp', 'input', x);
  if (isTensor(min) || isTensor(max)) return compose(() => clampBetween(x, min, max));
  checkNumber('clamp', 'min', min);
  checkNumber('clamp', 'max', max);
  if (typeof min === 'boolean' || typeof max === 'boolean') return clamp(x, Number(min), Number(max));
  if (x.dtype === 'float32') {
    const y = emitUnary('clamp', x, 'float32', floatBits(min), floatBits(max));
    return record('clamp', [x], y, { min, max });
  }
  // As in arithmetic, a fraction makes the result float32.
  const isWhole = (limit: number) => Number.isInteger(limit) || Math.abs(limit) === Infinity;
  if (!isWhole(min) || !isWhole(max)) return compose(() => clamp(cast(x, 'float32'), min, max));
  const [low, high] = [Math.max(-(2 ** 31), min), Math.min(2 ** 31 - 1, max)];
  return emitUnary('clampI', x, 'int32', low, high);
}

/** x limited by tensors; an infinite limit is none. */
function clampBetween(x: Tensor, min: Operand, max: Operand): Tensor {
  const raised = min === -Infinity ? x : maximum(x, min);
  const y = max === Infinity ? raised : minimum(raised, max);
  if (y.dtype !== 'float32' || !needsGrad([x, min, max].filter((t) => isTensor(t)))) return y;
  // The result has a rule of its own, whose inputs are float tensors.
  const limits = [min, max].map((t) =>
    isTensor(t) ? cast(t, 'float32') : scalarTensor(Number(t), 'float32', x.executor),
  );
  const isBoth = min !== -Infinity && max !== Infinity;
  return record('clampBetween', [cast(x, 'float32'), ...limits], y.detach(), { isBoth });
}
