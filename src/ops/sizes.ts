/** Sizes of dimensions, read so that the types know how many there are. */
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Shapes by their number of dimensions. */
interface Shapes {
  2: readonly [number, number];
  3: readonly [number, number, number];
  4: readonly [number, number, number, number];
}

/** A tensor with N dimensions. */
export type TensorOf<N extends keyof Shapes> = Tensor<Shapes[N]>;

/** Whether x has this many dimensions. */
export function hasDims<N extends keyof Shapes>(x: Tensor, ndim: N): x is TensorOf<N> {
  return x.ndim === ndim;
}

/** The last two sizes of a shape; a dimension that it does not have counts as 1. */
export function lastTwo(shape: Shape): [number, number] {
  return [shape[shape.length - 2] ?? 1, shape[shape.length - 1] ?? 1];
}
