/** ONNX's element functions and reductions in terms of saraf's. */

import * as F from '../../ops/functional.ts';
import * as ops from '../../ops/index.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { type Context, isNumbers, literal, type Operation, type Value } from './context.ts';
import { dtypeOf, type Literal } from './tensors.ts';

const unary = (run: (x: Tensor) => Tensor): Operation => ({ run: (c) => run(c.tensor(0)) });

type Arithmetic = (a: number, b: number) => number;

/** A function of two lists of numbers, one of which may be a single number; null if only tensors can do it. */
function ofNumbers(a: Value, b: Value, fn: Arithmetic): Literal | null {
  if (!isNumbers(a) || !isNumbers(b) || a.dtype !== 'int32' || b.dtype !== 'int32') return null;
  const [long, n, m] = [a.values.length >= b.values.length ? a : b, a.values.length, b.values.length];
  if (n !== m && n !== 1 && m !== 1) return null;
  if (n === m && a.shape.join() !== b.shape.join()) return null;
  if (n !== m && Math.min(a.shape.length, b.shape.length) > long.shape.length) return null;
  const values = long.values.map((_, i) => fn(a.values[n === 1 ? 0 : i]!, b.values[m === 1 ? 0 : i]!));
  return literal('int32', long.shape, values);
}

type Operand = Tensor | number;

const arithmetic = (fn: Arithmetic, run: (a: Operand, b: Operand) => Tensor): Operation => ({
  run: (c) => {
    const exact = c.has(0) && c.has(1) ? ofNumbers(c.value(0), c.value(1), fn) : null;
    if (exact !== null) return exact;
    return isNumbers(c.value(0)) && isNumbers(c.value(1))
      ? run(c.tensor(0), c.tensor(1))
      : run(c.operand(0), c.operand(1));
  },
});

/** Quotients of integers lose their fraction. */
function divide(a: Operand, b: Operand): Tensor {
  const isInt = [a, b].every((x) => (typeof x === 'number' ? Number.isInteger(x) : x.dtype === 'int32'));
  return isInt && (isTensor(a) || isTensor(b)) ? ops.quotient(a, b) : ops.div(a, b);
}

/** The remainder of a division, with the sign of the divisor, or, with `fmod`, that of the dividend. */
function remainder(c: Context): Value {
  const isC = c.int('fmod', 0) === 1;
  const exact = ofNumbers(c.value(0), c.value(1), (a, b) => (isC ? a % b : a - Math.floor(a / b) * b));
  if (exact !== null) return exact;
  const [a, b] = [c.tensor(0), c.tensor(1)];
  if (a.dtype !== 'float32' && b.dtype !== 'float32') {
    const left = ops.remainder(a, b);
    // If the signs differ, the remainder with the dividend's sign is one divisor away from that with the divisor's sign.
    return isC ? left : left.add(ops.where(left.ne(0).mul(left.lt(0).ne(b.lt(0))), b, 0));
  }
  const ratio = a.to('float32').div(b);
  const whole = isC ? ratio.abs().floor().mul(ratio.sign()) : ratio.floor();
  return a.sub(whole.to(a.dtype).mul(b));
}

const compare = (run: (a: Operand, b: Operand) => Tensor): Operation => ({
  run: (c) => run(c.tensor(0), c.operand(1)),
});

/** A function of any number of operands. */
const variadic = (
  run: (a: Tensor, b: Tensor) => Tensor,
  last: (y: Tensor, n: number) => Tensor = (y) => y,
): Operation => ({
  run: (c) => {
    const all = c.tensors();
    if (all.length === 0) c.refuse('it has no inputs');
    return last(
      all.reduce((a, b) => run(a, b)),
      all.length,
    );
  },
});

function clip(c: Context): Tensor {
  // Before opset 11 the limits were attributes.
  const limit = (i: number, name: string, absent: number) => (c.has(i) ? c.number(i) : c.float(name, absent));
  return ops.clamp(c.tensor(0), limit(1, 'min', -Infinity), limit(2, 'max', Infinity));
}

/** Softmax and its logarithm. Before opset 13 they run over all dimensions from the axis on at once. */
const soft = (run: typeof F.softmax): Operation => ({
  run: (c) => {
    const x = c.tensor(0);
    const axis = c.axis(c.int('axis', c.opset < 13 ? 1 : -1), Math.max(1, x.ndim));
    if (c.opset >= 13 || axis === x.ndim - 1) return run(x, { dim: axis });
    return run(x.flatten(axis, -1), { dim: -1 }).reshape(x.shape);
  },
});

const elementwise: Record<string, Operation> = {
  Abs: unary(ops.abs),
  Add: arithmetic((a, b) => a + b, ops.add),
  And: { run: (c) => ops.mul(c.tensor(0), c.tensor(1)) },
  Atan: unary(ops.atan),
  Cast: {
    run: (c) => {
      const to = dtypeOf(c.int('to', 0)) ?? c.refuse(`element type ${c.int('to', 0)} is not supported`);
      const x = c.value(0);
      return isNumbers(x) && x.dtype === to ? x : c.tensor(0).to(to);
    },
  },
  CastLike: { run: (c) => c.tensor(0).to(c.dtype(1)) },
  Ceil: unary(ops.ceil),
  Celu: { run: (c) => F.celu(c.tensor(0), { alpha: c.float('alpha', 1) }) },
  Clip: { run: clip, numbers: [1, 2] },
  Cos: unary(ops.cos),
  Div: arithmetic((a, b) => Math.trunc(a / b), divide),
  Elu: { run: (c) => F.elu(c.tensor(0), { alpha: c.float('alpha', 1) }) },
  Equal: compare(ops.eq),
  Erf: unary(ops.erf),
  Exp: unary(ops.exp),
  Floor: unary(ops.floor),
  Gelu: {
    run: (c) => F.gelu(c.tensor(0), { approximate: c.text('approximate', 'none') as 'none' | 'tanh' }),
  },
  Greater: compare(ops.gt),
  GreaterOrEqual: compare(ops.ge),
  HardSigmoid: { run: (c) => c.tensor(0).mul(c.float('alpha', 0.2)).add(c.float('beta', 0.5)).clamp(0, 1) },
  HardSwish: unary(F.hardswish),
  Identity: { run: (c) => c.value(0) },
  IsNaN: unary((x) => x.ne(x)),
  LeakyRelu: { run: (c) => F.leakyRelu(c.tensor(0), { negativeSlope: c.float('alpha', 0.01) }) },
  Less: compare(ops.lt),
  LessOrEqual: compare(ops.le),
  Log: unary(ops.log),
  LogSoftmax: soft(F.logSoftmax),
  Max: variadic(ops.maximum),
  Mean: variadic(ops.add, (y, n) => y.div(n)),
  Min: variadic(ops.minimum),
  Mish: unary(F.mish),
  Mod: { run: remainder },
  Mul: arithmetic((a, b) => a * b, ops.mul),
  Neg: unary(ops.neg),
  Not: unary(ops.logicalNot),
  Or: { run: (c) => ops.add(c.tensor(0), c.tensor(1)) },
  PRelu: {
    run: (c) =>
      c
        .tensor(0)
        .relu()
        .add(c.tensor(0).clamp(-Infinity, 0).mul(c.tensor(1))),
  },
  Pow: {
    run: (c) => {
      const [x, y] = [c.tensor(0), c.operand(1)];
      return ops.pow(x, x.dtype === 'float32' && isTensor(y) ? y.to('float32') : y).to(x.dtype);
    },
  },
  Reciprocal: unary(ops.reciprocal),
  Relu: unary(ops.relu),
  Round: unary(ops.round),
  Selu: {
    run: (c) =>
      F.elu(c.tensor(0), { alpha: c.float('alpha', 1.6732632423543772) }).mul(c.float('gamma', 1.0507009873554805)),
  },
  Sigmoid: unary(ops.sigmoid),
  Sign: unary(ops.sign),
  Sin: unary(ops.sin),
  Softmax: soft(F.softmax),
  Softplus: unary((x) => F.softplus(x)),
  Softsign: unary(F.softsign),
  Sqrt: unary(ops.sqrt),
  Sub: arithmetic((a, b) => a - b, ops.sub),
  Sum: variadic(ops.add),
  Swish: { run: (c) => c.tensor(0).mul(c.tensor(0).mul(c.float('alpha', 1)).sigmoid()) },
  Tan: unary((x) => x.sin().div(x.cos())),
  Tanh: unary(ops.tanh),
  ThresholdedRelu: { run: (c) => ops.where(c.tensor(0).gt(c.float('alpha', 1)), c.tensor(0), 0) },
  Where: { run: (c) => ops.where(c.tensor(0), c.tensor(1), c.tensor(2)) },
  Xor: { run: (c) => ops.ne(c.tensor(0), c.tensor(1)) },
};

type Reduce = (x: Tensor, dims: number[], keepdim: boolean) => Tensor;

/** A reduction. Its dimensions are an input since opset 18 (ReduceSum: since 13), an attribute before; no dimensions means all. */
const reduction = (run: Reduce): Operation => ({
  numbers: [1],
  run: (c) => {
    const x = c.tensor(0);
    const given = c.numbersOr(1, 'axes') ?? [];
    if (given.length === 0 && c.int('noop_with_empty_axes', 0) === 1) return x;
    const dims = given.length === 0 ? [...x.shape.keys()] : given.map((dim) => c.axis(dim, x.ndim));
    return run(x, dims, c.int('keepdims', 1) !== 0);
  },
});

/** The extreme over several dimensions, one after the other. */
const extreme =
  (fn: (x: Tensor, dim: number, options: ops.ReduceOptions) => ops.Extremes): Reduce =>
  (x, dims, keepdim) =>
    [...dims].sort((a, b) => b - a).reduce((y, dim) => fn(y, dim, { keepdim }).values, x);

const argOf = (fn: typeof ops.argmax): Operation => ({
  run: (c) => {
    const x = c.tensor(0);
    const axis = c.axis(c.int('axis', 0), x.ndim);
    const options = { keepdim: c.int('keepdims', 1) !== 0 };
    if (c.int('select_last_index', 0) === 0) return fn(x, axis, options);
    return ops.sub(x.shape[axis]! - 1, fn(x.flip(axis), axis, options));
  },
});

function runningSum(c: Context): Tensor {
  const x = c.tensor(0);
  const axis = c.axis(c.number(1), x.ndim);
  const isReverse = c.int('reverse', 0) === 1;
  const given = isReverse ? x.flip(axis) : x;
  const sums = given.cumsum(axis);
  const y = c.int('exclusive', 0) === 1 ? sums.sub(given) : sums;
  return isReverse ? y.flip(axis) : y;
}

const reductions: Record<string, Operation> = {
  ArgMax: argOf(ops.argmax),
  ArgMin: argOf(ops.argmin),
  CumSum: { run: runningSum, numbers: [1] },
  ReduceL1: reduction((x, dims, keepdim) => x.abs().sum(dims, { keepdim })),
  ReduceL2: reduction((x, dims, keepdim) => ops.norm(x, dims, { keepdim })),
  ReduceLogSum: reduction((x, dims, keepdim) => x.sum(dims, { keepdim }).log()),
  ReduceLogSumExp: reduction((x, dims, keepdim) => ops.logsumexp(x, dims, { keepdim })),
  ReduceMax: reduction(extreme((x, dim, options) => ops.max(x, dim, options))),
  ReduceMean: reduction((x, dims, keepdim) => x.mean(dims, { keepdim })),
  ReduceMin: reduction(extreme((x, dim, options) => ops.min(x, dim, options))),
  ReduceProd: reduction((x, dims, keepdim) => x.prod(dims, { keepdim })),
  ReduceSum: reduction((x, dims, keepdim) => x.sum(dims, { keepdim })),
  ReduceSumSquare: reduction((x, dims, keepdim) => x.square().sum(dims, { keepdim })),
  TopK: {
    numbers: [1],
    run: (c) => {
      const k = c.has(1) ? c.number(1) : c.int('k', 0);
      const { values, indices } = ops.topk(c.tensor(0), k, c.int('axis', -1), { largest: c.int('largest', 1) === 1 });
      return [values, indices];
    },
  },
};

export const basicOperations: Record<string, Operation> = { ...elementwise, ...reductions };
