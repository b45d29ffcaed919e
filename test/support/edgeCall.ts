/** A call at the edges, and the shapes that follow from the definitions. */
import type { Tensor } from '../../src/index.ts';
import * as operations from '../../src/ops/public.ts';
import type { Source } from './source.ts';

export type Sizes = readonly number[];

/** One call: the operation on x and other tensors, and the shapes of its results. */
export interface Call {
  fn: (x: Tensor, ...others: Tensor[]) => Tensor | readonly Tensor[];
  shapes: readonly Sizes[] | null;
  /** Its other tensors: their shapes, and the limit of the values of int32 ones. */
  others?: readonly { shape: Sizes; below?: number }[];
  /** Element types of x that it accepts. Default: all. */
  dtypes?: readonly string[];
}

export type EdgeOp = (source: Source, shape: Sizes) => Call;

/** The operations by name. */
export const named = { ...operations };

export const MOST_DIMS = 6;
export const numel = (shape: Sizes) => shape.reduce((a, b) => a * b, 1);
export const fits = (shape: Sizes): readonly Sizes[] | null => (shape.length > MOST_DIMS ? null : [shape]);
export const without = (shape: Sizes, dims: readonly number[]) => shape.filter((_, i) => !dims.includes(i));
export const kept = (shape: Sizes, dims: readonly number[]) => shape.map((size, i) => (dims.includes(i) ? 1 : size));
export const replaced = (shape: Sizes, dim: number, size: number) => shape.map((s, i) => (i === dim ? size : s));

/** A dimension, counted from either end; 0 or −1 where there is none. */
export function dimOf(source: Source, shape: Sizes): { dim: number; at: number } {
  const at = source.whole(0, Math.max(0, shape.length - 1));
  return { dim: source.flip() ? at : at - Math.max(1, shape.length), at };
}

/** A shape that broadcasts with this one, and the resulting shape. */
export function partner(source: Source, shape: Sizes): { other: Sizes; result: Sizes } {
  const other = shape.slice(source.whole(0, shape.length)).map((size) => (source.flip() ? size : 1));
  const lead = shape.length - other.length;
  const result = shape.map((size, i) => (i >= lead && size === 1 ? other[i - lead]! : size));
  return { other, result };
}

export const FLOAT = ['float32'];
