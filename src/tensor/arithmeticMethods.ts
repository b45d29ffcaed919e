/** Arithmetic as methods of a tensor. What each does is said at the function of the same name in src/ops. */

import type { Operand } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { TensorBase } from './base.ts';
import type { Broadcast, Broadcasts, Multiplies, Product } from './knownShapes.ts';
import type { Shape } from './shapes.ts';
import type { Tensor } from './tensor.ts';

export class ArithmeticMethods<S extends Shape = Shape> extends TensorBase<S> {
  /** −x. */
  neg(this: Tensor): Tensor {
    return ops.neg(this);
  }
  /** |x|. */
  abs(this: Tensor): Tensor {
    return ops.abs(this);
  }
  /** −1, 0 or 1 by the sign. */
  sign(this: Tensor): Tensor {
    return ops.sign(this);
  }
  /** √x. */
  sqrt(this: Tensor): Tensor {
    return ops.sqrt(this);
  }
  /** 1/√x. */
  rsqrt(this: Tensor): Tensor {
    return ops.rsqrt(this);
  }
  /** x². */
  square(this: Tensor): Tensor {
    return ops.square(this);
  }
  /** eˣ. */
  exp(this: Tensor): Tensor {
    return ops.exp(this);
  }
  /** Natural logarithm. */
  log(this: Tensor): Tensor {
    return ops.log(this);
  }
  /** ln(1 + x). */
  log1p(this: Tensor): Tensor {
    return ops.log1p(this);
  }
  /** Sine; radians. */
  sin(this: Tensor): Tensor {
    return ops.sin(this);
  }
  /** Cosine; radians. */
  cos(this: Tensor): Tensor {
    return ops.cos(this);
  }
  /** Hyperbolic tangent. */
  tanh(this: Tensor): Tensor {
    return ops.tanh(this);
  }
  /** 1 / (1 + e⁻ˣ). */
  sigmoid(this: Tensor): Tensor {
    return ops.sigmoid(this);
  }
  /** max(x, 0). */
  relu(this: Tensor): Tensor {
    return ops.relu(this);
  }
  /** Arc tangent, in radians. */
  atan(this: Tensor): Tensor {
    return ops.atan(this);
  }
  /** Gauss error function. */
  erf(this: Tensor): Tensor {
    return ops.erf(this);
  }
  /** Largest whole number ≤ x. */
  floor(this: Tensor): Tensor {
    return ops.floor(this);
  }
  /** Smallest whole number ≥ x. */
  ceil(this: Tensor): Tensor {
    return ops.ceil(this);
  }
  /** Nearest whole number; halves go to the even one. */
  round(this: Tensor): Tensor {
    return ops.round(this);
  }
  /** 1/x. */
  reciprocal(this: Tensor): Tensor {
    return ops.reciprocal(this);
  }
  /** Whether x is 0, as bool. */
  logicalNot(this: Tensor): Tensor {
    return ops.logicalNot(this);
  }
  /** x limited to min … max. */
  clamp(this: Tensor, min?: number, max?: number): Tensor {
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
  softmax(this: Tensor, dim = -1): Tensor {
    return ops.softmax(this, dim);
  }
  /** x − ln Σ eˣ along a dimension. */
  logSoftmax(this: Tensor, dim = -1): Tensor {
    return ops.logSoftmax(this, dim);
  }
}
