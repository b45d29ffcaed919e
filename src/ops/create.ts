/** Making tensors: from numbers, by rule, at random, in another type or place. */
import { ArgumentError, AutogradError, DTypeError, OutOfMemoryError, ShapeError } from '../../bindings/errors.ts';
import type { Device, DType, Executor } from '../../bindings/executor.ts';
import { record } from '../autograd/record.ts';
import { checkFinite, checkOptions } from '../options.ts';
import { copyInto, emitUnary, empty, fillWith, materialize } from '../program/emit.ts';
import { active } from '../program/trace.ts';
import { rememberWritten } from '../program/values.ts';
import { restate } from '../program/watch.ts';
import { generator } from '../runtime/random.ts';
import { defaultExecutor, executorFor } from '../runtime/runtime.ts';
import type { Nested } from '../tensor/base.ts';
import type { Known } from '../tensor/knownShapes.ts';
import { checkShape, numelOf, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './arithmetic.ts';

/** Arrays of numbers that a tensor can be made from. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Options of `tensor` and of what else makes tensors. */
export interface TensorOptions {
  /** Element type. Default: float32; bool for booleans, int32 for arrays of an integer type. */
  dtype?: DType;
  /** Record operations on it for `backward()`; float32 only. Default false. */
  requiresGrad?: boolean;
  /** Where it lives. Default: as `init` chose. */
  device?: Device;
}

/** @internal An executor may be named directly. */
interface Placement extends TensorOptions {
  executor?: Executor;
}

const DTYPES = ['float32', 'int32', 'bool'];

const OPTIONS = ['dtype', 'requiresGrad', 'device'];

function place(op: string, options: Placement, known = OPTIONS): Executor {
  // Callers inside the library name an executor.
  if (!isOptions(options) || !('executor' in options)) checkOptions(op, options, known);
  const { dtype, device, executor } = options;
  if (dtype !== undefined && !DTYPES.includes(dtype)) {
    throw new DTypeError(`${op}: unknown dtype ${String(dtype)} (expected ${DTYPES.join(', ')})`, {
      op,
      argument: 'dtype',
      got: dtype,
    });
  }
  return executor ?? (device === undefined ? defaultExecutor() : active(executorFor(device)));
}

function finish(op: string, t: Tensor, options: Placement): Tensor {
  if (options.requiresGrad) {
    if (t.dtype !== 'float32')
      throw new AutogradError(`${op}: only float32 tensors can require gradients, this one is ${t.dtype}`, { op });
    t.requiresGrad = true;
  }
  return t;
}

/** Shape of nested arrays; throws where they are ragged. */
function nestedShape(nested: Nested): number[] {
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level); level = level[0]!) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(nested: Nested, shape: Shape, dim: number, into: number[]): void {
  if (dim === shape.length) {
    if (typeof nested !== 'number' && typeof nested !== 'boolean') {
      throw new ArgumentError(
        `tensor: elements must be numbers or booleans, got ${Array.isArray(nested) ? 'an array' : nested === null ? 'null' : typeof nested}`,
        {
          op: 'tensor',
          argument: 'data',
          got: nested,
        },
      );
    }
    into.push(Number(nested));
    return;
  }
  if (!Array.isArray(nested) || nested.length !== shape[dim]) {
    throw new ShapeError(
      `tensor: nested arrays must be of equal length: dimension ${dim} has ${shape[dim]} elements in one place and ${Array.isArray(nested) ? nested.length : 'a single value'} in another`,
      { op: 'tensor', argument: 'data', got: nested, expected: shape },
    );
  }
  for (const part of nested) flatten(part, shape, dim + 1, into);
}

function firstElement(nested: Nested): Nested {
  let value = nested;
  while (Array.isArray(value)) value = value[0]!;
  return value;
}

/**
 * A tensor of the given numbers: nested arrays, a number, or a typed array with `shape`.
 *
 * @throws ShapeError for ragged arrays or a shape with another number of elements
 * @example
 * const a = tensor([[1, 2], [3, 4]]); // [2, 2]
 * const b = tensor(new Float32Array(6), { shape: [2, 3], requiresGrad: true }); // [2, 3]
 */
export function tensor<S extends Shape>(
  data: Nested | NumberArray,
  options: TensorOptions & { shape: S },
): Tensor<Known<S>>;
export function tensor(data: Nested | NumberArray, options?: TensorOptions & { shape?: Shape }): Tensor;
export function tensor(data: Nested | NumberArray, options: TensorOptions & { shape?: Shape } = {}): Tensor {
  const executor = place('tensor', options, ['shape', ...OPTIONS]);
  let values: ArrayLike<number>;
  let natural: Shape;
  let dtype = options.dtype;
  if (ArrayBuffer.isView(data)) {
    if (!('length' in data) || data instanceof BigInt64Array || data instanceof BigUint64Array) {
      throw new ArgumentError(
        'tensor: data must be nested arrays of numbers or a typed array of numbers (no BigInt, no DataView)',
        { op: 'tensor', argument: 'data' },
      );
    }
    values = data as NumberArray;
    natural = [values.length];
    dtype ??= data instanceof Float32Array || data instanceof Float64Array ? 'float32' : 'int32';
  } else {
    natural = nestedShape(data as Nested);
    const flat: number[] = [];
    flatten(data as Nested, natural, 0, flat);
    values = flat;
    dtype ??= typeof firstElement(data as Nested) === 'boolean' ? 'bool' : 'float32';
  }
  const shape = options.shape === undefined ? natural : [...options.shape];
  checkShape('tensor', shape);
  if (numelOf(shape) !== values.length) {
    throw new ShapeError(`tensor: ${values.length} elements do not fit into shape ${show(shape)}`, {
      op: 'tensor',
      argument: 'shape',
      got: values.length,
      expected: shape,
    });
  }
  const t = empty(executor, shape, dtype);
  executor.write(t.address, dtype === 'bool' ? Array.from(values, (x) => (x !== 0 ? 1 : 0)) : values, dtype);
  rememberWritten(t, values);
  return finish('tensor', t, options);
}

/** Shape arguments: an array, or numbers one by one with an options object last. */
export type ShapeArguments<O> = [shape: Shape, options?: O] | [...sizes: number[]] | [...sizes: number[], options: O];

function shapeArguments<O extends object>(args: readonly unknown[]): [Shape, O] {
  if (Array.isArray(args[0])) return [[...(args[0] as number[])], (args[1] ?? {}) as O];
  const last = args[args.length - 1];
  if (typeof last === 'object' && last !== null) return [args.slice(0, -1) as number[], last as O];
  return [args as number[], {} as O];
}

function filled(op: string, shape: Shape, value: number, options: Placement): Tensor {
  checkShape(op, shape);
  if (typeof value !== 'number')
    throw new ArgumentError(`${op}: value must be a number, got ${value === null ? 'null' : typeof value}`, {
      op,
      argument: 'value',
      got: value,
    });
  const t = empty(place(op, options), shape, options.dtype ?? 'float32');
  fillWith(t, t.dtype === 'bool' ? Number(value !== 0) : value);
  return finish(op, t, options);
}

/**
 * A tensor of zeros. `zeros([2, 3])` or `zeros(2, 3)`.
 *
 * @example
 * zeros(2, 3).shape; // [2, 3]
 */
export function zeros<S extends Shape>(shape: S, options?: TensorOptions): Tensor<Known<S>>;
export function zeros(...args: ShapeArguments<TensorOptions>): Tensor;
export function zeros(...args: ShapeArguments<TensorOptions>): Tensor {
  const [shape, options] = shapeArguments<Placement>(args);
  return filled('zeros', shape, 0, options);
}

/**
 * A tensor of ones. `ones([2, 3])` or `ones(2, 3)`.
 *
 * @example
 * ones([2, 2]).toArray(); // [[1, 1], [1, 1]]
 */
export function ones<S extends Shape>(shape: S, options?: TensorOptions): Tensor<Known<S>>;
export function ones(...args: ShapeArguments<TensorOptions>): Tensor;
export function ones(...args: ShapeArguments<TensorOptions>): Tensor {
  const [shape, options] = shapeArguments<Placement>(args);
  return filled('ones', shape, 1, options);
}

/**
 * A tensor with the same value everywhere; bool for a boolean.
 *
 * @example
 * full([2, 2], 7).toArray(); // [[7, 7], [7, 7]]
 */
export function full<S extends Shape>(
  shape: S,
  value: number | boolean,
  options: TensorOptions = {},
): Tensor<Known<S>> {
  if (typeof value !== 'boolean') return filled('full', shape, value, options) as Tensor<Known<S>>;
  checkOptions('full', options, OPTIONS);
  return filled('full', shape, Number(value), { dtype: 'bool', ...options }) as Tensor<Known<S>>;
}

/** @internal A constant tensor on an executor. */
export function constant(executor: Executor, shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  return filled('full', shape, value, { executor, dtype });
}

/**
 * Zeros in the shape, type and place of x.
 *
 * @example
 * zerosLike(tensor([1, 2])).toArray(); // [0, 0]
 */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  checkTensor('zerosLike', 'input', x);
  checkOptions('zerosLike', options, OPTIONS);
  return filled('zerosLike', x.shape, 0, {
    dtype: x.dtype,
    executor: options.device === undefined ? x.executor : undefined,
    ...options,
  });
}

/**
 * Ones in the shape, type and place of x.
 *
 * @example
 * onesLike(tensor([1, 2])).toArray(); // [1, 1]
 */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  checkTensor('onesLike', 'input', x);
  checkOptions('onesLike', options, OPTIONS);
  return filled('onesLike', x.shape, 1, {
    dtype: x.dtype,
    executor: options.device === undefined ? x.executor : undefined,
    ...options,
  });
}

/** A tensor without dimensions that holds one number. */
export function scalarTensor(value: number, dtype: DType = 'float32', executor: Executor = defaultExecutor()): Tensor {
  const t = empty(executor, [], dtype);
  executor.write(t.address, [value], dtype);
  return t;
}

/** A tensor of listed numbers, which are made when there is room for them. */
function fromList(op: string, make: () => ArrayLike<number>, shape: Shape, options: Placement): Tensor {
  const t = empty(place(op, options), shape, options.dtype ?? 'float32');
  try {
    const values = make();
    t.executor.write(t.address, values, t.dtype);
    rememberWritten(t, values);
  } catch (error) {
    t.dispose();
    if (error instanceof RangeError) throw new OutOfMemoryError(`${op}: cannot list ${numelOf(shape)} numbers`, { op });
    throw error;
  }
  return finish(op, t, options);
}

/**
 * The n×n identity matrix (n×m if m is given).
 *
 * @example
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye(n: number, ...rest: [m: number, options?: TensorOptions] | [options?: TensorOptions]): Tensor {
  const m = typeof rest[0] === 'number' ? rest[0] : n;
  const options = (typeof rest[0] === 'number' ? rest[1] : rest[0]) ?? {};
  checkShape('eye', [n, m]);
  const diagonal = () => {
    const values = new Float32Array(n * m);
    for (let i = 0; i < Math.min(n, m); i++) values[i * m + i] = 1;
    return values;
  };
  return fromList('eye', diagonal, [n, m], options);
}

function isOptions(value: unknown): value is TensorOptions {
  return typeof value === 'object' && value !== null;
}

/**
 * Numbers from start up to (not including) end. `arange(end)`, `arange(start, end)`, `arange(start, end, step)`; int32 by `{ dtype }`.
 *
 * @throws ArgumentError where start, end and step make no finite range
 * @example
 * arange(5).toArray(); // [0, 1, 2, 3, 4]
 * arange(1, 2, 0.25).toArray(); // [1, 1.25, 1.5, 1.75]
 */
export function arange(...args: (number | TensorOptions)[]): Tensor {
  const last = args[args.length - 1];
  const options = isOptions(last) ? last : {};
  const numbers = (isOptions(last) ? args.slice(0, -1) : args) as number[];
  if (numbers.length < 1 || numbers.length > 3 || !numbers.every((a) => typeof a === 'number')) {
    throw new ArgumentError(`arange: expected (end), (start, end) or (start, end, step), got (${numbers.join(', ')})`, {
      op: 'arange',
      got: numbers,
    });
  }
  const [start, end, step = 1] = numbers.length === 1 ? [0, numbers[0]!] : (numbers as [number, number, number?]);
  const length = Math.ceil((end - start) / step);
  if (!Number.isFinite(length) || length < 0 || step === 0) {
    throw new ArgumentError(`arange: from ${start} to ${end} in steps of ${step} is no finite range`, {
      op: 'arange',
      got: numbers,
    });
  }
  return fromList('arange', () => Float64Array.from({ length }, (_, i) => start + i * step), [length], options);
}

/**
 * n numbers from a to b, both included, at equal distances.
 *
 * @throws ShapeError where n is no whole number from 0 on, ArgumentError where a or b is not finite
 * @example
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(a: number, b: number, n: number, options: TensorOptions = {}): Tensor {
  checkShape('linspace', [n]);
  checkFinite('linspace', 'a', a);
  checkFinite('linspace', 'b', b);
  const step = n > 1 ? (b - a) / (n - 1) : 0;
  return fromList(
    'linspace',
    () => Float64Array.from({ length: n }, (_, i) => (i < n / 2 ? a + i * step : b - (n - 1 - i) * step)),
    [n],
    options,
  );
}

function drawn(op: string, args: readonly unknown[], fn: 'uniform' | 'normal'): Tensor {
  const [shape, options] = shapeArguments<Placement>(args);
  checkShape(op, shape);
  if (options.dtype !== undefined && options.dtype !== 'float32') {
    throw new DTypeError(`${op}: random numbers are float32, got dtype ${options.dtype}`, {
      op,
      argument: 'dtype',
      got: options.dtype,
    });
  }
  const t = empty(place(op, options), shape, 'float32');
  generator.fill(t, fn, 0, 1);
  return finish(op, t, options);
}

/**
 * Uniform random numbers, 0 ≤ x < 1. `rand([2, 3])` or `rand(2, 3)`.
 *
 * @throws DTypeError where a dtype other than float32 is asked for
 * @example
 * rand(2, 3).shape; // [2, 3]
 */
export function rand<S extends Shape>(shape: S, options?: TensorOptions): Tensor<Known<S>>;
export function rand(...args: ShapeArguments<TensorOptions>): Tensor;
export function rand(...args: ShapeArguments<TensorOptions>): Tensor {
  return drawn('rand', args, 'uniform');
}

/** @internal Uniform random numbers in the shape and place of x. */
export function randomLike(x: Tensor): Tensor {
  const t = empty(x.executor, x.shape, 'float32');
  generator.fill(t, 'uniform', 0, 1);
  return t;
}

/**
 * Random numbers of the standard normal distribution. `randn([2, 3])` or `randn(2, 3)`.
 *
 * @throws DTypeError where a dtype other than float32 is asked for
 * @example
 * randn(2, 3).shape; // [2, 3]
 */
export function randn<S extends Shape>(shape: S, options?: TensorOptions): Tensor<Known<S>>;
export function randn(...args: ShapeArguments<TensorOptions>): Tensor;
export function randn(...args: ShapeArguments<TensorOptions>): Tensor {
  return drawn('randn', args, 'normal');
}

type RandintOptions = Omit<TensorOptions, 'dtype'>;

/**
 * Random whole numbers, low ≤ x < high, int32: `randint(low, high, shape)`, or `randint(high, shape)` from 0 on.
 *
 * @throws ArgumentError where low is not below high, or they are no whole numbers of 32 bits
 * @example
 * randint(0, 10, [2, 3]).shape; // [2, 3]
 */
export function randint(low: number, high: number, shape: Shape, options?: RandintOptions): Tensor;
export function randint(high: number, shape: Shape, options?: RandintOptions): Tensor;
export function randint(
  first: number,
  second: number | Shape,
  third?: Shape | RandintOptions,
  fourth?: RandintOptions,
): Tensor {
  if (typeof second !== 'number') return integersBelow(0, first, second, third as RandintOptions | undefined);
  return integersBelow(first, second, third as Shape, fourth);
}

function integersBelow(low: number, high: number, shape: Shape, options: RandintOptions = {}): Tensor {
  checkShape('randint', shape);
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || low < -(2 ** 31) || high >= 2 ** 31) {
    throw new ArgumentError(`randint: expected whole numbers low < high of 32 bits, got ${low} and ${high}`, {
      op: 'randint',
      got: [low, high],
    });
  }
  const t = empty(place('randint', options), shape, 'int32');
  generator.fill(t, 'integers', low, high);
  return t;
}

/**
 * The numbers 0 … n − 1 in random order, int32.
 *
 * @example
 * randperm(5); // such as [3, 0, 4, 1, 2]
 */
export function randperm(n: number, options: Omit<TensorOptions, 'dtype'> = {}): Tensor {
  checkShape('randperm', [n]);
  return fromList('randperm', () => generator.permutation(n), [n], { ...options, dtype: 'int32' });
}

/** The same values in another element type: floats lose their fraction as integers; anything but 0 is true. */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor('to', 'input', x);
  if (x.dtype === dtype) return x;
  if (dtype === 'float32') return emitUnary('toFloat', x, 'float32');
  if (x.dtype === 'float32') return emitUnary(dtype === 'int32' ? 'toInt' : 'toBool', x, dtype);
  if (dtype === 'bool') return emitUnary('toBoolI', x, dtype);
  const y = empty(x.executor, x.shape, dtype);
  copyInto(x, y);
  return restate('toInt', [x], y);
}

/** A copy on another executor. */
export function moveTo(x: Tensor, executor: Executor): Tensor {
  if (x.executor === executor) return x;
  const values = x.dataSync();
  const t = empty(executor, x.shape, x.dtype);
  executor.write(t.address, values, x.dtype);
  rememberWritten(t, values);
  return record('move', [x], t, { executor: x.executor });
}

/** A contiguous copy; gradients flow through it. */
export function clone(x: Tensor): Tensor {
  return record('clone', [x], materialize(x));
}
