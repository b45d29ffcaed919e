/** The largest and the smallest elements, and where they are. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { dense, done, emitArgReduce, sectionsOf } from '../emit/emit.ts';
import { noMore } from '../options.ts';
import { record } from '../tape/record.ts';
import type { Reduced } from '../tensor/knownShapes.ts';
import { normalizeDim, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';
import { checkKeepdim, type Keep, type Plan, plan, type ReduceOptions, reduce } from './reduce.ts';

/** The largest or smallest elements along a dimension, and where they are. */
export interface Extremes {
  /** The elements, with x's type and without the dimension; with `keepdim` it stays with size 1. */
  values: Tensor;
  /** Their positions along the dimension, int32, in the shape of the values; the first of equal ones. */
  indices: Tensor;
}

/** Largest or smallest element over the dimensions of a plan. */
export function extremeOver(x: Tensor, fn: 'max' | 'min', p: Plan): Tensor {
  const y = reduce(fn, x, p);
  watching?.note(fn, [x], [y], { ...p });
  return record('extremeAll', [x], y, p);
}

function extremeAll(fn: 'max' | 'min', x: Tensor): Tensor {
  const p = plan(fn, x, undefined, false);
  if (x.dtype === 'bool') return compose(() => cast(extremeAll(fn, cast(x, 'int32')), 'bool'));
  if (x.numel === 0)
    refuse(ShapeError, fn, `a tensor without elements has no ${fn}imum`, { argument: 'input', got: x.shape });
  const y = reduce(x.dtype === 'float32' ? fn : `${fn}I`, x, p);
  watching?.note(fn, [x], [y], { ...p });
  return record('extremeAll', [x], y, p);
}

function argPlan(op: string, x: Tensor, dim: number, keepdim: boolean): { at: number; shape: Shape } {
  checkTensor(op, 'input', x);
  const at = normalizeDim(op, dim, x.ndim);
  if (x.shape[at] === 0)
    refuse(ShapeError, op, `dimension ${dim} of ${show(x.shape)} has no elements`, { argument: 'dim', got: x.shape });
  return { at, shape: keepdim ? x.shape.map((s, i) => (i === at ? 1 : s)) : x.shape.filter((_, i) => i !== at) };
}

function extremeAlong(fn: 'max' | 'min', x: Tensor, dim: number, keepdim: boolean): Extremes {
  const { at, shape } = argPlan(fn, x, dim, false);
  const source = dense(x);
  const found = emitArgReduce(x.dtype === 'float32' ? fn : `${fn}I`, source, sectionsOf(x.shape, at), shape);
  done(source, x);
  watching?.note('extreme', [x], [found.values, found.indices], { fn, dim: at });
  const values = record('extreme', [x, found.indices], found.values, { dim: at });
  if (!keepdim || x.ndim === 0) return { values, indices: found.indices };
  const kept = { values: values.unsqueeze(at), indices: found.indices.unsqueeze(at) };
  values.dispose();
  found.indices.dispose();
  return kept;
}

/**
 * Largest element; with a dimension: the largest along it and its (first) index. NaN wins.
 *
 * @throws ShapeError where there are no elements
 * @example
 * max(tensor([1, 3, 2])).item(); // 3
 * const { values, indices } = max(tensor([[1, 3], [4, 2]]), 1); // [3, 4], [1, 0]
 */
export function max<S extends Shape>(x: Tensor<S>): Tensor<Reduced<S, undefined, false>>;
export function max(x: Tensor, dim: number, options?: ReduceOptions): Extremes;
export function max(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | Extremes {
  if (arguments.length > 3) noMore('max', 3, arguments);
  const keepdim = checkKeepdim('max', options);
  if (dim === undefined && keepdim)
    refuse(ArgumentError, 'max', 'keepdim needs a dim', { argument: 'keepdim', got: keepdim });
  return dim === undefined ? extremeAll('max', x) : extremeAlong('max', x, dim, keepdim);
}

/**
 * Smallest element; with a dimension: the smallest along it and its (first) index. NaN wins.
 *
 * @throws ShapeError where there are no elements
 * @example
 * min(tensor([1, 3, 2])).item(); // 1
 * const { values, indices } = min(tensor([[1, 3], [4, 2]]), 1); // [1, 2], [0, 1]
 */
export function min<S extends Shape>(x: Tensor<S>): Tensor<Reduced<S, undefined, false>>;
export function min(x: Tensor, dim: number, options?: ReduceOptions): Extremes;
export function min(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | Extremes {
  if (arguments.length > 3) noMore('min', 3, arguments);
  const keepdim = checkKeepdim('min', options);
  if (dim === undefined && keepdim)
    refuse(ArgumentError, 'min', 'keepdim needs a dim', { argument: 'keepdim', got: keepdim });
  return dim === undefined ? extremeAll('min', x) : extremeAlong('min', x, dim, keepdim);
}

function argExtreme(op: 'argmax' | 'argmin', x: Tensor, dim: number | undefined, keepdim: boolean): Tensor {
  checkTensor(op, 'input', x);
  if (dim === undefined) {
    const flat = x.reshape([-1]);
    const index = argExtreme(op, flat, 0, false);
    flat.dispose();
    if (!keepdim) return index;
    const kept = index.reshape(x.shape.map(() => 1));
    index.dispose();
    return kept;
  }
  const { at, shape } = argPlan(op, x, dim, keepdim);
  const fn = op === 'argmax' ? 'max' : 'min';
  const source = dense(x);
  const { values, indices } = emitArgReduce(
    x.dtype === 'float32' ? fn : `${fn}I`,
    source,
    sectionsOf(x.shape, at),
    shape,
  );
  values.dispose();
  done(source, x);
  watching?.note(op, [x], [indices], { dim: at, keepdim });
  return indices;
}

/**
 * Index of the largest element (the first of them), int32; over all elements in row-major order, or along a dimension.
 *
 * @throws ShapeError where there are no elements
 * @example
 * argmax(tensor([[1, 3], [4, 2]]), 1).toArray(); // [1, 0]
 */
export function argmax<S extends Shape, D extends number | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options?: ReduceOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function argmax(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 3) noMore('argmax', 3, arguments);
  return argExtreme('argmax', x, dim, checkKeepdim('argmax', options));
}

/**
 * Index of the smallest element (the first of them), int32; over all elements in row-major order, or along a dimension.
 *
 * @throws ShapeError where there are no elements
 * @example
 * argmin(tensor([[1, 3], [4, 2]]), 1).toArray(); // [0, 1]
 */
export function argmin<S extends Shape, D extends number | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options?: ReduceOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function argmin(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 3) noMore('argmin', 3, arguments);
  return argExtreme('argmin', x, dim, checkKeepdim('argmin', options));
}
