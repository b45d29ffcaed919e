/** Elements repeated, reversed, split into parts, or set to 0 on one side of a diagonal: made of views and copies. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { materialize, viewOf } from '../emit/emit.ts';
import { checkWhole, noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import { checkList, checkShape, normalizeDim, normalizeDims, numelOf, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { clone } from './convert.ts';
import { alongDim, constant } from './create.ts';
import { lastTwo } from './sizes.ts';

/**
 * x repeated along each dimension as often as its count says; more counts than dimensions add new ones in front.
 *
 * @throws ShapeError where there are fewer counts than dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
 * @example
 * repeat(tensor([1, 2]), [2, 2]).toArray(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function repeat(x: Tensor, counts: Shape): Tensor {
  if (arguments.length > 2) noMore('repeat', 2, arguments);
  checkTensor('repeat', 'input', x);
  checkShape('repeat', counts);
  const lead = counts.length - x.ndim;
  if (lead < 0) {
    refuse(ShapeError, 'repeat', `${show(counts)} has fewer numbers than ${show(x.shape)} dimensions`, {
      argument: 'counts',
      got: counts,
    });
  }
  return compose(() => {
    const sizes: number[] = [...new Array<number>(lead).fill(1), ...x.shape];
    let y = x.reshape([...sizes]);
    // The last dimension first, so that elements copied more than once are fewest.
    for (let dim = counts.length - 1; dim >= 0; dim--) {
      const count = counts[dim]!;
      if (count === 1) continue;
      const [before, after] = [numelOf(sizes.slice(0, dim)), numelOf(sizes.slice(dim))];
      sizes[dim]! *= count;
      y = y
        .reshape([before, 1, after])
        .expand([before, count, after])
        .reshape([...sizes]);
    }
    return y.contiguous && y.storage !== x.storage ? y : clone(y);
  });
}

function lastIndex(x: Tensor, dim: number): number {
  return Math.max(0, (x.shape[dim] ?? 1) - 1);
}

/**
 * x with the order along some dimensions reversed. A copy.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.flip.html
 * @example
 * flip(tensor([1, 2, 3]), 0).toArray(); // [3, 2, 1]
 */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  if (arguments.length > 2) noMore('flip', 2, arguments);
  checkTensor('flip', 'input', x);
  const list = normalizeDims('flip', dims === undefined ? [] : dims, x.ndim).filter((dim) => dim < x.ndim);
  const strides = x.strides.map((stride, i) => (list.includes(i) ? -stride : stride));
  const last = x.strides.reduce((sum, stride, i) => sum + (list.includes(i) ? lastIndex(x, i) * stride : 0), 0);
  const reversed = viewOf(x, x.shape, strides, x.offset + last);
  const y = materialize(reversed);
  reversed.dispose();
  return record('flip', [x], y, { dims: list });
}

/**
 * The parts of a dimension as views: of one size (the last may be smaller), or of the given sizes, which add up to the dimension's.
 *
 * @throws ArgumentError where the sizes do not add up to the dimension's
 * @see https://pytorch.org/docs/stable/generated/torch.split.html
 * @example
 * split(arange(5), 2).map((part) => part.toArray()); // [[0, 1], [2, 3], [4]]
 */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  if (arguments.length > 3) noMore('split', 3, arguments);
  const op = 'split';
  checkTensor(op, 'input', x);
  const at = normalizeDim(op, dim, x.ndim);
  const total = x.shape[at];
  if (total === undefined)
    refuse(ShapeError, op, 'a tensor without dimensions has no parts', { argument: 'input', got: [] });
  if (typeof size === 'number') {
    checkWhole(op, 'size', size, total === 0 ? 0 : 1);
    const sizes = Array.from({ length: Math.max(1, Math.ceil(total / (size || 1))) }, (_, i) =>
      Math.min(size, total - i * size),
    );
    return partsOf(x, sizes, at);
  }
  checkList(op, 'sizes', size);
  for (const part of size) checkWhole(op, 'sizes', part);
  if (size.reduce((a, b) => a + b, 0) !== total) {
    refuse(ArgumentError, op, `sizes [${size.join(',')}] do not add up to ${total}, the size of dimension ${dim}`, {
      argument: 'sizes',
      got: size,
      expected: total,
    });
  }
  return partsOf(x, size, at);
}

function partsOf(x: Tensor, sizes: readonly number[], dim: number): Tensor[] {
  let start = 0;
  return sizes.map((size) => {
    const part = x.slice(dim, start, start + size);
    start += size;
    return part;
  });
}

/**
 * A dimension in n parts of equal size as views; the last may be smaller, or there may be fewer parts.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.chunk.html
 * @example
 * chunk(arange(5), 2).map((part) => part.toArray()); // [[0, 1, 2], [3, 4]]
 */
export function chunk(x: Tensor, n: number, dim = 0): Tensor[] {
  if (arguments.length > 3) noMore('chunk', 3, arguments);
  checkTensor('chunk', 'input', x);
  checkWhole('chunk', 'n', n, 1);
  const at = normalizeDim('chunk', dim, x.ndim);
  const total = x.shape[at];
  if (total === undefined)
    refuse(ShapeError, 'chunk', 'a tensor without dimensions has no parts', { argument: 'input', got: [] });
  return total === 0 ? partsOf(x, new Array<number>(n).fill(0), at) : split(x, Math.ceil(total / n), at);
}

function triangle(op: 'tril' | 'triu', x: Tensor, k: number): Tensor {
  checkTensor(op, 'input', x);
  if (!Number.isInteger(k))
    refuse(ArgumentError, op, `k must be a whole number, got ${String(k)}`, { argument: 'k', got: k });
  if (x.ndim < 2) {
    refuse(ShapeError, op, `needs at least two dimensions, got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  }
  return compose(() => {
    const [rows, cols] = lastTwo(x.shape);
    const row = alongDim(rows, 0, 2, x.executor);
    const column = alongDim(cols, 1, 2, x.executor).sub(k);
    return where(op === 'tril' ? column.le(row) : column.ge(row), x, constant(x.executor, [], 0, x.dtype));
  });
}

/**
 * The matrices of the last two dimensions, with 0 above the k-th diagonal (0 is the main one, 1 the one above it).
 *
 * @throws ShapeError for fewer than two dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.tril.html
 * @example
 * tril(ones(2, 2)).toArray(); // [[1, 0], [1, 1]]
 */
export function tril(x: Tensor, k = 0): Tensor {
  if (arguments.length > 2) noMore('tril', 2, arguments);
  return triangle('tril', x, k);
}

/**
 * The matrices of the last two dimensions, with 0 below the k-th diagonal (0 is the main one, 1 the one above it).
 *
 * @throws ShapeError for fewer than two dimensions
 * @example
 * triu(ones(2, 2), 1).toArray(); // [[0, 1], [0, 0]]
 */
export function triu(x: Tensor, k = 0): Tensor {
  if (arguments.length > 2) noMore('triu', 2, arguments);
  return triangle('triu', x, k);
}
