/** Arithmetic as methods of a tensor. What each does is said at the function of the same name in src/ops. */

import { MathMethods } from '../generated/mathMethods.ts';
import type { Operand } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import type { Broadcast, Broadcasts, Multiplies, Product } from './knownShapes.ts';
import type { Shape } from './shapes.ts';
import type { Tensor } from './tensor.ts';

export class ArithmeticMethods<S extends Shape = Shape> extends MathMethods<S> {
  /** −x. */
  neg<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.neg(this);
  }
  /** |x|. */
  abs<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.abs(this);
  }
  /** −1, 0 or 1 by the sign. */
  sign<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.sign(this);
  }
  /** x². */
  square<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.square(this);
  }
  /** Largest whole number ≤ x. */
  floor<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.floor(this);
  }
  /** Smallest whole number ≥ x. */
  ceil<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.ceil(this);
  }
  /** Nearest whole number; halves go to the even one. */
  round<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.round(this);
  }
  /** Whether x is 0, as bool. */
  logicalNot<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.logicalNot(this);
  }
  /** x limited to min … max, numbers or tensors that broadcast. */
  clamp<A extends Shape>(this: Tensor<A>, min?: number, max?: number): Tensor<A>;
  clamp(this: Tensor, min?: Operand, max?: Operand): Tensor;
  clamp(this: Tensor, min?: Operand, max?: Operand): Tensor {
    return ops.clamp(this, min, max);
  }
  /** x + other. */
  add<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    return ops.add(this, other);
  }
  /** x − other. */
  sub<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    return ops.sub(this, other);
  }
  /** x · other, element by element. */
  mul<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    return ops.mul(this, other);
  }
  /** x / other, float32. */
  div<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    return ops.div(this, other);
  }
  /** x to the power of other; of two integers an integer. */
  pow(this: Tensor, other: Operand): Tensor {
    return ops.pow(this, other);
  }
  /** The larger of both. */
  maximum(this: Tensor, other: Operand): Tensor {
    return ops.maximum(this, other);
  }
  /** The smaller of both. */
  minimum(this: Tensor, other: Operand): Tensor {
    return ops.minimum(this, other);
  }
  /** x = other, as bool. */
  eq(this: Tensor, other: Operand): Tensor {
    return ops.eq(this, other);
  }
  /** x ≠ other, as bool. */
  ne(this: Tensor, other: Operand): Tensor {
    return ops.ne(this, other);
  }
  /** x > other, as bool. */
  gt(this: Tensor, other: Operand): Tensor {
    return ops.gt(this, other);
  }
  /** x ≥ other, as bool. */
  ge(this: Tensor, other: Operand): Tensor {
    return ops.ge(this, other);
  }
  /** x < other, as bool. */
  lt(this: Tensor, other: Operand): Tensor {
    return ops.lt(this, other);
  }
  /** x ≤ other, as bool. */
  le(this: Tensor, other: Operand): Tensor {
    return ops.le(this, other);
  }
  /** Matrix product. */
  matmul<A extends Shape, B extends Shape>(
    this: Tensor<A>,
    other: Tensor<B> & Multiplies<A, B>,
  ): Tensor<Product<A, B>> {
    return ops.matmul(this, other);
  }
  /** Products of matrices, pair by pair. */
  bmm(this: Tensor, other: Tensor): Tensor {
    return ops.bmm(this, other);
  }
  /** Σ xᵢ·otherᵢ of two vectors. */
  dot(this: Tensor, other: Tensor): Tensor {
    return ops.dot(this, other);
  }
  /** The matrix xᵢ·otherⱼ of two vectors. */
  outer(this: Tensor, other: Tensor): Tensor {
    return ops.outer(this, other);
  }
  /** eˣ / Σ eˣ along a dimension. */
  softmax<A extends Shape>(this: Tensor<A>, dim = -1): Tensor<A> {
    return ops.softmax(this, dim);
  }
  /** x − ln Σ eˣ along a dimension. */
  logSoftmax<A extends Shape>(this: Tensor<A>, dim = -1): Tensor<A> {
    return ops.logSoftmax(this, dim);
  }
}
