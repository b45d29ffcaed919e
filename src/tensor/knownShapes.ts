/**
 * Shapes that TypeScript knows as tuples of numbers: the shapes that operations give, and refusals at compile time. If a
 * shape is only `number[]`, all of these give `Shape`, and nothing is refused. These are only types: nothing here runs.
 */

import type { Shape } from './shapes.ts';
import type { Tensor } from './tensor.ts';

/** S itself if its length is known, else any shape. */
export type Known<S extends Shape> = number extends S['length'] ? Shape : S;

type IsKnown<S extends Shape> = number extends S['length'] ? false : true;

/** Whether two sizes are equal, as far as they are known. */
type SameSize<A, B> = number extends A ? true : number extends B ? true : A extends B ? true : false;

/** Broadcasting of two sizes; `never` if they do not match. */
type MeetSize<A, B> = A extends 1
  ? B
  : B extends 1
    ? A
    : number extends A
      ? number
      : number extends B
        ? number
        : A extends B
          ? A
          : never;

/** Broadcasting of two shapes, from the last dimension. */
type MeetAll<A extends Shape, B extends Shape> = A extends readonly [
  ...infer AHead extends Shape,
  infer ALast extends number,
]
  ? B extends readonly [...infer BHead extends Shape, infer BLast extends number]
    ? readonly [...MeetAll<AHead, BHead>, MeetSize<ALast, BLast>]
    : A
  : B;

/** Shape of an operand: a number has no dimensions. */
type ShapeOf<T> = T extends Tensor<infer S> ? S : readonly [];

/** Shape of two operands broadcast to each other. */
export type Broadcast<A, B> =
  IsKnown<ShapeOf<A>> extends true
    ? IsKnown<ShapeOf<B>> extends true
      ? MeetAll<ShapeOf<A>, ShapeOf<B>>
      : Shape
    : Shape;

/** Whether a `never` is among the sizes. */
type HasNever<S extends Shape> = S extends readonly [infer First, ...infer Rest extends Shape]
  ? [First] extends [never]
    ? true
    : HasNever<Rest>
  : false;

/** What the second operand must also be: anything, or something that no tensor is. */
export type Broadcasts<A, B> =
  HasNever<Broadcast<A, B>> extends true ? { readonly 'shapes do not broadcast': [ShapeOf<A>, ShapeOf<B>] } : unknown;

/** Shape of a matrix product of two matrices; other ranks are not followed. */
export type Product<A extends Shape, B extends Shape> = A extends readonly [infer M extends number, number]
  ? B extends readonly [number, infer N extends number]
    ? readonly [M, N]
    : Shape
  : Shape;

/** What the second matrix must also be. */
export type Multiplies<A extends Shape, B extends Shape> = A extends readonly [number, infer K]
  ? B extends readonly [infer L, number]
    ? SameSize<K, L> extends true
      ? unknown
      : { readonly 'inner sizes differ': [A, B] }
    : unknown
  : unknown;

/** Shape of x·Wᵀ for a weight [out, in]. */
export type LinearShape<X extends Shape, W extends Shape> =
  IsKnown<X> extends true
    ? W extends readonly [infer Out extends number, number]
      ? X extends readonly [...infer Lead extends Shape, number]
        ? readonly [...Lead, Out]
        : Shape
      : Shape
    : Shape;

/** What a weight must also be. */
export type FitsInput<X extends Shape, W extends Shape> = X extends readonly [...Shape, infer K]
  ? W extends readonly [number, infer L]
    ? SameSize<K, L> extends true
      ? unknown
      : { readonly 'the input must end in the weight’s input features': [X, W] }
    : unknown
  : unknown;

/** A shape in reverse. */
export type Reversed<S extends Shape> =
  IsKnown<S> extends true
    ? S extends readonly [infer First extends number, ...infer Rest extends Shape]
      ? readonly [...Reversed<Rest>, First]
      : readonly []
    : Shape;

/** The shape for the sizes asked for; −1 is a size that is not known. */
export type Asked<S extends Shape> =
  IsKnown<S> extends true ? { readonly [I in keyof S]: S[I] extends -1 ? number : S[I] } : Shape;

/** S without its dimension D; any shape if D is not known, or counts from the end (except −1). */
type Without<S extends Shape, D extends number, Before extends Shape = readonly []> = number extends D
  ? Shape
  : D extends -1
    ? S extends readonly [...infer Head extends Shape, number]
      ? readonly [...Head]
      : Shape
    : S extends readonly [infer First extends number, ...infer Rest extends Shape]
      ? Before['length'] extends D
        ? readonly [...Before, ...Rest]
        : Without<Rest, D, readonly [...Before, First]>
      : Shape;

/** What a reduction over the dimension D (undefined: all) leaves of a shape; dimensions that are kept are not followed. */
export type Reduced<S extends Shape, D, Keep> =
  IsKnown<S> extends true
    ? Keep extends false
      ? D extends undefined
        ? readonly []
        : D extends number
          ? Without<S, D>
          : Shape
      : Shape
    : Shape;
