/**
 * Arithmetic on tensors and numbers: element by element, with broadcasting. Element types: two floats give a float, two
 * integers an integer (a whole number counts as one), a mixture a float; `div`, `pow` and the transcendental functions
 * always give float32 (`pow` of two integers an integer). Of two bools, `add` and `maximum` are
 * or, `mul` and `minimum` are and.
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

/** What to record when one operand of a float function is a number. */
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

/** What arithmetic is of two bools, which are 0 or 1. */
const logicFns = { add: 'maximumI', mul: 'minimumI', maximum: 'maximumI', minimum: 'minimumI' } as const;

type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum';

export function arithmetic(fn: Arithmetic, a: Operand, b: Operand): Tensor {
  if (typeof a === 'boolean' || typeof b === 'boolean') return compose(() => arithmetic(fn, ...withoutBooleans(a, b)));
  if (typeof a === 'number' && typeof b === 'number') return arithmetic(fn, scalarTensor(a), b);
  checkOperands(fn, a, b);
  if (typeof a !== 'number' && typeof b !== 'number' && a.dtype === 'bool' && b.dtype === 'bool' && fn in logicFns)
    return tensorPair(fn, logicFns[fn as keyof typeof logicFns], null, a, b, 'bool');
  const type = fn === 'div' ? 'float32' : meetingType(a, b);
  if (type === 'float32') {
    if (typeof a !== 'number' && typeof b !== 'number') {
      if (a.dtype === 'float32' && b.dtype === 'float32') return tensorPair(fn, fn, fn, a, b, 'float32');
    } else {
      const rule = scalarRules[fn];
      const reversed = typeof a === 'number';
      const x = (reversed ? b : a) as Tensor;
      const scalar = (reversed ? a : b) as number;
      if (rule !== undefined && x.dtype === 'float32') {
        // As in PyTorch, x^½ is √x and x^−½ is 1/√x: NaN at −∞, and −0 keeps its sign.
        const root = fn === 'pow' && !reversed && Math.abs(scalar) === 0.5 ? (scalar > 0 ? 'sqrt' : 'rsqrt') : null;
        const y =
          root === null ? emitScalar(fn, x, floatBits(scalar), reversed, 'float32') : emitUnary(root, x, 'float32');
        return (reversed ? rule.left : rule.right)(x, y, scalar);
      }
    }
  }
  return compose(() => {
    const [x, y] = converted(a, b, type);
    return type === 'float32' ? arithmetic(fn, x, y) : tensorPair(fn, `${fn as 'add'}I`, null, x, y, 'int32');
  });
}

/** Options of `add` and `sub`. */
export interface AlphaOptions {
  /** What the second operand is multiplied by; a whole number where the result is an integer. Default 1. */
  alpha?: number;
}

/** alpha · b in the type in which a and b meet; to be called in a scope of the caller. */
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
  // Of integers the product wraps.
  if (typeof b === 'number') return type === 'int32' ? Math.imul(alpha, b) : alpha * b;
  const scaled = arithmetic('mul', type === 'float32' ? cast(b, type) : b, alpha);
  return isTensor(a) && a.dtype === 'bool' && b.dtype === 'bool' ? cast(scaled, 'bool') : scaled;
}

/**
 * a + alpha · b (alpha is 1 unless given); of two bools, or.
 *
 * @throws ShapeError where the shapes do not broadcast, DeviceError where the tensors lie on different devices
 * @example
 * add(tensor([1, 2]), tensor([3, 4])).toArray(); // [4, 6]
 * add(tensor([1, 2]), tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
 */
export function add<A extends Operand, B extends Operand>(
  a: A,
  b: B & Broadcasts<A, B>,
  options?: AlphaOptions,
): Tensor<Broadcast<A, B>> {
  if (arguments.length > 3) noMore('add', 3, arguments);
  if (options === undefined) return arithmetic('add', a, b) as Tensor<Broadcast<A, B>>;
  checkOptions('add', options, { alpha: VALUE });
  return compose(() => arithmetic('add', a, timesAlpha('add', a, b, options))) as Tensor<Broadcast<A, B>>;
}
/**
 * a − alpha · b (alpha is 1 unless given); not of two bools.
 *
 * @throws ShapeError where the shapes do not broadcast, DTypeError for two bools
 * @example
 * sub(tensor([1, 2]), 1).toArray(); // [0, 1]
 */
export function sub<A extends Operand, B extends Operand>(
  a: A,
  b: B & Broadcasts<A, B>,
  options?: AlphaOptions,
): Tensor<Broadcast<A, B>> {
  if (arguments.length > 3) noMore('sub', 3, arguments);
  const isBool = (x: Operand) => typeof x === 'boolean' || (isTensor(x) && x.dtype === 'bool');
  if (isBool(a) && isBool(b)) {
    refuse(DTypeError, 'sub', "two bool tensors have no difference; use ne, or convert one with to('int32')", {
      argument: 'other',
      got: 'bool',
    });
  }
  if (options === undefined) return arithmetic('sub', a, b) as Tensor<Broadcast<A, B>>;
  checkOptions('sub', options, { alpha: VALUE });
  return compose(() => arithmetic('sub', a, timesAlpha('sub', a, b, options))) as Tensor<Broadcast<A, B>>;
}
/**
 * a · b, element by element; of two bools, and.
 *
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * mul(tensor([[1], [2]]), tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
 */
export function mul<A extends Operand, B extends Operand>(a: A, b: B & Broadcasts<A, B>): Tensor<Broadcast<A, B>> {
  if (arguments.length > 2) noMore('mul', 2, arguments);
  return arithmetic('mul', a, b) as Tensor<Broadcast<A, B>>;
}
/** Of two integers, a / b without its fraction; 0 where b is 0. */
export function quotient(a: Operand, b: Operand): Tensor {
  return compose(() => tensorPair('div', 'divI', null, ...converted(a, b, 'int32'), 'int32'));
}

/** Of two integers, what is left of a after `quotient`: it has a's sign. */
export function remainder(a: Operand, b: Operand): Tensor {
  return compose(() => tensorPair('remainder', 'remI', null, ...converted(a, b, 'int32'), 'int32'));
}

/**
 * aᵇ. Of two integers an integer, which wraps; a negative whole number is refused as their exponent.
 *
 * @throws ShapeError where the shapes do not broadcast, ArgumentError for an integer to a negative integer power
 * @example
 * pow(tensor([1, 2, 3]), 2).toArray(); // [1, 4, 9]
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) noMore('pow', 2, arguments);
  if (typeof b === 'number' && b < 0 && meetingType(a, b) === 'int32' && isTensor(a)) {
    refuse(ArgumentError, 'pow', `an integer has no integer power ${b}; convert it with to('float32')`, {
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
