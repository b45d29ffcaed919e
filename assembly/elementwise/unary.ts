/**
 * y[i] = fn(x[i]): one loop a function, two vectors a step (four for functions in stages), the tail through the same vector code. Contract: n elements
 * of 4 bytes at x and y, at any multiple of 4 bytes; y may be x. Nothing outside of y[0 … n − 1] is written, nothing
 * outside of x[0 … n − 1] is read.
 */
import { UnaryCommand, UnaryFn } from '../generated/commands';
import { Exp, finished, limited, reduced, Sigmoid, shifted, Tanh } from '../simd/exp';
import { partStart } from './partition';
import { loadTail, storeTail } from './tail';
import {
  Abs,
  AbsI,
  Atan,
  Ceil,
  Clamp,
  ClampI,
  Cos,
  Elu,
  Erf,
  Floor,
  Gelu,
  GeluTanh,
  LeakyRelu,
  Log,
  Log1p,
  LogicalNot,
  LogicalNotI,
  Neg,
  NegI,
  Reciprocal,
  Relu,
  Round,
  Rsqrt,
  Sign,
  SignI,
  Silu,
  Sin,
  Softplus,
  Sqrt,
  Square,
  SquareI,
  ToBool,
  ToBoolI,
  ToFloat,
  ToInt,
  unaryOp,
} from './unaryOps';

// @ts-ignore: decorator
@inline
function hasStages<F>(): bool {
  return idof<F>() == idof<Exp>() || idof<F>() == idof<Sigmoid>() || idof<F>() == idof<Tanh>();
}

/** Four vectors at x, stage by stage. */
// @ts-ignore: decorator
@inline
function mapStages<F>(x: usize, y: usize): void {
  const v0 = v128.load(x);
  const v1 = v128.load(x, 16);
  const v2 = v128.load(x, 32);
  const v3 = v128.load(x, 48);
  const a0 = limited<F>(v0);
  const a1 = limited<F>(v1);
  const a2 = limited<F>(v2);
  const a3 = limited<F>(v3);
  const b0 = shifted<F>(a0);
  const b1 = shifted<F>(a1);
  const b2 = shifted<F>(a2);
  const b3 = shifted<F>(a3);
  const r0 = reduced<F>(a0, b0);
  const r1 = reduced<F>(a1, b1);
  const r2 = reduced<F>(a2, b2);
  const r3 = reduced<F>(a3, b3);
  v128.store(y, finished<F>(v0, a0, r0, b0));
  v128.store(y, finished<F>(v1, a1, r1, b1), 16);
  v128.store(y, finished<F>(v2, a2, r2, b2), 32);
  v128.store(y, finished<F>(v3, a3, r3, b3), 48);
}

function map<F>(x: usize, y: usize, n: u32, bits0: u32, bits1: u32): void {
  const p0 = i32x4.splat(bits0);
  const p1 = i32x4.splat(bits1);
  const end = x + ((n & ~7) << 2);
  if (hasStages<F>()) {
    const fours = x + ((n & ~15) << 2);
    for (; x < fours; x += 64, y += 64) mapStages<F>(x, y);
  }
  while (x < end) {
    const v0 = v128.load(x);
    const v1 = v128.load(x, 16);
    v128.store(y, unaryOp<F>(v0, p0, p1));
    v128.store(y, unaryOp<F>(v1, p0, p1), 16);
    x += 32;
    y += 32;
  }
  for (let left = n & 7; left > 0; ) {
    const count = min<u32>(left, 4);
    const v = unaryOp<F>(count == 4 ? v128.load(x) : loadTail(x, count), p0, p1);
    if (count == 4) v128.store(y, v);
    else storeTail(y, v, count);
    x += 16;
    y += 16;
    left -= count;
  }
}

function unary(fn: u32, x: usize, y: usize, n: u32, p0: u32, p1: u32): void {
  switch (fn) {
    case UnaryFn.neg:
      return map<Neg>(x, y, n, p0, p1);
    case UnaryFn.abs:
      return map<Abs>(x, y, n, p0, p1);
    case UnaryFn.sign:
      return map<Sign>(x, y, n, p0, p1);
    case UnaryFn.sqrt:
      return map<Sqrt>(x, y, n, p0, p1);
    case UnaryFn.rsqrt:
      return map<Rsqrt>(x, y, n, p0, p1);
    case UnaryFn.reciprocal:
      return map<Reciprocal>(x, y, n, p0, p1);
    case UnaryFn.square:
      return map<Square>(x, y, n, p0, p1);
    case UnaryFn.exp:
      return map<Exp>(x, y, n, p0, p1);
    case UnaryFn.log:
      return map<Log>(x, y, n, p0, p1);
    case UnaryFn.log1p:
      return map<Log1p>(x, y, n, p0, p1);
    case UnaryFn.sin:
      return map<Sin>(x, y, n, p0, p1);
    case UnaryFn.cos:
      return map<Cos>(x, y, n, p0, p1);
    case UnaryFn.tanh:
      return map<Tanh>(x, y, n, p0, p1);
    case UnaryFn.sigmoid:
      return map<Sigmoid>(x, y, n, p0, p1);
    case UnaryFn.relu:
      return map<Relu>(x, y, n, p0, p1);
    case UnaryFn.atan:
      return map<Atan>(x, y, n, p0, p1);
    case UnaryFn.erf:
      return map<Erf>(x, y, n, p0, p1);
    case UnaryFn.floor:
      return map<Floor>(x, y, n, p0, p1);
    case UnaryFn.ceil:
      return map<Ceil>(x, y, n, p0, p1);
    case UnaryFn.round:
      return map<Round>(x, y, n, p0, p1);
    case UnaryFn.clamp:
      return map<Clamp>(x, y, n, p0, p1);
    case UnaryFn.logicalNot:
      return map<LogicalNot>(x, y, n, p0, p1);
    case UnaryFn.toBool:
      return map<ToBool>(x, y, n, p0, p1);
    case UnaryFn.toInt:
      return map<ToInt>(x, y, n, p0, p1);
    case UnaryFn.negI:
      return map<NegI>(x, y, n, p0, p1);
    case UnaryFn.absI:
      return map<AbsI>(x, y, n, p0, p1);
    case UnaryFn.signI:
      return map<SignI>(x, y, n, p0, p1);
    case UnaryFn.squareI:
      return map<SquareI>(x, y, n, p0, p1);
    case UnaryFn.clampI:
      return map<ClampI>(x, y, n, p0, p1);
    case UnaryFn.logicalNotI:
      return map<LogicalNotI>(x, y, n, p0, p1);
    case UnaryFn.toBoolI:
      return map<ToBoolI>(x, y, n, p0, p1);
    case UnaryFn.toFloat:
      return map<ToFloat>(x, y, n, p0, p1);
    case UnaryFn.gelu:
      return map<Gelu>(x, y, n, p0, p1);
    case UnaryFn.geluTanh:
      return map<GeluTanh>(x, y, n, p0, p1);
    case UnaryFn.silu:
      return map<Silu>(x, y, n, p0, p1);
    case UnaryFn.softplus:
      return map<Softplus>(x, y, n, p0, p1);
    case UnaryFn.elu:
      return map<Elu>(x, y, n, p0, p1);
    case UnaryFn.leakyRelu:
      return map<LeakyRelu>(x, y, n, p0, p1);
    default:
      unreachable();
  }
}

export function unaryKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<UnaryCommand>(cmd);
  const begin = partStart(c.n, thread, threads);
  const end = partStart(c.n, thread + 1, threads);
  if (begin >= end) return;
  unary(c.fn, (<usize>c.x + begin) << 2, (<usize>c.y + begin) << 2, end - begin, c.p0, c.p1);
}
