/**
 * A tensor's elements in another shape. Views share memory with their tensor; elements are copied only where strides cannot express the
 * new shape.
 */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { DType } from '../../bindings/executor.ts';
import { commonExecutor, copyInto, empty, fillWith, sectionsOf, viewOf } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import { charge } from '../tensor/budget.ts';
import type { Asked } from '../tensor/knownShapes.ts';
import {
  broadcastStrides,
  checkList,
  checkShape,
  inferShape,
  normalizeDim,
  numelOf,
  type Shape,
  sameShape,
  show,
  stridesOf,
  viewStrides,
} from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { cast, clone } from './convert.ts';

/**
 * The same elements in another shape; one size may be −1. A view, or a copy where strides cannot express the shape.
 *
 * @throws ShapeError where the number of elements differs
 * @example
 * reshape(arange(6), [2, -1]).toArray(); // [[0, 1, 2], [3, 4, 5]]
 */
export function reshape<To extends Shape>(x: Tensor, shape: To): Tensor<Asked<To>>;
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (arguments.length > 2) noMore('reshape', 2, arguments);
  return reshaped('reshape', x, shape);
}

/**
 * As reshape, but refuses to copy.
 *
 * @throws ShapeError where the number of elements differs, or x would have to be copied (as `reshape` does)
 * @example
 * view(arange(6), [3, 2]).shape; // [3, 2]
 */
export function view(x: Tensor, shape: Shape): Tensor {
  if (arguments.length > 2) noMore('view', 2, arguments);
  checkTensor('view', 'input', x);
  const target = inferShape('view', shape, x.numel);
  if (!x.contiguous && x.numel > 0 && viewStrides(x.shape, x.strides, target) === null) {
    refuse(
      ShapeError,
      'view',
      `the elements of ${show(x.shape)} cannot be seen as ${show(target)} without copying; use reshape`,
      { got: x.shape, expected: target },
    );
  }
  return reshaped('view', x, target);
}

function reshaped(op: string, x: Tensor, shape: Shape): Tensor {
  checkTensor(op, 'input', x);
  const target = inferShape(op, shape, x.numel);
  const strides = x.contiguous || x.numel === 0 ? stridesOf(target) : viewStrides(x.shape, x.strides, target);
  if (strides !== null) return record('reshape', [x], viewOf(x, target, strides));
  const copy = clone(x);
  const y = record('reshape', [copy], viewOf(copy, target, stridesOf(target)));
  copy.dispose();
  return y;
}

/**
 * Joins the dimensions start … end (all of them by default) into one.
 *
 * @throws ArgumentError where start is after end
 * @example
 * flatten(zeros(2, 3, 4), 1).shape; // [2, 12]
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (arguments.length > 3) noMore('flatten', 3, arguments);
  checkTensor('flatten', 'input', x);
  if (x.ndim === 0) return reshaped('flatten', x, [1]);
  const first = normalizeDim('flatten', start, x.ndim);
  const last = normalizeDim('flatten', end, x.ndim);
  if (first > last)
    refuse(ArgumentError, 'flatten', `start ${start} is after end ${end}`, { argument: 'start', got: start });
  const { size } = sectionsOf(x.shape, first, last);
  return reshaped('flatten', x, [...x.shape.slice(0, first), size, ...x.shape.slice(last + 1)]);
}

/**
 * Splits one dimension into several; one size may be −1.
 *
 * @throws ShapeError where the sizes do not multiply to the dimension's
 * @example
 * unflatten(zeros(2, 12), 1, [3, -1]).shape; // [2, 3, 4]
 */
export function unflatten(x: Tensor, dim: number, sizes: Shape): Tensor {
  if (arguments.length > 3) noMore('unflatten', 3, arguments);
  checkTensor('unflatten', 'input', x);
  const at = normalizeDim('unflatten', dim, x.ndim);
  const size = x.shape[at];
  if (size === undefined)
    refuse(ShapeError, 'unflatten', 'a tensor without dimensions has none to split', { argument: 'input', got: [] });
  const resolved = inferShape('unflatten', sizes, size);
  return reshaped('unflatten', x, [...x.shape.slice(0, at), ...resolved, ...x.shape.slice(at + 1)]);
}

/**
 * Drops dimensions of size 1: all of them, or only the given one.
 *
 * @example
 * squeeze(zeros(1, 3, 1)).shape; // [3]
 */
export function squeeze(x: Tensor, dim?: number): Tensor {
  if (arguments.length > 2) noMore('squeeze', 2, arguments);
  checkTensor('squeeze', 'input', x);
  const at = dim === undefined ? undefined : normalizeDim('squeeze', dim, x.ndim);
  const keep = x.shape.map((size, i) => size !== 1 || (at !== undefined && at !== i));
  return record(
    'reshape',
    [x],
    viewOf(
      x,
      x.shape.filter((_, i) => keep[i]),
      x.strides.filter((_, i) => keep[i]),
    ),
  );
}

/**
 * Adds a dimension of size 1 before dimension `dim`.
 *
 * @example
 * unsqueeze(zeros(3), 0).shape; // [1, 3]
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  if (arguments.length > 2) noMore('unsqueeze', 2, arguments);
  checkTensor('unsqueeze', 'input', x);
  const at = normalizeDim('unsqueeze', dim, x.ndim + 1);
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  checkShape('unsqueeze', shape);
  const strides = [...x.strides.slice(0, at), 1, ...x.strides.slice(at)];
  return record('reshape', [x], viewOf(x, shape, strides));
}

/**
 * The dimensions in another order: dimension i of the result is dimension dims[i] of x. A view.
 *
 * @throws ArgumentError unless every dimension is named once
 * @example
 * permute(zeros(2, 3, 4), [2, 0, 1]).shape; // [4, 2, 3]
 */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  if (arguments.length > 2) noMore('permute', 2, arguments);
  checkTensor('permute', 'input', x);
  checkList('permute', 'dims', dims);
  const order = dims.map((dim) => normalizeDim('permute', dim, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== order.length) {
    refuse(ArgumentError, 'permute', `expected each of ${x.ndim} dimensions once, got [${dims.join(',')}]`, {
      argument: 'dims',
      got: dims,
    });
  }
  const y = viewOf(
    x,
    order.map((d) => x.shape[d]!),
    order.map((d) => x.strides[d]!),
  );
  return record('permute', [x], y, { dims: order });
}

/**
 * Two dimensions exchanged. A view.
 *
 * @example
 * transpose(tensor([[1, 2], [3, 4]]), 0, 1).toArray(); // [[1, 3], [2, 4]]
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  if (arguments.length > 3) noMore('transpose', 3, arguments);
  checkTensor('transpose', 'input', x);
  const a = normalizeDim('transpose', dim0, x.ndim);
  const b = normalizeDim('transpose', dim1, x.ndim);
  const order = x.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return permute(x, order);
}

/**
 * Stretches dimensions of size 1 without copying; −1 keeps a size.
 *
 * @throws ShapeError where a size other than 1 would have to change
 * @example
 * expand(tensor([[1], [2]]), [2, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (arguments.length > 2) noMore('expand', 2, arguments);
  checkTensor('expand', 'input', x);
  checkList('expand', 'shape', shape);
  const lead = shape.length - x.ndim;
  const target = shape.map((size, i) => (size === -1 ? (x.shape[i - lead] ?? size) : size));
  if (
    lead < 0 ||
    target.some((size, i) => i >= lead && size !== x.shape[i - lead] && x.shape[i - lead] !== 1) ||
    // Nothing is copied, so no allocation would refuse a size that kernels cannot count.
    target.some((size) => !Number.isInteger(size) || size < 0 || size >= 2 ** 31)
  ) {
    // A file that asks for it has passed its own limit.
    if (numelOf(target) >= 2 ** 31) charge(numelOf(target));
    refuse(ShapeError, 'expand', `${show(x.shape)} cannot be stretched to ${show(shape)}`, {
      argument: 'shape',
      got: x.shape,
      expected: shape,
    });
  }
  checkShape('expand', target);
  return record('expand', [x], viewOf(x, target, broadcastStrides(x.shape, x.strides, target)));
}

/**
 * The part start ≤ index < end of one dimension, every `step`-th element; negative numbers count from the end. A view.
 *
 * @throws ArgumentError where start, end or step is not a whole number, or step is below 1
 * @example
 * slice(arange(10), 0, 2, 9, 3).toArray(); // [2, 5, 8]
 */
export function slice(x: Tensor, dim: number, start = 0, end = Infinity, step = 1): Tensor {
  if (arguments.length > 5) noMore('slice', 5, arguments);
  checkTensor('slice', 'input', x);
  const at = normalizeDim('slice', dim, x.ndim);
  if (!Number.isInteger(step) || step < 1)
    refuse(ArgumentError, 'slice', `step must be a whole number of at least 1, got ${step}`, {
      argument: 'step',
      got: step,
    });
  if (x.ndim === 0)
    refuse(ShapeError, 'slice', 'a tensor without dimensions has no parts', { argument: 'input', got: [] });
  for (const [argument, index] of [
    ['start', start],
    ['end', end],
  ] as const) {
    if (!Number.isInteger(index) && index !== Infinity && index !== -Infinity)
      refuse(ArgumentError, 'slice', `${argument} must be a whole number, got ${String(index)}`, {
        argument,
        got: index,
      });
  }
  const size = x.shape[at] ?? 1;
  const limit = (index: number) => Math.min(size, Math.max(0, index < 0 ? index + size : index));
  const first = limit(start);
  const length = Math.max(0, Math.ceil((limit(end) - first) / step));
  const shape = x.shape.map((s, i) => (i === at ? length : s));
  const strides = x.strides.map((s, i) => (i === at ? s * step : s));
  const y = viewOf(x, shape, strides, x.offset + (length > 0 ? first * (x.strides[at] ?? 0) : 0));
  return record('slice', [x], y, { dim: at, start: first, step });
}

/** Zeros with x where `slice(dim, start, …, step)` reads: the gradient of slice. */
export function unslice(x: Tensor, dim: number, start: number, size: number, step: number): Tensor {
  const shape = x.shape.map((s, i) => (i === dim ? size : s));
  const y = empty(x.executor, shape, x.dtype);
  fillWith(y, 0);
  const end = start + ((x.shape[dim] ?? 1) - 1) * step + 1;
  const strides = y.strides.map((s, i) => (i === dim ? s * step : s));
  const place = viewOf(y, x.shape, strides, y.offset + start * (y.strides[dim] ?? 0));
  copyInto(x, place);
  place.dispose();
  return record('unslice', [x], y, { dim, start, end, step });
}

/**
 * The part at one index of a dimension, without that dimension. A view.
 *
 * @throws ArgumentError where the index is out of range
 * @example
 * select(tensor([[1, 2], [3, 4]]), 1, 0).toArray(); // [1, 3]
 */
export function select(x: Tensor, dim: number, index: number): Tensor {
  if (arguments.length > 3) noMore('select', 3, arguments);
  checkTensor('select', 'input', x);
  const at = normalizeDim('select', dim, x.ndim);
  const size = x.shape[at] ?? 0;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    refuse(ArgumentError, 'select', `index ${index} is out of range for dimension ${dim} of ${show(x.shape)}`, {
      argument: 'index',
      got: index,
    });
  }
  const i = index < 0 ? index + size : index;
  const part = slice(x, at, i, i + 1);
  const y = squeeze(part, at);
  part.dispose();
  return y;
}

/** Refuses what is not a list of tensors. */
function checkTensors(op: string, list: readonly Tensor[]): asserts list is readonly [Tensor, ...Tensor[]] {
  if (!Array.isArray(list) || list.length === 0)
    refuse(ArgumentError, op, 'expected a list of at least one tensor', { argument: 'tensors', got: list });
  list.forEach((t, i) => void checkTensor(op, `tensors[${i}]`, t));
}

/** The element type that can hold all of these: float32 before int32 before bool. */
function commonType(list: readonly Tensor[]): DType {
  const types = new Set(list.map((t) => t.dtype));
  return types.has('float32') ? 'float32' : types.has('int32') ? 'int32' : 'bool';
}

/** Whether it is an empty vector, which PyTorch lets `cat` join to anything: lists grow from them. */
const isNothing = ({ shape }: Tensor) => shape.length === 1 && shape[0] === 0;

/**
 * Joins tensors along one of their dimensions. The result has the widest of their element types; empty vectors may be among tensors of
 * any shape.
 *
 * @throws ShapeError where the shapes differ outside the dimension, ArgumentError for an empty list
 * @example
 * cat([tensor([[1, 2]]), tensor([[3, 4], [5, 6]])]).toArray(); // [[1, 2], [3, 4], [5, 6]]
 */
export function cat(list: readonly Tensor[], dim = 0): Tensor {
  if (arguments.length > 2) noMore('cat', 2, arguments);
  checkTensors('cat', list);
  const first = list.find((t) => !isNothing(t)) ?? list[0];
  const executor = commonExecutor('cat', ...list);
  const at = normalizeDim('cat', dim, first.ndim);
  if (first.ndim === 0)
    refuse(ShapeError, 'cat', 'tensors without dimensions cannot be joined; use stack', {
      argument: 'tensors',
      got: [],
    });
  const parts: readonly Tensor[] = first.ndim === 1 ? list : list.filter((t) => !isNothing(t));
  for (const t of parts) {
    if (t.ndim !== first.ndim || t.shape.some((size, i) => i !== at && size !== first.shape[i])) {
      refuse(ShapeError, 'cat', `shapes differ outside dimension ${dim}: ${show(first.shape)} and ${show(t.shape)}`, {
        argument: 'tensors',
        got: t.shape,
        expected: first.shape,
      });
    }
  }
  const type = commonType(list);
  if (list.some((t) => t.dtype !== type)) {
    return compose(() => {
      const converted = list.map((t) => cast(t, type));
      return cat(converted, dim);
    });
  }
  const total = parts.reduce((n, t) => n + (t.shape[at] ?? 1), 0);
  const y = empty(
    executor,
    first.shape.map((size, i) => (i === at ? total : size)),
    first.dtype,
  );
  let start = 0;
  for (const t of parts) {
    const place = viewOf(y, t.shape, y.strides, y.offset + start * (y.strides[at] ?? 0));
    copyInto(t, place);
    place.dispose();
    start += t.shape[at] ?? 1;
  }
  return record('cat', parts, y, { dim: at });
}

/**
 * Joins tensors of one shape along a new dimension.
 *
 * @throws ShapeError where the shapes differ, ArgumentError for an empty list
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], 1).toArray(); // [[1, 3], [2, 4]]
 */
export function stack(list: readonly Tensor[], dim = 0): Tensor {
  if (arguments.length > 2) noMore('stack', 2, arguments);
  checkTensors('stack', list);
  const [first] = list;
  for (const t of list) {
    if (!sameShape(t.shape, first.shape)) {
      refuse(ShapeError, 'stack', `shapes differ: ${show(first.shape)} and ${show(t.shape)}`, {
        argument: 'tensors',
        got: t.shape,
        expected: first.shape,
      });
    }
  }
  const at = normalizeDim('stack', dim, first.ndim + 1);
  checkShape('stack', [...first.shape, list.length]);
  const parts = list.map((t) => unsqueeze(t, at));
  const y = cat(parts, at);
  for (const part of parts) part.dispose();
  return y;
}
