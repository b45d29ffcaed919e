/** Reductions: over all elements, or over the dimensions given. */
import { ArgumentError, DTypeError, ShapeError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import type { ReduceFn } from '../../bindings/generated/encode.ts';
import { needsGrad, record } from '../autograd/record.ts';
import { checkFinite, checkOptions } from '../options.ts';
import { dense, done, emitArgReduce, emitCumsum, emitReduce, empty, sectionsOf } from '../program/emit.ts';
import { watching } from '../program/watch.ts';
import type { Reduced } from '../tensor/knownShapes.ts';
import { normalizeDim, normalizeDims, numelOf, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor, compose, where } from './arithmetic.ts';
import { cast } from './create.ts';

/** Dimensions to reduce: one, several, or (undefined, []) all. */
export type Dims = number | readonly number[];

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: boolean;
}

/** Tells the types whether dimensions are kept. */
export interface Keep<K extends boolean> {
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: K;
}

/** Options of `variance` and `std`. */
export interface SpreadOptions extends ReduceOptions {
  /** What is taken from the count in the denominator. Default 1: the unbiased estimate. */
  correction?: number;
}

/** The largest or smallest elements along a dimension, and where they are. */
export interface Extremes {
  /** The elements, of x's type; without the dimension, or with `keepdim` of size 1 along it. */
  values: Tensor;
  /** Their positions along the dimension, int32, in the shape of the values; of equal ones the first. */
  indices: Tensor;
}

/** A reduction's geometry: which dimensions, the result's shape, and the shape that broadcasts against the input. */
interface Plan {
  dims: number[];
  shape: Shape;
  keepShape: Shape;
  count: number;
}

function plan(op: string, x: Tensor, dim: Dims | undefined, keepdim: boolean): Plan {
  checkTensor(op, 'input', x);
  if (dim !== undefined && typeof dim !== 'number' && !Array.isArray(dim)) {
    throw new ArgumentError(
      `${op}: dim must be a number or a list of numbers, got ${dim === null ? 'null' : typeof dim}`,
      {
        op,
        argument: 'dim',
        got: dim,
      },
    );
  }
  // As in PyTorch, an empty list stands for all.
  const asked = typeof dim === 'object' && dim.length === 0 ? undefined : dim;
  const dims = normalizeDims(op, asked, x.ndim).filter((d) => d < x.ndim);
  const keepShape = x.shape.map((size, i) => (dims.includes(i) ? 1 : size));
  const shape = keepdim ? keepShape : x.shape.filter((_, i) => !dims.includes(i));
  return { dims, shape, keepShape, count: dims.reduce((n, d) => n * x.shape[d]!, 1) };
}

/** The option that all reductions have; refuses others. */
function checkKeepdim(op: string, options: ReduceOptions): boolean {
  checkOptions(op, options, ['keepdim']);
  return options.keepdim ?? false;
}

function checkFloat(op: string, x: Tensor): void {
  checkTensor(op, 'input', x);
  if (x.dtype !== 'float32')
    throw new DTypeError(`${op}: input must be float32, got ${x.dtype}; convert it with to('float32')`, {
      op,
      argument: 'input',
      got: x.dtype,
      expected: 'float32',
    });
}

/** Shorter rows than this are not worth a reduction of their own. */
const SHORT_ROW = 16;

/** Where the last run of adjacent dimensions begins in a list of them. */
function lastRun(dims: readonly number[]): number {
  let at = Math.max(0, dims.length - 1);
  while (at > 0 && dims[at - 1] === dims[at]! - 1) at--;
  return at;
}

/**
 * Runs a reduction. Dimensions that are apart are reduced run by run, from the last one on, so that nothing is copied; where that
 * would be in short rows, or copies anyway, they are brought together.
 */
function reduce(fn: ReduceFn, x: Tensor, { dims, shape }: Pick<Plan, 'dims' | 'shape'>, scale = 1): Tensor {
  const dtype = x.dtype === 'float32' ? 'float32' : 'int32';
  const from = lastRun(dims);
  const run = dims.slice(from);
  const sections =
    dims.length === 0 ? { outer: x.numel, size: 1, inner: 1 } : sectionsOf(x.shape, run[0]!, run[run.length - 1]!);
  if (from === 0) {
    const source = dense(x);
    const y = emitReduce(fn, source, sections, shape, dtype, scale);
    done(source, x);
    return y;
  }
  if (x.contiguous && (sections.inner > 1 || sections.size >= SHORT_ROW)) {
    const keepShape = x.shape.map((size, d) => (run.includes(d) ? 1 : size));
    const part = emitReduce(fn, x, sections, keepShape, dtype, 1);
    const y = reduce(fn, part, { dims: dims.slice(0, from), shape }, scale);
    part.dispose();
    return y;
  }
  const together = x.permute([...x.shape.keys()].filter((d) => !dims.includes(d)).concat(dims));
  const source = dense(together);
  const size = dims.reduce((n, d) => n * x.shape[d]!, 1);
  const y = emitReduce(fn, source, { outer: numelOf(shape), size, inner: 1 }, shape, dtype, scale);
  done(source, together);
  done(together, x);
  return y;
}

/**
 * Sum of the elements: of all, or along the dimensions given, which go unless `keepdim`. Of int32 and bool it is int32.
 *
 * @example
 * sum(tensor([[1, 2], [3, 4]])).item(); // 10
 * sum(tensor([[1, 2], [3, 4]]), 0).toArray(); // [4, 6]
 */
export function sum<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options: ReduceOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const keepdim = checkKeepdim('sum', options);
  const p = plan('sum', x, dim, keepdim);
  const isFloat = x.dtype === 'float32';
  const y: Tensor = record('sum', [x], reduce(isFloat ? 'sum' : 'sumI', x, p), { keepShape: p.keepShape });
  return y as Tensor<Reduced<S, D, K>>;
}

/**
 * Mean of the elements: of all, or along the dimensions given, which go unless `keepdim`.
 *
 * @throws DTypeError where x is not float32
 * @example
 * mean(tensor([[1, 2], [3, 4]]), 1, { keepdim: true }).toArray(); // [[1.5], [3.5]]
 */
export function mean<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options: ReduceOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const p = plan('mean', x, dim, checkKeepdim('mean', options));
  checkFloat('mean', x);
  const y: Tensor = record('mean', [x], reduce('sum', x, p, 1 / p.count), { keepShape: p.keepShape, count: p.count });
  return y as Tensor<Reduced<S, D, K>>;
}

/**
 * Product of the elements: of all, or along the dimensions given, which go unless `keepdim`.
 *
 * @example
 * prod(tensor([2, 3, 4])).item(); // 24
 */
export function prod<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options: ReduceOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const keepdim = checkKeepdim('prod', options);
  const p = plan('prod', x, dim, keepdim);
  const y: Tensor = record('prod', [x], reduce(x.dtype === 'float32' ? 'prod' : 'prodI', x, p), {
    keepShape: p.keepShape,
    dims: p.dims,
  });
  return y as Tensor<Reduced<S, D, K>>;
}

/** For each element the product of the others that it is multiplied with: the gradient of prod, right where zeros are too. */
export function productOfOthers(x: Tensor, dims: number[]): Tensor {
  const keepdim = { keepdim: true };
  const isZero = x.eq(0);
  // Values that cannot be read at once may be zeros.
  const mayHoldZero = () => x.executor.download !== undefined || isZero.to('int32').max().item() > 0;
  if (needsGrad([x]) && mayHoldZero()) return productWithoutSelf(x, dims);
  const zeros = isZero.to('int32').sum(dims, keepdim);
  const product = where(isZero, 1, x).prod(dims, keepdim);
  const none = product.div(where(isZero, 1, x));
  return where(zeros.eq(0), none, where(isZero.mul(zeros.eq(1)), product, 0));
}

/** The same in n² steps for n factors, but differentiable at zeros too: a matrix of the factors, 1 on the diagonal. */
function productWithoutSelf(x: Tensor, dims: number[]): Tensor {
  const order = [...x.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
  const apart = x.permute(order);
  const n = dims.reduce((size, d) => size * x.shape[d]!, 1);
  const diagonal = alongDim(n, 0, 2, x.executor).eq(alongDim(n, 1, 2, x.executor));
  const factors = where(diagonal, 1, apart.reshape([-1, 1, n]));
  return prod(factors, 2)
    .reshape(apart.shape)
    .permute(order.map((_, d) => order.indexOf(d)));
}

function extremeAll(fn: 'max' | 'min', x: Tensor): Tensor {
  const p = plan(fn, x, undefined, false);
  if (x.numel === 0)
    throw new ShapeError(`${fn}: a tensor without elements has none`, { op: fn, argument: 'input', got: x.shape });
  const y = reduce(x.dtype === 'float32' ? fn : `${fn}I`, x, p);
  watching?.note(fn, [x], [y], { ...p });
  return record('extremeAll', [x], y, p);
}

function argPlan(op: string, x: Tensor, dim: number, keepdim: boolean): { at: number; shape: Shape } {
  checkTensor(op, 'input', x);
  const at = normalizeDim(op, dim, x.ndim);
  if (x.shape[at] === 0)
    throw new ShapeError(`${op}: dimension ${dim} of ${show(x.shape)} has no elements`, {
      op,
      argument: 'dim',
      got: x.shape,
    });
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
  const keepdim = checkKeepdim('max', options);
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
  const keepdim = checkKeepdim('min', options);
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
  options: ReduceOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const y: Tensor = argExtreme('argmax', x, dim, checkKeepdim('argmax', options));
  return y as Tensor<Reduced<S, D, K>>;
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
  options: ReduceOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const y: Tensor = argExtreme('argmin', x, dim, checkKeepdim('argmin', options));
  return y as Tensor<Reduced<S, D, K>>;
}

/**
 * Mean squared distance from the mean, with count − correction (default 1) in the denominator: of all elements, or along the
 * dimensions given.
 *
 * @throws DTypeError where x is not float32
 * @example
 * variance(tensor([1, 2, 3, 4])).item(); // 1.6667
 * variance(tensor([1, 2, 3, 4]), 0, { correction: 0 }).item(); // 1.25
 */
export function variance<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options: SpreadOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const y: Tensor = spread('variance', x, dim, options);
  return y as Tensor<Reduced<S, D, K>>;
}

function spread(op: string, x: Tensor, dim: Dims | undefined, options: SpreadOptions): Tensor {
  checkOptions(op, options, ['keepdim', 'correction']);
  const { keepdim = false, correction = 1 } = options;
  checkFinite(op, 'correction', correction);
  checkFloat(op, x);
  const { count } = plan(op, x, dim, keepdim);
  return compose(() => {
    const centred = x.sub(mean(x, dim, { keepdim: true }));
    return sum(centred.square(), dim, { keepdim }).div(Math.max(0, count - correction));
  });
}

/** root(s) of a sum s ≥ 0 of magnitudes, with gradient 0 where s is 0: the root's own would be infinite there. */
function rootOf(s: Tensor, root: (s: Tensor) => Tensor): Tensor {
  if (!needsGrad([s])) return root(s);
  const isZero = s.eq(0);
  return where(isZero, 0, root(where(isZero, 1, s)));
}

/**
 * Square root of the variance: of all elements, or along the dimensions given. Where all elements are equal, the gradient is 0.
 *
 * @throws DTypeError where x is not float32
 * @example
 * std(tensor([1, 2, 3, 4])).item(); // 1.291
 */
export function std<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options: SpreadOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const y: Tensor = compose(() => rootOf(spread('std', x, dim, options), (s) => s.sqrt()));
  return y as Tensor<Reduced<S, D, K>>;
}

/**
 * (Σ |x|ᵖ)^(1/p); p may be Infinity, −Infinity and 0 (number of elements that are not 0). Default 2. Where all elements
 * are 0, the gradient is 0; for p = ±Infinity ties share it.
 *
 * @throws DTypeError where x is not float32
 * @example
 * norm(tensor([3, 4])).item(); // 5
 */
export function norm<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options: ReduceOptions & { p?: number } & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  checkOptions('norm', options, ['p', 'keepdim']);
  const { p = 2, keepdim = false } = options;
  if (typeof p !== 'number' || Number.isNaN(p))
    throw new ArgumentError(`norm: p must be a number, got ${String(p)}`, { op: 'norm', argument: 'p', got: p });
  checkFloat('norm', x);
  plan('norm', x, dim, keepdim);
  const y: Tensor = compose(() => {
    if (p === 2) return rootOf(sum(x.square(), dim, { keepdim }), (s) => s.sqrt());
    if (p === 1) return sum(x.abs(), dim, { keepdim });
    if (p === 0) return sum(record('step', [x], x.ne(0).to('float32')), dim, { keepdim });
    if (p === Infinity || p === -Infinity) return extremeNorm(x.abs(), p > 0 ? 'max' : 'min', dim, keepdim);
    const magnitudes = p < 1 && p > 0 ? rootOf(x.abs(), (s) => s.pow(p)) : x.abs().pow(p);
    return rootOf(sum(magnitudes, dim, { keepdim }), (s) => s.pow(1 / p));
  });
  return y as Tensor<Reduced<S, D, K>>;
}

/** Largest or smallest element over several dimensions. */
function extremeOver(x: Tensor, fn: 'max' | 'min', p: Plan): Tensor {
  const y = reduce(fn, x, p);
  watching?.note(fn, [x], [y], { ...p });
  return record('extremeAll', [x], y, p);
}

function extremeNorm(x: Tensor, fn: 'max' | 'min', dim: Dims | undefined, keepdim: boolean): Tensor {
  const p = plan('norm', x, dim, keepdim);
  if (p.count === 0) {
    throw new ShapeError(`norm: dimensions [${p.dims.join(',')}] of ${show(x.shape)} have no elements`, {
      op: 'norm',
      argument: 'dim',
      got: x.shape,
    });
  }
  return extremeOver(x, fn, p);
}

/**
 * ln Σ eˣ along the dimensions given, without overflow.
 *
 * @example
 * logsumexp(tensor([[0, 0], [1, 1]]), 1).toArray(); // [0.6931, 1.6931]
 */
export function logsumexp<S extends Shape, D extends Dims, K extends boolean = false>(
  x: Tensor<S>,
  dim: D,
  options: ReduceOptions & Keep<K> = {},
): Tensor<Reduced<S, D, K>> {
  const keepdim = checkKeepdim('logsumexp', options);
  checkTensor('logsumexp', 'input', x);
  return compose(() => logsumexpOf(cast(x, 'float32'), dim, keepdim)) as Tensor<Reduced<S, D, K>>;
}

function logsumexpOf(x: Tensor, dim: Dims, keepdim: boolean): Tensor {
  const { shape } = plan('logsumexp', x, dim, keepdim);
  const peak = extremeOver(x.detach(), 'max', plan('logsumexp', x, dim, true));
  const shift = where(peak.abs().eq(Infinity), 0, peak);
  return sum(x.sub(shift).exp(), dim, { keepdim }).log().add(shift.reshape(shape));
}

/**
 * Running sums along a dimension: yᵢ = x₀ + … + xᵢ.
 *
 * @example
 * cumsum(tensor([1, 2, 3]), 0).toArray(); // [1, 3, 6]
 */
export function cumsum(x: Tensor, dim: number): Tensor {
  checkTensor('cumsum', 'input', x);
  return cumsumAlong(x, normalizeDim('cumsum', dim, x.ndim), false);
}

/** As cumsum; reverse: from the end. */
export function cumsumAlong(x: Tensor, dim: number, reverse: boolean): Tensor {
  const source = dense(x.dtype === 'bool' ? cast(x, 'int32') : x);
  const y = emitCumsum(source, x.ndim === 0 ? { outer: 1, size: 1, inner: 1 } : sectionsOf(x.shape, dim), reverse);
  done(source, x);
  return record('cumsum', [x], y, { dim, reverse });
}

/** Sums x down to a shape that was broadcast to its own. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const lead = x.ndim - shape.length;
  const dims = [...x.shape.keys()].filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1));
  return compose(() => (dims.length === 0 ? x : sum(x, dims)).reshape(shape));
}

/** The numbers 0 … size − 1 along one of ndim dimensions, int32. */
export function alongDim(size: number, dim: number, ndim: number, executor: Executor): Tensor {
  const t = empty(
    executor,
    Array.from({ length: ndim }, (_, i) => (i === dim ? size : 1)),
    'int32',
  );
  executor.write(
    t.address,
    Int32Array.from({ length: size }, (_, i) => i),
    'int32',
  );
  return t;
}
