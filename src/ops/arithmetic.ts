/**
 * Arithmetic on tensors and numbers, element by element, with broadcasting. Two floats give a float, two integers an integer (a whole
 * number counts as one), a mixture a float; `div` always gives float32. For two bools, `add` and `maximum` are or, `mul` and `minimum`
 * are and.
 */
import { floatBits } from '../../bindings/commands/program.ts';
import { ArgumentError, DTypeError, refuse } from '../../bindings/errors.ts';
import type { BinaryFn } from '../../bindings/generated/encode.ts';
import { emitScalar, emitUnary } from '../emit/emit.ts';
import { checkOptions, noMore, shown, VALUE } from '../options.ts';
import { record } from '../tape/record.ts';
import type { Broadcast, Broadcasts } from '../tensor/knownShapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';
import { scalarTensor } from './create.ts';
import { checkOperands, converted, meetingType, type Operand, tensorPair, withoutBooleans } from './operands.ts';

type ScalarRule = (x: Tensor, y: Tensor, scalar: number) => Tensor;

/** What to record where one operand of a float function is a number: the second (`right`) or the first (`left`). */
const scalarRules: Partial<Record<BinaryFn, { right: ScalarRule; left: ScalarRule }>> = {
  add: { right: (x, y) => record('addScalar', [x], y), left: (x, y) => record('addScalar', [x], y) },
  sub: { right: (x, y) => record('addScalar', [x], y), left: (x, y) => record('rsubScalar', [x], y) },
  mul: {
    right: (x, y, scalar) => record('mulScalar', [x], y, { scalar }),
    left: (x, y, scalar) => record('mulScalar', [x], y, { scalar }),
  },
  div: {
    right: (x, y, scalar) => record('divScalar', [x], y, { scalar }),
    left: (x, y) => record('rdivScalar', [x], y),
  },
  pow: {
    right: (x, y, scalar) => record('powScalar', [x], y, { scalar }),
    left: (x, y, scalar) => record('rpowScalar', [x], y, { scalar }),
  },
};

/** What arithmetic is for two bools, which are 0 or 1. */
const logicFns: Partial<Record<Arithmetic, BinaryFn>> = {
  add: 'maximumI',
  mul: 'minimumI',
  maximum: 'maximumI',
  minimum: 'minimumI',
};

type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum';

export function arithmetic(fn: Arithmetic, a: Operand, b: Operand): Tensor {
  if (typeof a === 'boolean' || typeof b === 'boolean') return compose(() => arithmetic(fn, ...withoutBooleans(a, b)));
  checkOperands(fn, a, b);
  if (typeof a === 'number')
    return typeof b === 'number' ? arithmetic(fn, scalarTensor(a), b) : tensorAndNumber(fn, b, a, true);
  if (typeof b === 'number') return tensorAndNumber(fn, a, b, false);
  if (a.dtype === 'float32' && b.dtype === 'float32') return tensorPair(fn, fn, fn, a, b, 'float32');
  const logic = a.dtype === 'bool' && b.dtype === 'bool' ? logicFns[fn] : undefined;
  return logic === undefined ? inMeetingType(fn, a, b) : tensorPair(fn, logic, null, a, b, 'bool');
}

/** One command where x is float32 and there is a rule for numbers; `reversed`: the number is the first operand. */
function tensorAndNumber(fn: Arithmetic, x: Tensor, scalar: number, reversed: boolean): Tensor {
  const rules = x.dtype === 'float32' ? scalarRules[fn] : undefined;
  if (rules === undefined) return reversed ? inMeetingType(fn, scalar, x) : inMeetingType(fn, x, scalar);
  if (fn === 'pow' && !reversed && Math.abs(scalar) === 0.5) {
    // As in PyTorch, x^½ is √x and x^−½ is 1/√x: NaN at −∞, and −0 keeps its sign.
    return rules.right(x, emitUnary(scalar > 0 ? 'sqrt' : 'rsqrt', x, 'float32'), scalar);
  }
  const y = emitScalar(fn, x, floatBits(scalar), reversed, 'float32');
  return (reversed ? rules.left : rules.right)(x, y, scalar);
}

/** Both operands as tensors of the type in which they meet. */
function inMeetingType(fn: Arithmetic, a: Operand, b: Operand): Tensor {
  const type = fn === 'div' ? 'float32' : meetingType(a, b);
  return compose(() => {
    const [x, y] = converted(a, b, type);
    return type === 'float32' ? tensorPair(fn, fn, fn, x, y, type) : tensorPair(fn, `${fn}I`, null, x, y, type);
  });
}

/** Options of `add` and `sub`. */
export interface AlphaOptions {
  /** What the second operand is multiplied by; a whole number where the result is an integer. Default 1. */
  alpha?: number;
}

/** alpha · b in the type in which a and b meet. What it makes belongs to the open scope. */
function timesAlpha(op: 'add' | 'sub', a: Operand, b: Operand, { alpha = 1 }: AlphaOptions): Operand {
  if (typeof alpha !== 'number')
    refuse(ArgumentError, op, `alpha must be a number, got ${shown(alpha)}`, { argument: 'alpha', got: alpha });
  checkOperands(op, a, b);
  if (alpha === 1) return b;
  if (typeof a === 'boolean' || typeof b === 'boolean') return timesAlpha(op, ...withoutBooleans(a, b), { alpha });
  const type = typeof a === 'number' && typeof b === 'number' ? 'float32' : meetingType(a, b);
  if (type === 'int32' && !(Number.isInteger(alpha) && Math.abs(alpha) <= 2 ** 31))
    refuse(ArgumentError, op, `alpha must be a whole number where the operands are integers, got ${alpha}`, {
      argument: 'alpha',
      got: alpha,
    });
  // Products of integers wrap.
  if (typeof b === 'number') return type === 'int32' ? Math.imul(alpha, b) : alpha * b;
  const scaled = arithmetic('mul', type === 'float32' ? cast(b, type) : b, alpha);
  return isTensor(a) && a.dtype === 'bool' && b.dtype === 'bool' ? cast(scaled, 'bool') : scaled;
}

/**
 * a + alpha · b (alpha is 1 unless given); for two bools, or.
 *
 * @throws ShapeError where the shapes do not broadcast, DeviceError where the tensors are on different devices
 * @example
 * add(tensor([1, 2]), tensor([3, 4])).toArray(); // [4, 6]
 * add(tensor([1, 2]), tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
 */
export function add<A extends Operand, B extends Operand>(
  a: A,
  b: B & Broadcasts<A, B>,
  options?: AlphaOptions,
): Tensor<Broadcast<A, B>>;
export function add(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  if (arguments.length > 3) noMore('add', 3, arguments);
  if (options === undefined) return arithmetic('add', a, b);
  checkOptions('add', options, { alpha: VALUE });
  return compose(() => arithmetic('add', a, timesAlpha('add', a, b, options)));
}

/**
 * a − alpha · b (alpha is 1 unless given); not for two bools.
 *
 * @throws ShapeError where the shapes do not broadcast, DTypeError for two bools
 * @example
 * sub(tensor([1, 2]), 1).toArray(); // [0, 1]
 */
export function sub<A extends Operand, B extends Operand>(
  a: A,
  b: B & Broadcasts<A, B>,
  options?: AlphaOptions,
): Tensor<Broadcast<A, B>>;
export function sub(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  if (arguments.length > 3) noMore('sub', 3, arguments);
  const isBool = (x: Operand) => typeof x === 'boolean' || (isTensor(x) && x.dtype === 'bool');
  if (isBool(a) && isBool(b)) {
    refuse(DTypeError, 'sub', "bool tensors cannot be subtracted; use ne, or convert one with to('int32')", {
      argument: 'other',
      got: 'bool',
    });
  }
  if (options === undefined) return arithmetic('sub', a, b);
  checkOptions('sub', options, { alpha: VALUE });
  return compose(() => arithmetic('sub', a, timesAlpha('sub', a, b, options)));
}

/**
 * a · b, element by element; for two bools, and.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * mul(tensor([[1], [2]]), tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
 */
export function mul<A extends Operand, B extends Operand>(a: A, b: B & Broadcasts<A, B>): Tensor<Broadcast<A, B>>;
export function mul(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('mul', 2, arguments);
  return arithmetic('mul', a, b);
}

/** a / b of two integers without its fraction; 0 where b is 0. */
export function quotient(a: Operand, b: Operand): Tensor {
  return compose(() => tensorPair('div', 'divI', null, ...converted(a, b, 'int32'), 'int32'));
}

/** The remainder of `quotient`, with a's sign. */
export function remainder(a: Operand, b: Operand): Tensor {
  return compose(() => tensorPair('remainder', 'remI', null, ...converted(a, b, 'int32'), 'int32'));
}

/**
 * aᵇ. Two integers give an integer, which wraps; a negative whole number is refused as their exponent.
 *
 * @throws ShapeError where the shapes do not broadcast, ArgumentError for an integer to a negative integer power
 * @example
 * pow(tensor([1, 2, 3]), 2).toArray(); // [1, 4, 9]
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('pow', 2, arguments);
  if (typeof b === 'number' && b < 0 && meetingType(a, b) === 'int32' && isTensor(a)) {
    refuse(ArgumentError, 'pow', `an integer to the power ${b} is not an integer; convert it with to('float32')`, {
      argument: 'other',
      got: b,
    });
  }
  return arithmetic('pow', a, b);
}

/**
 * The larger of a and b; NaN if either is.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * maximum(tensor([1, 5]), tensor([3, 4])).toArray(); // [3, 5]
 */
export function maximum(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('maximum', 2, arguments);
  return arithmetic('maximum', a, b);
}

/**
 * The smaller of a and b; NaN if either is.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * minimum(tensor([1, 5]), tensor([3, 4])).toArray(); // [1, 4]
 */
export function minimum(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('minimum', 2, arguments);
  return arithmetic('minimum', a, b);
}
