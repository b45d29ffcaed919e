/** Sums, products, spreads and norms, of all elements or along the dimensions given. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { dense, done, emitCumsum, sectionsOf } from '../emit/emit.ts';
import { checkFinite, checkOptions, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import { needsGrad, record } from '../tape/record.ts';
import type { Reduced } from '../tensor/knownShapes.ts';
import { normalizeDim, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { withWatcher } from '../tensor/watch.ts';
import { checkFloat, checkTensor } from './check.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';
import { alongDim } from './create.ts';
import { extremeOver } from './extremes.ts';
import {
  checkKeepdim,
  countAlong,
  type Dims,
  inDtype,
  type Keep,
  plan,
  type ReduceOptions,
  reduce,
  SUM_DTYPES,
  type SumDtype,
  type SumOptions,
} from './reduce.ts';

const SUM_KINDS: OptionKinds<SumOptions> = { keepdim: FLAG, dtype: VALUE };

/** Options of `variance` and `std`. */
export interface SpreadOptions extends ReduceOptions {
  /** What is taken from the count in the denominator. Default 1: the unbiased estimate. */
  correction?: number;
}

/** An integer that has wrapped is off by a multiple of 2³², which is more than float32 is off. */
const WRAPPED = 2 ** 30;

/**
 * Refuses y, an integer result of x, where int32 does not hold it; `again` computes the same from floats. Where values cannot be read at
 * once (inside `compile`, on the GPU) y may have wrapped.
 */
function checkHeld(op: string, x: Tensor, y: Tensor, again: (x: Tensor) => Tensor): Tensor {
  if (x.dtype !== 'int32' || x.numel < 2 || y.numel === 0 || tracing !== null || y.executor.download !== undefined)
    return y;
  const wrong = withWatcher(null, () =>
    compose(() => {
      const truth = again(cast(x, 'float32'));
      if (truth.sub(y).abs().gt(WRAPPED).to('int32').max().item() === 0) return null;
      return [...truth.dataSync()].find((value) => Math.abs(value) >= 2 ** 31) ?? Infinity;
    }),
  );
  if (wrong === null) return y;
  y.dispose();
  refuse(ArgumentError, op, `about ${wrong} does not fit into int32; convert the tensor with to('float32') first`, {
    argument: 'input',
    got: wrong,
  });
}

/**
 * Sum of the elements: of all, or along the dimensions given, which are dropped unless `keepdim`. The sum of int32 and bool is int32: exact,
 * and refused where int32 does not hold it; inside `compile` and on the GPU it wraps instead.
 *
 * @throws ArgumentError for a sum that int32 does not hold
 * @example
 * sum(tensor([[1, 2], [3, 4]])).item(); // 10
 * sum(tensor([[1, 2], [3, 4]]), 0).toArray(); // [4, 6]
 */
export function sum<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options?: SumOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function sum(x: Tensor, dim?: Dims, options: SumOptions = {}): Tensor {
  if (arguments.length > 3) noMore('sum', 3, arguments);
  const keepdim = checkKeepdim('sum', options, SUM_KINDS);
  return inDtype('sum', x, options.dtype, SUM_DTYPES, (given) => {
    const p = plan('sum', given, dim, keepdim);
    const isFloat = given.dtype === 'float32';
    const y = record('sum', [given], reduce(isFloat ? 'sum' : 'sumI', given, p), { keepShape: p.keepShape });
    return isFloat ? y : checkHeld('sum', given, y, (floats) => sum(floats, dim, { keepdim }));
  });
}

/**
 * Mean of the elements: of all, or along the dimensions given, which are dropped unless `keepdim`.
 *
 * @throws DTypeError where x is not float32
 * @example
 * mean(tensor([[1, 2], [3, 4]]), 1, { keepdim: true }).toArray(); // [[1.5], [3.5]]
 */
export function mean<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options?: ReduceOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function mean(x: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 3) noMore('mean', 3, arguments);
  const p = plan('mean', x, dim, checkKeepdim('mean', options));
  checkFloat('mean', 'input', x);
  return record('mean', [x], reduce('sum', x, p, 1 / p.count), { keepShape: p.keepShape, count: p.count });
}

/**
 * Product of the elements: of all, or along the dimensions given, which are dropped unless `keepdim`. For int32 and bool see `sum`.
 *
 * @throws ArgumentError for a product that int32 does not hold
 * @example
 * prod(tensor([2, 3, 4])).item(); // 24
 */
export function prod<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options?: SumOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function prod(x: Tensor, dim?: Dims, options: SumOptions = {}): Tensor {
  if (arguments.length > 3) noMore('prod', 3, arguments);
  const keepdim = checkKeepdim('prod', options, SUM_KINDS);
  return inDtype('prod', x, options.dtype, SUM_DTYPES, (given) => {
    const p = plan('prod', given, dim, keepdim);
    const isFloat = given.dtype === 'float32';
    const shapes = { keepShape: p.keepShape, dims: p.dims };
    const y = record('prod', [given], reduce(isFloat ? 'prod' : 'prodI', given, p), shapes);
    return isFloat ? y : checkHeld('prod', given, y, (floats) => prod(floats, dim, { keepdim }));
  });
}

/** For each element the product of the others in its product: the gradient of prod, right for zeros too. */
export function productOfOthers(x: Tensor, dims: number[]): Tensor {
  const keepdim = { keepdim: true };
  const isZero = x.eq(0);
  // Values that cannot be read at once count as possible zeros.
  const mayHoldZero = () => x.executor.download !== undefined || isZero.to('int32').max().item() > 0;
  if (needsGrad([x]) && mayHoldZero()) return productWithoutSelf(x, dims);
  const zeros = isZero.sum(dims, keepdim);
  const product = where(isZero, 1, x).prod(dims, keepdim);
  const none = product.div(where(isZero, 1, x));
  // 0 times the others: NaN where they are not finite.
  return where(zeros.eq(0), none, where(isZero.mul(zeros.eq(1)), product, none.mul(0)));
}

/** The same in n² steps for n factors, differentiable at zeros too: a matrix of the factors, 1 on the diagonal. */
function productWithoutSelf(x: Tensor, dims: number[]): Tensor {
  const order = [...x.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
  const apart = x.permute(order);
  const n = countAlong(x.shape, dims);
  const diagonal = alongDim(n, 0, 2, x.executor).eq(alongDim(n, 1, 2, x.executor));
  const factors = where(diagonal, 1, apart.reshape([-1, 1, n]));
  return prod(factors, 2)
    .reshape(apart.shape)
    .permute(order.map((_, d) => order.indexOf(d)));
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
  options?: SpreadOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function variance(x: Tensor, dim?: Dims, options: SpreadOptions = {}): Tensor {
  if (arguments.length > 3) noMore('variance', 3, arguments);
  return spread('variance', x, dim, options);
}

function spread(op: string, x: Tensor, dim: Dims | undefined, options: SpreadOptions): Tensor {
  checkOptions(op, options, { keepdim: FLAG, correction: VALUE });
  const { keepdim = false, correction = 1 } = options;
  checkFinite(op, 'correction', correction);
  checkFloat(op, 'input', x);
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
  options?: SpreadOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function std(x: Tensor, dim?: Dims, options: SpreadOptions = {}): Tensor {
  if (arguments.length > 3) noMore('std', 3, arguments);
  return compose(() => rootOf(spread('std', x, dim, options), (s) => s.sqrt()));
}

/**
 * (Σ |x|ᵖ)^(1/p); p may also be Infinity, −Infinity or 0 (the number of elements that are not 0). Default 2. Where all elements
 * are 0, the gradient is 0; for p = ±Infinity ties share it.
 *
 * @throws DTypeError where x is not float32
 * @example
 * norm(tensor([3, 4])).item(); // 5
 */
export function norm<S extends Shape, D extends Dims | undefined = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D,
  options?: ReduceOptions & { p?: number } & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function norm(x: Tensor, dim?: Dims, options: ReduceOptions & { p?: number } = {}): Tensor {
  if (arguments.length > 3) noMore('norm', 3, arguments);
  checkOptions('norm', options, { p: VALUE, keepdim: FLAG });
  const { p = 2, keepdim = false } = options;
  if (typeof p !== 'number' || Number.isNaN(p))
    refuse(ArgumentError, 'norm', `p must be a number, got ${String(p)}`, { argument: 'p', got: p });
  checkFloat('norm', 'input', x);
  plan('norm', x, dim, keepdim);
  return compose(() => {
    if (p === 2) return rootOf(sum(x.square(), dim, { keepdim }), (s) => s.sqrt());
    if (p === 1) return sum(x.abs(), dim, { keepdim });
    if (p === 0) return sum(record('step', [x], x.ne(0).to('float32')), dim, { keepdim });
    if (p === Infinity || p === -Infinity) return extremeNorm(x.abs(), p > 0 ? 'max' : 'min', dim, keepdim);
    const magnitudes = p < 1 && p > 0 ? rootOf(x.abs(), (s) => s.pow(p)) : x.abs().pow(p);
    return rootOf(sum(magnitudes, dim, { keepdim }), (s) => s.pow(1 / p));
  });
}

function extremeNorm(x: Tensor, fn: 'max' | 'min', dim: Dims | undefined, keepdim: boolean): Tensor {
  const p = plan('norm', x, dim, keepdim);
  if (p.count === 0) {
    refuse(ShapeError, 'norm', `dimensions [${p.dims.join(',')}] of ${show(x.shape)} have no elements`, {
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
  options?: ReduceOptions & Keep<K>,
): Tensor<Reduced<S, D, K>>;
export function logsumexp(x: Tensor, dim: Dims, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 3) noMore('logsumexp', 3, arguments);
  const keepdim = checkKeepdim('logsumexp', options);
  checkTensor('logsumexp', 'input', x);
  return compose(() => logsumexpOf(cast(x, 'float32'), dim, keepdim));
}

function logsumexpOf(x: Tensor, dim: Dims, keepdim: boolean): Tensor {
  const { shape } = plan('logsumexp', x, dim, keepdim);
  const peak = extremeOver(x.detach(), 'max', plan('logsumexp', x, dim, true));
  const shift = where(peak.abs().eq(Infinity), 0, peak);
  return sum(x.sub(shift).exp(), dim, { keepdim }).log().add(shift.reshape(shape));
}

/**
 * Running sums along a dimension: yᵢ = x₀ + … + xᵢ. For int32 and bool see `sum`.
 *
 * @throws ArgumentError for a sum that int32 does not hold
 * @example
 * cumsum(tensor([1, 2, 3]), 0).toArray(); // [1, 3, 6]
 */
export function cumsum(x: Tensor, dim: number, options: SumDtype = {}): Tensor {
  if (arguments.length > 3) noMore('cumsum', 3, arguments);
  checkOptions('cumsum', options, { dtype: VALUE });
  return inDtype('cumsum', x, options.dtype, SUM_DTYPES, (given) => {
    const at = normalizeDim('cumsum', dim, given.ndim);
    return checkHeld('cumsum', given, cumsumAlong(given, at, false), (floats) => cumsumAlong(floats, at, false));
  });
}

/** The same without checks; `reverse`: from the end. */
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
