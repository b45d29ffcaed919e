/** Arithmetic as methods of tensors. The functions of the same names in src/ops say more about each. */

import type { Operand } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { noMore } from '../options.ts';
import type { Broadcast, Broadcasts, Multiplies, Product } from '../tensor/knownShapes.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

export class ArithmeticMethods {
  /** −x. */
  neg<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('neg', 0, arguments);
    return ops.neg(this);
  }
  /** |x|. */
  abs<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('abs', 0, arguments);
    return ops.abs(this);
  }
  /** The sign: −1, 0 or 1. */
  sign<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('sign', 0, arguments);
    return ops.sign(this);
  }
  /** x². */
  square<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('square', 0, arguments);
    return ops.square(this);
  }
  /** The largest whole number ≤ x. */
  floor<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('floor', 0, arguments);
    return ops.floor(this);
  }
  /** The smallest whole number ≥ x. */
  ceil<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('ceil', 0, arguments);
    return ops.ceil(this);
  }
  /** The nearest whole number, or number with `decimals` digits; halves round to even. */
  round<A extends Shape>(this: Tensor<A>, options?: ops.RoundOptions): Tensor<A> {
    if (arguments.length > 1) noMore('round', 1, arguments);
    return ops.round(this, options);
  }
  /** Whether x is 0, as bool. */
  logicalNot<A extends Shape>(this: Tensor<A>): Tensor<A> {
    if (arguments.length > 0) noMore('logicalNot', 0, arguments);
    return ops.logicalNot(this);
  }
  /** x limited to min … max, which are numbers or tensors that broadcast. */
  clamp<A extends Shape>(this: Tensor<A>, min?: number, max?: number): Tensor<A>;
  clamp(this: Tensor, min?: Operand, max?: Operand): Tensor;
  clamp(this: Tensor, min?: Operand, max?: Operand): Tensor {
    if (arguments.length > 2) noMore('clamp', 2, arguments);
    return ops.clamp(this, min, max);
  }
  /** x + alpha · other. */
  add<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
    options?: ops.AlphaOptions,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    if (arguments.length > 2) noMore('add', 2, arguments);
    return ops.add(this, other, options);
  }
  /** x − alpha · other. */
  sub<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
    options?: ops.AlphaOptions,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    if (arguments.length > 2) noMore('sub', 2, arguments);
    return ops.sub(this, other, options);
  }
  /** x · other, element by element. */
  mul<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    if (arguments.length > 1) noMore('mul', 1, arguments);
    return ops.mul(this, other);
  }
  /** x / other: float32, or rounded by `roundingMode`. */
  div<A extends Shape, B extends Operand>(
    this: Tensor<A>,
    other: B & Broadcasts<Tensor<A>, B>,
    options?: ops.DivOptions,
  ): Tensor<Broadcast<Tensor<A>, B>> {
    if (arguments.length > 2) noMore('div', 2, arguments);
    return ops.div(this, other, options);
  }
  /** x to the power of other. Two integers give an integer. */
  pow(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('pow', 1, arguments);
    return ops.pow(this, other);
  }
  /** The larger of the two. */
  maximum(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('maximum', 1, arguments);
    return ops.maximum(this, other);
  }
  /** The smaller of the two. */
  minimum(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('minimum', 1, arguments);
    return ops.minimum(this, other);
  }
  /** x = other, as bool. */
  eq(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('eq', 1, arguments);
    return ops.eq(this, other);
  }
  /** x ≠ other, as bool. */
  ne(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('ne', 1, arguments);
    return ops.ne(this, other);
  }
  /** x > other, as bool. */
  gt(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('gt', 1, arguments);
    return ops.gt(this, other);
  }
  /** x ≥ other, as bool. */
  ge(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('ge', 1, arguments);
    return ops.ge(this, other);
  }
  /** x < other, as bool. */
  lt(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('lt', 1, arguments);
    return ops.lt(this, other);
  }
  /** x ≤ other, as bool. */
  le(this: Tensor, other: Operand): Tensor {
    if (arguments.length > 1) noMore('le', 1, arguments);
    return ops.le(this, other);
  }
  /** Matrix product. */
  matmul<A extends Shape, B extends Shape>(
    this: Tensor<A>,
    other: Tensor<B> & Multiplies<A, B>,
  ): Tensor<Product<A, B>> {
    if (arguments.length > 1) noMore('matmul', 1, arguments);
    return ops.matmul(this, other);
  }
  /** Products of the matrices of two batches, pair by pair. */
  bmm(this: Tensor, other: Tensor): Tensor {
    if (arguments.length > 1) noMore('bmm', 1, arguments);
    return ops.bmm(this, other);
  }
  /** Σ xᵢ·otherᵢ of two vectors. */
  dot(this: Tensor, other: Tensor): Tensor {
    if (arguments.length > 1) noMore('dot', 1, arguments);
    return ops.dot(this, other);
  }
  /** The matrix xᵢ·otherⱼ of two vectors. */
  outer(this: Tensor, other: Tensor): Tensor {
    if (arguments.length > 1) noMore('outer', 1, arguments);
    return ops.outer(this, other);
  }
  /** eˣ / Σ eˣ along a dimension. */
  softmax<A extends Shape>(this: Tensor<A>, dim?: number, options?: ops.SoftmaxOptions): Tensor<A> {
    if (arguments.length > 2) noMore('softmax', 2, arguments);
    return ops.softmax(this, dim, options);
  }
  /** x − ln Σ eˣ along a dimension. */
  logSoftmax<A extends Shape>(this: Tensor<A>, dim?: number, options?: ops.SoftmaxOptions): Tensor<A> {
    if (arguments.length > 2) noMore('logSoftmax', 2, arguments);
    return ops.logSoftmax(this, dim, options);
  }
}
