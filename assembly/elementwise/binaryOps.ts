/**
 * The functions of two elements, on four at a time. Each has a marker class; `binaryOp<Marker>` folds to that function's code
 * when it is compiled. Of the gradients, those of relu, sigmoid and tanh take the output as a, the others
 * the input; b is the output's gradient.
 */
import { all, allBits } from '../simd/bits';
import { geluGrad4, geluTanhGrad4, siluGrad4 } from '../simd/activations';
import { pow4 } from '../simd/math';
import { divI4, remI4 } from '../simd/divideI';
import { powI4 } from '../simd/powI';

export class Add {}
export class Sub {}
export class Mul {}
export class Div {}
export class Pow {}
export class Maximum {}
export class Minimum {}
export class Eq {}
export class Ne {}
export class Gt {}
export class Ge {}
export class Lt {}
export class Le {}
export class ReluGrad {}
export class SigmoidGrad {}
export class TanhGrad {}
export class AddI {}
export class SubI {}
export class MulI {}
export class MaximumI {}
export class MinimumI {}
export class EqI {}
export class NeI {}
export class GtI {}
export class GeI {}
export class LtI {}
export class LeI {}
export class PowI {}
export class DivI {}
export class RemI {}
export class GeluGrad {}
export class GeluTanhGrad {}
export class SiluGrad {}

// @ts-ignore: decorator
@inline
export function binaryOp<F>(a: v128, b: v128): v128 {
  if (idof<F>() == idof<Add>()) return f32x4.add(a, b);
  if (idof<F>() == idof<Sub>()) return f32x4.sub(a, b);
  if (idof<F>() == idof<Mul>()) return f32x4.mul(a, b);
  if (idof<F>() == idof<Div>()) return f32x4.div(a, b);
  if (idof<F>() == idof<Pow>()) return pow4(a, b);
  if (idof<F>() == idof<Maximum>()) return f32x4.max(a, b);
  if (idof<F>() == idof<Minimum>()) return f32x4.min(a, b);
  if (idof<F>() == idof<Eq>()) return v128.and(f32x4.eq(a, b), allBits(1));
  if (idof<F>() == idof<Ne>()) return v128.and(f32x4.ne(a, b), allBits(1));
  if (idof<F>() == idof<Gt>()) return v128.and(f32x4.gt(a, b), allBits(1));
  if (idof<F>() == idof<Ge>()) return v128.and(f32x4.ge(a, b), allBits(1));
  if (idof<F>() == idof<Lt>()) return v128.and(f32x4.lt(a, b), allBits(1));
  if (idof<F>() == idof<Le>()) return v128.and(f32x4.le(a, b), allBits(1));
  if (idof<F>() == idof<ReluGrad>()) return v128.andnot(b, f32x4.le(a, all(0)));
  if (idof<F>() == idof<SigmoidGrad>()) return f32x4.mul(f32x4.mul(b, a), f32x4.sub(all(1), a));
  if (idof<F>() == idof<TanhGrad>()) return f32x4.mul(b, f32x4.sub(all(1), f32x4.mul(a, a)));
  if (idof<F>() == idof<AddI>()) return i32x4.add(a, b);
  if (idof<F>() == idof<SubI>()) return i32x4.sub(a, b);
  if (idof<F>() == idof<MulI>()) return i32x4.mul(a, b);
  if (idof<F>() == idof<MaximumI>()) return i32x4.max_s(a, b);
  if (idof<F>() == idof<MinimumI>()) return i32x4.min_s(a, b);
  if (idof<F>() == idof<EqI>()) return v128.and(i32x4.eq(a, b), allBits(1));
  if (idof<F>() == idof<NeI>()) return v128.and(i32x4.ne(a, b), allBits(1));
  if (idof<F>() == idof<GtI>()) return v128.and(i32x4.gt_s(a, b), allBits(1));
  if (idof<F>() == idof<GeI>()) return v128.and(i32x4.ge_s(a, b), allBits(1));
  if (idof<F>() == idof<LtI>()) return v128.and(i32x4.lt_s(a, b), allBits(1));
  if (idof<F>() == idof<LeI>()) return v128.and(i32x4.le_s(a, b), allBits(1));
  if (idof<F>() == idof<PowI>()) return powI4(a, b);
  if (idof<F>() == idof<DivI>()) return divI4(a, b);
  if (idof<F>() == idof<RemI>()) return remI4(a, b);
  if (idof<F>() == idof<GeluGrad>()) return geluGrad4(a, b);
  if (idof<F>() == idof<GeluTanhGrad>()) return geluTanhGrad4(a, b);
  if (idof<F>() == idof<SiluGrad>()) return siluGrad4(a, b);
  return unreachable();
}
