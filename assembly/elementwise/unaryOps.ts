/**
 * The functions of one element, on four at a time. Each has a marker class; `unaryOp<Marker>` folds to that function's code when
 * it is compiled, so a loop over it has no dispatch inside. p0 and p1, in all lanes, are what the command table says.
 */
import { all, allBits, select } from '../simd/bits';
import { elu4, gelu4, geluTanh4, softplus4 } from '../simd/activations';
import { Exp, Sigmoid, Tanh } from '../simd/exp';
import { atan4, cos4, erf4, exp4, log1p4, log4, sigmoid4, sin4, tanh4 } from '../simd/math';

export class Neg {}
export class Abs {}
export class Sign {}
export class Sqrt {}
export class Rsqrt {}
export class Reciprocal {}
export class Square {}
export class Log {}
export class Log1p {}
export class Sin {}
export class Cos {}
export class Relu {}
export class Atan {}
export class Erf {}
export class Floor {}
export class Ceil {}
export class Round {}
export class Clamp {}
export class LogicalNot {}
export class ToBool {}
export class ToInt {}
export class NegI {}
export class AbsI {}
export class SignI {}
export class SquareI {}
export class ClampI {}
export class LogicalNotI {}
export class ToBoolI {}
export class ToFloat {}
export class Gelu {}
export class GeluTanh {}
export class Silu {}
export class Softplus {}
export class Elu {}
export class LeakyRelu {}

/** −1, 0 or 1; 0 for NaN. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const zero = all(0);
  return v128.or(v128.and(f32x4.gt(x, zero), all(1)), v128.and(f32x4.lt(x, zero), all(-1)));
}

// @ts-ignore: decorator
@inline
export function unaryOp<F>(x: v128, p0: v128, p1: v128): v128 {
  if (idof<F>() == idof<Neg>()) return f32x4.neg(x);
  if (idof<F>() == idof<Abs>()) return f32x4.abs(x);
  if (idof<F>() == idof<Sign>()) return sign(x);
  if (idof<F>() == idof<Sqrt>()) return f32x4.sqrt(x);
  if (idof<F>() == idof<Rsqrt>()) return f32x4.div(all(1), f32x4.sqrt(x));
  if (idof<F>() == idof<Reciprocal>()) return f32x4.div(all(1), x);
  if (idof<F>() == idof<Square>()) return f32x4.mul(x, x);
  if (idof<F>() == idof<Exp>()) return exp4(x);
  if (idof<F>() == idof<Log>()) return log4(x);
  if (idof<F>() == idof<Log1p>()) return log1p4(x);
  if (idof<F>() == idof<Sin>()) return sin4(x);
  if (idof<F>() == idof<Cos>()) return cos4(x);
  if (idof<F>() == idof<Tanh>()) return tanh4(x);
  if (idof<F>() == idof<Sigmoid>()) return sigmoid4(x);
  if (idof<F>() == idof<Relu>()) return f32x4.pmax(x, all(0));
  if (idof<F>() == idof<Atan>()) return atan4(x);
  if (idof<F>() == idof<Erf>()) return erf4(x);
  if (idof<F>() == idof<Floor>()) return f32x4.floor(x);
  if (idof<F>() == idof<Ceil>()) return f32x4.ceil(x);
  if (idof<F>() == idof<Round>()) return f32x4.nearest(x);
  if (idof<F>() == idof<Clamp>()) return f32x4.pmin(f32x4.pmax(x, p0), p1);
  if (idof<F>() == idof<LogicalNot>()) return v128.and(f32x4.eq(x, all(0)), allBits(1));
  if (idof<F>() == idof<ToBool>()) return v128.and(f32x4.ne(x, all(0)), allBits(1));
  if (idof<F>() == idof<ToInt>()) return i32x4.trunc_sat_f32x4_s(x);
  if (idof<F>() == idof<NegI>()) return i32x4.neg(x);
  if (idof<F>() == idof<AbsI>()) return i32x4.abs(x);
  if (idof<F>() == idof<SignI>()) return i32x4.min_s(i32x4.max_s(x, allBits(-1)), allBits(1));
  if (idof<F>() == idof<SquareI>()) return i32x4.mul(x, x);
  if (idof<F>() == idof<ClampI>()) return i32x4.min_s(i32x4.max_s(x, p0), p1);
  if (idof<F>() == idof<LogicalNotI>()) return v128.and(i32x4.eq(x, allBits(0)), allBits(1));
  if (idof<F>() == idof<ToBoolI>()) return v128.and(i32x4.ne(x, allBits(0)), allBits(1));
  if (idof<F>() == idof<ToFloat>()) return f32x4.convert_i32x4_s(x);
  if (idof<F>() == idof<Gelu>()) return gelu4(x);
  if (idof<F>() == idof<GeluTanh>()) return geluTanh4(x);
  if (idof<F>() == idof<Silu>()) return f32x4.mul(x, sigmoid4(x));
  if (idof<F>() == idof<Softplus>()) return softplus4(x, p0, p1);
  if (idof<F>() == idof<Elu>()) return elu4(x, p0, p1);
  if (idof<F>() == idof<LeakyRelu>()) return select(x, f32x4.mul(x, p0), f32x4.gt(x, all(0)));
  return unreachable();
}
