/** Elements by index along one dimension, and sorted elements. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { commonExecutor, dense, done, materialize, sectionsOf } from '../emit/emit.ts';
import { emitGather, emitScatterAdd, emitSort } from '../emit/indexed.ts';
import { checkOptions, checkWhole, FLAG, noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import { normalizeDim, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { constant } from './create.ts';
import type { Extremes } from './extremes.ts';
import { indexTensor, isNumberList, type NumberList } from './lists.ts';
import { checkIndex } from './select.ts';
import { unslice } from './shape.ts';

/** Refuses an index that is larger than x outside `dim`, and with `all` also along it. */
function checkFits(op: string, index: Tensor, argument: string, x: Tensor, dim: number, all: boolean): void {
  if (index.ndim === x.ndim && index.shape.every((size, i) => (i === dim && !all) || size <= (x.shape[i] ?? 0))) return;
  refuse(
    ShapeError,
    op,
    `index ${show(index.shape)} is not within ${argument} ${show(x.shape)}${all ? '' : ` outside dim ${dim}`}`,
    { argument: 'index', got: index.shape, expected: x.shape },
  );
}

/** x cut to the sizes of `shape` outside `dim`. */
function cutTo(x: Tensor, shape: readonly number[], dim: number): Tensor {
  return shape.reduce((part, size, i) => (i === dim || size === x.shape[i] ? part : part.slice(i, 0, size)), x);
}

/**
 * y[i][j] = x[index[i][j]][j] along dimension 0, and likewise along others. y has the shape of index, which has as many dimensions as x
 * and is not larger than x in the others.
 *
 * @param index int32, or nested arrays of whole numbers: 0 … size − 1
 * @throws ArgumentError for an index out of range
 * @see https://pytorch.org/docs/stable/generated/torch.gather.html
 * @example
 * gather(tensor([[1, 2], [3, 4]]), 1, [[1], [0]]).toArray(); // [[2], [3]]
 */
export function gather(x: Tensor, dim: number, index: Tensor | NumberList): Tensor {
  if (arguments.length > 3) noMore('gather', 3, arguments);
  const op = 'gather';
  checkTensor(op, 'input', x);
  if (isNumberList(index)) return compose(() => gather(x, dim, indexTensor(op, 'index', index, x)));
  checkTensor(op, 'index', index);
  const at = normalizeDim(op, dim, x.ndim);
  commonExecutor(op, x, index);
  checkFits(op, index, 'input', x, at, false);
  checkIndex(op, index, x.shape[at] ?? 1);
  if (index.shape.some((size, i) => i !== at && size !== x.shape[i]))
    return compose(() => gatherAll(cutTo(x, index.shape, at), at, index));
  return gatherAll(x, at, index);
}

function gatherAll(x: Tensor, dim: number, index: Tensor): Tensor {
  const source = dense(x);
  const list = dense(index);
  const y = emitGather(source, list, sectionsOf(x.shape, dim), index.shape[dim] ?? 1);
  done(source, x);
  done(list, index);
  return record('gather', [x, index], y, { dim });
}

/** @internal y with the elements of g added where index says; y is new, contiguous, and has index's shape outside dim. */
export function scatterInto(y: Tensor, dim: number, index: Tensor, g: Tensor, x = y): Tensor {
  const source = dense(g);
  const list = dense(index);
  emitScatterAdd(source, list, y, sectionsOf(y.shape, dim), index.shape[dim] ?? 1);
  done(source, g);
  done(list, index);
  return record('scatterAdd', [x, index, g], y, { dim });
}

/**
 * A copy of x with source[i][j] added to its element [index[i][j]][j] along dimension 0, and likewise along others. index is not larger
 * than source, nor, outside dim, than x. For float32 and int32.
 *
 * @param index int32, or nested arrays of whole numbers: 0 … size − 1
 * @throws ArgumentError for an index out of range
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 * @example
 * scatterAdd(zeros(3), 0, tensor([0, 2, 0], { dtype: 'int32' }), tensor([1, 2, 3])).toArray(); // [4, 0, 2]
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor | NumberList, source: Tensor): Tensor {
  if (arguments.length > 4) noMore('scatterAdd', 4, arguments);
  const op = 'scatterAdd';
  checkTensor(op, 'input', x);
  if (isNumberList(index)) return compose(() => scatterAdd(x, dim, indexTensor(op, 'index', index, x), source));
  checkTensor(op, 'index', index);
  checkTensor(op, 'source', source);
  const at = normalizeDim(op, dim, x.ndim);
  commonExecutor(op, x, index, source);
  if (source.dtype !== x.dtype || x.dtype === 'bool') {
    refuse(DTypeError, op, `input and source must both be float32 or int32, got ${x.dtype} and ${source.dtype}`, {
      argument: 'source',
      got: source.dtype,
      expected: x.dtype,
    });
  }
  checkFits(op, index, 'input', x, at, false);
  checkFits(op, index, 'source', source, at, true);
  checkIndex(op, index, x.shape[at] ?? 1);
  return compose(() => {
    const part = cutTo(at < source.ndim ? source.slice(at, 0, index.shape[at]) : source, index.shape, at);
    const own = cutTo(x, index.shape, at);
    if (own === x) return scatterInto(materialize(x), at, index, part, x);
    let added = scatterInto(constant(x.executor, own.shape, 0, x.dtype), at, index, part);
    x.shape.forEach((size, i) => {
      if (size !== added.shape[i]) added = unslice(added, i, 0, size, 1);
    });
    return x.add(added);
  });
}

/** Options of `sort`. */
export interface SortOptions {
  /** Largest first. Default false. */
  descending?: boolean;
}

/** Options of `topk`. */
export interface TopkOptions {
  /** Whether the largest or the smallest are wanted. Default true. */
  largest?: boolean;
}

function ordered(x: Tensor, dim: number, count: number, descending: boolean): Extremes {
  if (dim >= x.ndim - 1) {
    const source = dense(x);
    const shape = x.ndim === 0 ? [] : [...x.shape.slice(0, -1), count];
    const { values, indices } = emitSort(source, count, descending, shape);
    done(source, x);
    watching?.note('sort', [x], [values, indices], { count, descending });
    return { values: record('gather', [x, indices], values, { dim }), indices };
  }
  return compose(() => {
    const { values, indices } = ordered(x.transpose(dim, -1), x.ndim - 1, count, descending);
    return { values: values.transpose(dim, -1), indices: indices.transpose(dim, -1) };
  });
}

/**
 * The elements along a dimension in order, and where they were. Equal ones keep their order; NaN is the largest.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.sort.html
 * @example
 * const { values, indices } = sort(tensor([3, 1, 2])); // [1, 2, 3], [1, 2, 0]
 */
export function sort(x: Tensor, dim = -1, options: SortOptions = {}): Extremes {
  if (arguments.length > 3) noMore('sort', 3, arguments);
  checkTensor('sort', 'input', x);
  checkOptions('sort', options, { descending: FLAG });
  const at = normalizeDim('sort', dim, x.ndim);
  return ordered(x, at, x.shape[at] ?? 1, options.descending ?? false);
}

/**
 * The k largest (or smallest) elements along a dimension, the most extreme first, and where they are. Equal ones keep their order.
 *
 * @throws ArgumentError where k is more than the dimension's size
 * @see https://pytorch.org/docs/stable/generated/torch.topk.html
 * @example
 * const { values, indices } = topk(tensor([1, 4, 2, 3]), 2); // [4, 3], [1, 3]
 */
export function topk(x: Tensor, k: number, dim = -1, options: TopkOptions = {}): Extremes {
  if (arguments.length > 4) noMore('topk', 4, arguments);
  checkTensor('topk', 'input', x);
  checkOptions('topk', options, { largest: FLAG });
  const at = normalizeDim('topk', dim, x.ndim);
  checkWhole('topk', 'k', k);
  const size = x.shape[at] ?? 1;
  if (k > size) {
    refuse(ArgumentError, 'topk', `k is ${k}, but dimension ${dim} of ${show(x.shape)} has ${size} elements`, {
      argument: 'k',
      got: k,
      expected: size,
    });
  }
  // A tensor without dimensions has one element, which PyTorch gives for k = 0 too.
  return ordered(x, at, x.ndim === 0 ? 1 : k, options.largest ?? true);
}
