/** What reductions share: options, geometry, and the command. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { DType } from '../../bindings/executor.ts';
import type { ReduceFn } from '../../bindings/generated/encode.ts';
import { dense, done, emitReduce, sectionsOf } from '../emit/emit.ts';
import { checkOneOf, checkOptions, FLAG, type OptionKinds } from '../options.ts';
import { normalizeDims, numelOf, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { cast } from './convert.ts';

/** Dimensions to reduce: one, several, or (undefined, []) all. */
export type Dims = number | readonly number[];

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: boolean;
}

/** Options of `sum` and `prod`. */
export interface SumOptions extends ReduceOptions, SumDtype {}

/** Options of `cumsum`. */
export interface SumDtype {
  /** The type to which x is converted first, and of the result. Default: float32 of float32, else int32. */
  dtype?: 'float32' | 'int32';
}

/** What `SumDtype` may be. */
export const SUM_DTYPES: readonly DType[] = ['float32', 'int32'];

/** Tells the types whether the reduced dimensions are kept. */
export interface Keep<K extends boolean> {
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: K;
}

/** A reduction's geometry: which dimensions, the result's shape, and the shape that broadcasts against the input. */
export interface Plan {
  dims: number[];
  shape: Shape;
  keepShape: Shape;
  count: number;
}

/** How many elements dimensions have together. */
export function countAlong(shape: Shape, dims: readonly number[]): number {
  return dims.reduce((n, d) => n * (shape[d] ?? 1), 1);
}

/** The geometry of a reduction over `dim`. */
export function plan(op: string, x: Tensor, dim: Dims | undefined, keepdim: boolean): Plan {
  checkTensor(op, 'input', x);
  if (dim !== undefined && typeof dim !== 'number' && !Array.isArray(dim)) {
    refuse(ArgumentError, op, `dim must be a number or a list of numbers, got ${dim === null ? 'null' : typeof dim}`, {
      argument: 'dim',
      got: dim,
    });
  }
  // As in PyTorch, an empty list means all.
  const asked = typeof dim === 'object' && dim.length === 0 ? undefined : dim;
  const dims = normalizeDims(op, asked, x.ndim).filter((d) => d < x.ndim);
  const keepShape = x.shape.map((size, i) => (dims.includes(i) ? 1 : size));
  const shape = keepdim ? keepShape : x.shape.filter((_, i) => !dims.includes(i));
  return { dims, shape, keepShape, count: countAlong(x.shape, dims) };
}

const KEEPDIM: OptionKinds<ReduceOptions> = { keepdim: FLAG };

/** The option that all reductions have; refuses options that are not in `kinds`. */
export function checkKeepdim(op: string, options: ReduceOptions, kinds: OptionKinds<ReduceOptions> = KEEPDIM): boolean {
  checkOptions(op, options, kinds);
  return options.keepdim ?? false;
}

/** fn(x), where x is first converted to the type that the option `dtype` asks for, if any. */
export function inDtype<T>(
  op: string,
  x: Tensor,
  dtype: DType | undefined,
  known: readonly DType[],
  fn: (x: Tensor) => T,
): T {
  checkTensor(op, 'input', x);
  if (dtype === undefined) return fn(x);
  checkOneOf(op, 'dtype', dtype, known);
  return compose(() => fn(cast(x, dtype)));
}

/** Rows shorter than this are not worth a reduction of their own. */
const SHORT_ROW = 16;

/** Where the last run of adjacent dimensions begins in a list of them. */
function lastRun(dims: readonly number[]): number {
  let at = Math.max(0, dims.length - 1);
  while (at > 0 && dims[at - 1]! + 1 === dims[at]) at--;
  return at;
}

/**
 * Runs a reduction. Dimensions that are not adjacent are reduced run by run, from the last run to the first, so that nothing is copied;
 * where the rows would be short, or x is copied anyway, they are brought together.
 */
export function reduce(fn: ReduceFn, x: Tensor, { dims, shape }: Pick<Plan, 'dims' | 'shape'>, scale = 1): Tensor {
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
  const size = countAlong(x.shape, dims);
  const y = emitReduce(fn, source, { outer: numelOf(shape), size, inner: 1 }, shape, dtype, scale);
  done(source, together);
  done(together, x);
  return y;
}
