/**
 * Arithmetic on tensors and numbers: element by element, with broadcasting. Element types: two floats give a float, two
 * integers an integer (a whole number counts as one), a mixture a float; `div`, `pow` and the transcendental functions
 * always give float32 (`pow` of two integers an integer). Of two bools, `add` and `maximum` are
 * or, `mul` and `minimum` are and.
 */
import { floatBits } from '../../bindings/commands/program.ts';
import type { MathFn } from '../../bindings/commands/unary.ts';
import { ArgumentError, DTypeError, refuse } from '../../bindings/errors.ts';
import type { DType, Executor } from '../../bindings/executor.ts';
import type { BinaryFn } from '../../bindings/generated/encode.ts';
import { commonExecutor, emitBinary, emitScalar, emitUnary, emitWhere, materialize } from '../emit/emit.ts';
import { checkOptions, nameOf, noMore, shown, VALUE } from '../options.ts';
import type { Primitive } from '../tape/primitives.ts';
import { needsGrad, record } from '../tape/record.ts';
import type { Broadcast, Broadcasts } from '../tensor/knownShapes.ts';
import { closeScope, openScope } from '../tensor/scope.ts';
import { broadcastShapes, type Shape } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { cast } from './convert.ts';
import { scalarTensor } from './create.ts';

/** A tensor, or a number or boolean that stands for a tensor of it. */
export type Operand = Tensor | number | boolean;

/** Runs `fn` and disposes what it made but its result: for operations made of others. */
export function compose<T>(fn: () => T): T {
  const scope = openScope();
  let result: T | undefined;
  try {
    result = fn();
    return result;
  } finally {
    closeScope(scope, result);
  }
}

function checkNumber(op: string, argument: string, value: unknown): asserts value is number | boolean {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    refuse(ArgumentError, op, `${argument} must be a tensor or a number, got ${nameOf(value)}`, {
      argument,
      got: value,
    });
  }
}

/** A function of the table's that tensors have under its name: float32, but relu of integers. */
export function floatUnary(fn: MathFn, x: Tensor): Tensor {
  checkTensor(fn, 'input', x);
  if (x.dtype === 'float32') return record(fn, [x], emitUnary(fn, x, 'float32'));
  // As PyTorch: the only one of them that integers have.
  if (fn === 'relu') return clamp(x, 0);
  return compose(() => floatUnary(fn, cast(x, 'float32')));
}

/** A function of one element that integers have too. */
function numberUnary(fn: 'neg' | 'abs' | 'square', x: Tensor): Tensor {
  checkTensor(fn, 'input', x);
  if (x.dtype === 'float32') return record(fn, [x], emitUnary(fn, x, 'float32'));
  return emitUnary(`${fn}I`, x, 'int32');
}

/** A step function: integers are their own steps; the gradient is zero. */
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
  return numberUnary('neg', x) as Tensor<S>;
}
/**
 * |x|.
 *
 * @example
 * abs(tensor([1, -2])).toArray(); // [1, 2]
 */
export function abs<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('abs', 1, arguments);
  return numberUnary('abs', x) as Tensor<S>;
}
/**
 * −1, 0 or 1 by the sign of x; of bool, x.
 *
 * @example
 * sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1]
 */
export function sign<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('sign', 1, arguments);
  return stepUnary('sign', x) as Tensor<S>;
}
/**
 * x².
 *
 * @example
 * square(tensor([1, -2])).toArray(); // [1, 4]
 */
export function square<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('square', 1, arguments);
  return numberUnary('square', x) as Tensor<S>;
}
/**
 * Largest whole number ≤ x.
 *
 * @example
 * floor(tensor([-1.5, 1.5])).toArray(); // [-2, 1]
 */
export function floor<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('floor', 1, arguments);
  return stepUnary('floor', x) as Tensor<S>;
}
/**
 * Smallest whole number ≥ x.
 *
 * @example
 * ceil(tensor([-1.5, 1.2])).toArray(); // [-1, 2]
 */
export function ceil<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('ceil', 1, arguments);
  return stepUnary('ceil', x) as Tensor<S>;
}
/**
 * x limited to min … max, which may be tensors that broadcast; NaN stays, of the limits too.
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

/** x limited by tensors; a limit of ∞ is none. */
function clampBetween(x: Tensor, min: Operand, max: Operand): Tensor {
  const raised = min === -Infinity ? x : maximum(x, min);
  const y = max === Infinity ? raised : minimum(raised, max);
  if (y.dtype !== 'float32' || !needsGrad([x, min, max].filter((t) => isTensor(t)))) return y;
  // What requires grad and what limits it as float tensors, x first; the result has a rule of its own.
  const limits = [min, max].map((t) =>
    isTensor(t) ? cast(t, 'float32') : scalarTensor(Number(t), 'float32', x.executor),
  );
  const isBoth = min !== -Infinity && max !== Infinity;
  return record('clampBetween', [cast(x, 'float32'), ...limits], y.detach(), { isBoth });
}

/**
 * Whether x is 0.
 *
 * @example
 * logicalNot(tensor([true, false])).toArray(); // [false, true]
 */
export function logicalNot<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (arguments.length > 1) noMore('logicalNot', 1, arguments);
  checkTensor('logicalNot', 'input', x);
  return emitUnary(x.dtype === 'float32' ? 'logicalNot' : 'logicalNotI', x, 'bool') as Tensor<S>;
}

/** Element type in which two operands meet. */
export function meetingType(a: Operand, b: Operand): DType {
  const isInt = (x: Operand) =>
    typeof x === 'number' ? x === (x | 0) : typeof x === 'boolean' || x.dtype !== 'float32';
  return isInt(a) && isInt(b) ? 'int32' : 'float32';
}

/** Refuses what is neither tensor nor number. */
export function checkOperands(op: string, a: Operand, b: Operand): void {
  if (typeof a === 'number' || !isTensor(a)) checkNumber(op, 'input', a);
  if (typeof b === 'number' || !isTensor(b)) checkNumber(op, 'other', b);
}

/** Two tensors of one type: the command, and its record if it is a float function. */
export function tensorPair(
  op: string,
  fn: BinaryFn,
  primitive: Primitive | null,
  a: Tensor,
  b: Tensor,
  dtype: DType,
): Tensor {
  commonExecutor(op, a, b);
  const y = emitBinary(fn, a, b, broadcastShapes(op, a.shape, b.shape), dtype);
  return primitive === null ? y : record(primitive as 'add', [a, b], y);
}

/** Both operands as tensors of `type`, made inside a scope of the caller. */
export function converted(a: Operand, b: Operand, type: DType): [Tensor, Tensor] {
  const executor = (typeof a === 'object' ? a : (b as Tensor)).executor;
  const as = (x: Operand) =>
    typeof x !== 'object'
      ? scalarTensor(Number(x), type, executor)
      : (x.dtype === 'float32') === (type === 'float32')
        ? x
        : cast(x, type);
  return [as(a), as(b)];
}

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

/** Booleans become tensors; what is left is a tensor or a number. */
export function withoutBooleans(a: Operand, b: Operand, executor?: Executor): [Tensor | number, Tensor | number] {
  const on = executor ?? (isTensor(a) ? a.executor : isTensor(b) ? b.executor : undefined);
  const as = (x: Operand) => (typeof x === 'boolean' ? scalarTensor(Number(x), 'bool', on) : x);
  return [as(a), as(b)];
}

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

/**
 * condition ? a : b, element by element, with broadcasting.
 *
 * @throws ShapeError where the shapes do not broadcast, DTypeError where the condition is float32
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (arguments.length > 3) noMore('where', 3, arguments);
  checkTensor('where', 'condition', condition);
  checkOperands('where', a, b);
  if (typeof a === 'boolean' || typeof b === 'boolean')
    return compose(() => where(condition, ...withoutBooleans(a, b, condition.executor)));
  return compose(() => {
    if (condition.dtype === 'float32')
      refuse(DTypeError, 'where', 'condition must be bool or int32, got float32', { argument: 'condition' });
    const type = isTensor(a) && isTensor(b) && a.dtype === b.dtype ? a.dtype : meetingType(a, b);
    const as = (x: Operand) =>
      isTensor(x) ? (x.dtype === type ? x : cast(x, type)) : scalarTensor(Number(x), type, condition.executor);
    const [x, y] = [as(a), as(b)];
    commonExecutor('where', condition, x, y);
    const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', x.shape, y.shape));
    return record('where', [condition, x, y], emitWhere(condition, x, y, shape));
  });
}

/** g where y > 0, else 0: the gradient of relu from its output. */
export function reluGrad(y: Tensor, g: Tensor): Tensor {
  return tensorPair('reluGrad', 'reluGrad', 'reluGrad', y, g, 'float32');
}
/** g·y·(1 − y): the gradient of sigmoid from its output. */
export function sigmoidGrad(y: Tensor, g: Tensor): Tensor {
  return tensorPair('sigmoidGrad', 'sigmoidGrad', 'sigmoidGrad', y, g, 'float32');
}
/** g·(1 − y²): the gradient of tanh from its output. */
export function tanhGrad(y: Tensor, g: Tensor): Tensor {
  return tensorPair('tanhGrad', 'tanhGrad', 'tanhGrad', y, g, 'float32');
}
