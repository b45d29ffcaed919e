/** Changes of shape, type and device as methods of tensors. The functions of the same names in src/ops say more about each. */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { Device, DType } from '../../bindings/executor.ts';
import type { Extremes } from '../ops/index.ts';
import * as ops from '../ops/index.ts';
import { noMore } from '../options.ts';
import { executorFor } from '../runtime/runtime.ts';
import type { Asked, Reversed } from '../tensor/knownShapes.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sizes as an array or one by one. */
function listOf(op: string, args: readonly (number | Shape)[]): Shape {
  if (typeof args[0] !== 'object') return args as number[];
  if (args.length > 1) noMore(op, 1, args);
  return args[0];
}

export class ShapeMethods<S extends Shape = Shape> {
  /** The same elements in another shape; one size may be −1. */
  reshape<To extends Shape>(this: Tensor, shape: To): Tensor<Asked<To>>;
  reshape(this: Tensor, ...shape: number[] | [Shape]): Tensor;
  reshape(this: Tensor, ...shape: number[] | [Shape]): Tensor {
    return ops.reshape(this, listOf('reshape', shape));
  }
  /** Like `reshape`, but throws if it would have to copy. */
  view(this: Tensor, ...shape: number[] | [Shape]): Tensor {
    return ops.view(this, listOf('view', shape));
  }
  /** Joins dimensions `start` to `end` into one; all of them by default. */
  flatten(this: Tensor, start?: number, end?: number): Tensor {
    if (arguments.length > 2) noMore('flatten', 2, arguments);
    return ops.flatten(this, start, end);
  }
  /** Splits one dimension into several. */
  unflatten(this: Tensor, dim: number, sizes: Shape): Tensor {
    if (arguments.length > 2) noMore('unflatten', 2, arguments);
    return ops.unflatten(this, dim, sizes);
  }
  /** Removes dimensions of size 1. */
  squeeze(this: Tensor, dim?: number): Tensor {
    if (arguments.length > 1) noMore('squeeze', 1, arguments);
    return ops.squeeze(this, dim);
  }
  /** Adds a dimension of size 1. */
  unsqueeze(this: Tensor, dim: number): Tensor {
    if (arguments.length > 1) noMore('unsqueeze', 1, arguments);
    return ops.unsqueeze(this, dim);
  }
  /** Exchanges two dimensions. */
  transpose(this: Tensor, dim0: number, dim1: number): Tensor {
    if (arguments.length > 2) noMore('transpose', 2, arguments);
    return ops.transpose(this, dim0, dim1);
  }
  /** The dimensions in another order. */
  permute(this: Tensor, ...dims: number[] | [readonly number[]]): Tensor {
    return ops.permute(this, listOf('permute', dims));
  }
  /** The dimensions in reverse order: of a matrix, its transpose. */
  get T(): Tensor<Reversed<S>> {
    const self = this as unknown as Tensor;
    return ops.permute(self, [...self.shape.keys()].reverse()) as Tensor<Reversed<S>>;
  }
  /** Stretches dimensions of size 1 without copying; −1 keeps a size. */
  expand(this: Tensor, ...shape: number[] | [Shape]): Tensor {
    return ops.expand(this, listOf('expand', shape));
  }
  /** The part start ≤ index < end of one dimension, every `step`-th. A view. */
  slice(this: Tensor, dim: number, start?: number, end?: number, step?: number): Tensor {
    if (arguments.length > 4) noMore('slice', 4, arguments);
    return ops.slice(this, dim, start, end, step);
  }
  /** One index of a dimension, which is removed. A view. */
  select(this: Tensor, dim: number, index: number): Tensor {
    if (arguments.length > 2) noMore('select', 2, arguments);
    return ops.select(this, dim, index);
  }
  /** The entries of a dimension that `index` (int32) lists. */
  indexSelect(this: Tensor, dim: number, index: Tensor | ops.NumberList): Tensor {
    if (arguments.length > 2) noMore('indexSelect', 2, arguments);
    return ops.indexSelect(this, dim, index);
  }
  /** Adds elements around the tensor: [left, right, top, bottom, …], the last dimension first. */
  pad(this: Tensor, padding: readonly number[], options?: ops.PadOptions): Tensor {
    if (arguments.length > 2) noMore('pad', 2, arguments);
    return ops.pad(this, padding, options);
  }
  /** The elements that `index` (int32) lists along a dimension, one for each of its elements. */
  gather(this: Tensor, dim: number, index: Tensor | ops.NumberList): Tensor {
    if (arguments.length > 2) noMore('gather', 2, arguments);
    return ops.gather(this, dim, index);
  }
  /** A copy with the elements of `source` added at the positions along a dimension that `index` (int32) lists. */
  scatterAdd(this: Tensor, dim: number, index: Tensor | ops.NumberList, source: Tensor): Tensor {
    if (arguments.length > 3) noMore('scatterAdd', 3, arguments);
    return ops.scatterAdd(this, dim, index, source);
  }
  /** The elements along a dimension in order, and the indices that they had. */
  sort(this: Tensor, dim?: number, options?: ops.SortOptions): Extremes {
    if (arguments.length > 2) noMore('sort', 2, arguments);
    return ops.sort(this, dim, options);
  }
  /** The k largest or smallest elements along a dimension, and their indices. */
  topk(this: Tensor, k: number, dim?: number, options?: ops.TopkOptions): Extremes {
    if (arguments.length > 3) noMore('topk', 3, arguments);
    return ops.topk(this, k, dim, options);
  }
  /** The tensor repeated along each dimension, the given numbers of times. */
  repeat(this: Tensor, ...counts: number[] | [Shape]): Tensor {
    return ops.repeat(this, listOf('repeat', counts));
  }
  /** The elements in reverse order along some dimensions. */
  flip(this: Tensor, ...dims: number[] | [readonly number[]]): Tensor {
    return ops.flip(this, listOf('flip', dims));
  }
  /** Splits a dimension into parts, of one size or of the sizes given. Views. */
  split(this: Tensor, size: number | readonly number[], dim?: number): Tensor[] {
    if (arguments.length > 2) noMore('split', 2, arguments);
    return ops.split(this, size, dim);
  }
  /** Splits a dimension into n parts. Views. */
  chunk(this: Tensor, n: number, dim?: number): Tensor[] {
    if (arguments.length > 2) noMore('chunk', 2, arguments);
    return ops.chunk(this, n, dim);
  }
  /** The lower triangle: 0 above the k-th diagonal. */
  tril(this: Tensor, k?: number): Tensor {
    if (arguments.length > 1) noMore('tril', 1, arguments);
    return ops.tril(this, k);
  }
  /** The upper triangle: 0 below the k-th diagonal. */
  triu(this: Tensor, k?: number): Tensor {
    if (arguments.length > 1) noMore('triu', 1, arguments);
    return ops.triu(this, k);
  }
  /** A contiguous copy; gradients flow through it. */
  clone(this: Tensor): Tensor {
    if (arguments.length > 0) noMore('clone', 0, arguments);
    return ops.clone(this);
  }
  /** The same elements without history: no gradient flows back through it. Shares memory. */
  detach(this: Tensor): Tensor {
    if (arguments.length > 0) noMore('detach', 0, arguments);
    return ops.detach(this);
  }
  /** The tensor with another element type or on another device; the tensor itself if nothing changes. */
  to(this: Tensor, target: DType | Device): Tensor {
    if (arguments.length > 1) noMore('to', 1, arguments);
    switch (target) {
      case 'float32':
      case 'int32':
      case 'bool':
        return ops.cast(this, target);
      case 'wasm':
      case 'reference':
      case 'webgpu':
        return ops.moveTo(this, executorFor(target));
      default:
        refuse(ArgumentError, 'to', `unknown dtype or device ${String(target)}`, { argument: 'target', got: target });
    }
  }
}
