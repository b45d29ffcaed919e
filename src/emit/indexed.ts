/** From tensors to the commands that move single elements by index, and to those that sort. */
import { SORT_COUNTERS } from '../../bindings/commands/limits.ts';
import { encodeGather, encodeScatterAdd, encodeSort } from '../../bindings/generated/encode.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { empty, type Sections } from './emit.ts';

/** y[o, j, i] = x[o, index[o, j, i], i]; x and index are contiguous. */
export function emitGather(x: Tensor, index: Tensor, { outer, size, inner }: Sections, count: number): Tensor {
  const { executor } = x;
  const y = empty(executor, index.shape, x.dtype);
  if (y.numel > 0) {
    encodeGather(executor.program, {
      x: x.address,
      index: index.address,
      y: y.address,
      outer,
      size,
      count,
      inner,
    });
    executor.run();
  }
  return y;
}

/** y[o, index[o, j, i], i] += g[o, j, i]; all are contiguous. */
export function emitScatterAdd(
  g: Tensor,
  index: Tensor,
  y: Tensor,
  { outer, size, inner }: Sections,
  count: number,
): void {
  if (g.numel === 0) return;
  const { executor } = y;
  encodeScatterAdd(executor.program, {
    g: g.address,
    index: index.address,
    y: y.address,
    outer,
    size,
    count,
    inner,
    integer: y.dtype === 'float32' ? 0 : 1,
  });
  executor.run();
}

/** Up to this many elements, inserting into a sorted list is faster than sorting everything. */
const INSERTION_LIMIT = 32;

/** The first `count` elements of each row of a contiguous x in order, and their indices, in `shape`. */
export function emitSort(
  x: Tensor,
  count: number,
  descending: boolean,
  shape: Shape,
): { values: Tensor; indices: Tensor } {
  const { executor } = x;
  const values = empty(executor, shape, x.dtype);
  const indices = empty(executor, shape, 'int32');
  if (values.numel === 0) return { values, indices };
  const cols = x.shape[x.shape.length - 1] ?? 1;
  const rows = x.numel / cols;
  const byInsertion = count <= INSERTION_LIMIT;
  const work = empty(executor, [rows, byInsertion ? count : 4 * cols + SORT_COUNTERS], 'int32');
  encodeSort(executor.program, {
    x: x.address,
    values: values.address,
    indices: indices.address,
    work: work.address,
    rows,
    cols,
    count,
    descending: descending ? 1 : 0,
    integer: x.dtype === 'float32' ? 0 : 1,
    byInsertion: byInsertion ? 1 : 0,
  });
  executor.run();
  work.dispose();
  return { values, indices };
}
