/** Making tensors: from numbers and by rule. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { DType, Executor } from '../../bindings/executor.ts';
import { isInt32Array, isList, typedArrayName } from '../../bindings/realm.ts';
import { empty, fillWith } from '../emit/emit.ts';
import { rememberWritten } from '../emit/values.ts';
import { checkFinite, checkOptions, noMore, VALUE } from '../options.ts';
import { defaultExecutor } from '../runtime/runtime.ts';
import type { Known } from '../tensor/knownShapes.ts';
import { checkShape, nestedShape, numelOf, type Shape, show } from '../tensor/shapes.ts';
import type { Nested, Tensor } from '../tensor/tensor.ts';
import { checkInt32, checkTensor, elementOf } from './check.ts';
import {
  type CreationOptions,
  finish,
  fromList,
  isOptions,
  place,
  placeOf,
  type ShapeArguments,
  shapeArguments,
  TENSOR_KINDS,
  type TensorOptions,
} from './newTensor.ts';

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

/** Whether a typed array holds numbers, not BigInts. */
function isNumberArray(data: unknown): data is NumberArray {
  const kind = typedArrayName(data);
  return kind !== undefined && !kind.startsWith('Big');
}

/** Refuses numbers that int32 cannot hold: they would become others. */
function checkWholeRange(values: ArrayLike<number>): void {
  if (isInt32Array(values)) return;
  for (let i = 0; i < values.length; i++) checkInt32('tensor', 'element', values[i]!);
}

function flatten(nested: unknown, shape: Shape, dim: number, into: number[]): void {
  if (dim === shape.length) {
    if (typeof nested !== 'number' && typeof nested !== 'boolean') {
      refuse(
        ArgumentError,
        'tensor',
        `elements must be numbers or booleans, got ${Array.isArray(nested) ? 'an array' : nested === null ? 'null' : typeof nested}`,
        { argument: 'data', got: nested },
      );
    }
    into.push(Number(nested));
    return;
  }
  if (!isList(nested) || nested.length !== shape[dim]) {
    refuse(
      ShapeError,
      'tensor',
      `nested arrays must be of equal length: dimension ${dim} has ${shape[dim]} elements in one place and ${isList(nested) ? nested.length : 'a single value'} in another`,
      { argument: 'data', got: nested, expected: shape },
    );
  }
  for (let i = 0; i < nested.length; i++) flatten(nested[i], shape, dim + 1, into);
}

function firstElement(nested: unknown): unknown {
  let value = nested;
  while (isList(value)) value = value[0];
  return value;
}

/**
 * A tensor of the given numbers: nested arrays, a list of typed arrays, a number, or a typed array with `shape`.
 *
 * @throws ShapeError for ragged arrays or a shape with another number of elements, ArgumentError for elements that are not numbers, or
 *   that int32 cannot hold where that is the dtype
 * @example
 * const a = tensor([[1, 2], [3, 4]]); // [2, 2]
 * const b = tensor(new Float32Array(6), { shape: [2, 3], requiresGrad: true }); // [2, 3]
 */
export function tensor<S extends Shape>(
  data: Nested | NumberArray | readonly NumberArray[],
  options: TensorOptions & { shape: S },
): Tensor<Known<S>>;
export function tensor(
  data: Nested | NumberArray | readonly NumberArray[],
  options?: TensorOptions & { shape?: Shape },
): Tensor;
export function tensor(
  data: Nested | NumberArray | readonly NumberArray[],
  options: TensorOptions & { shape?: Shape } = {},
): Tensor {
  if (arguments.length > 2) noMore('tensor', 2, arguments);
  return tensorOf(data, options);
}

/** @internal `tensor`, of data whose type is not known. */
export function tensorOf(data: unknown, options: CreationOptions & { shape?: Shape }): Tensor {
  const executor = placeOf<TensorOptions & { shape?: Shape }>('tensor', options, { shape: VALUE, ...TENSOR_KINDS });
  let values: ArrayLike<number>;
  let natural: Shape;
  let dtype = options.dtype;
  if (ArrayBuffer.isView(data)) {
    if (!isNumberArray(data)) {
      refuse(
        ArgumentError,
        'tensor',
        'data must be nested arrays of numbers or a typed array of numbers (no BigInt, no DataView)',
        { argument: 'data' },
      );
    }
    values = data;
    natural = [values.length];
    dtype ??= typedArrayName(data)?.startsWith('Float') ? 'float32' : 'int32';
  } else {
    natural = nestedShape('tensor', 'data', data);
    const flat: number[] = [];
    flatten(data, natural, 0, flat);
    values = flat;
    dtype ??= typeof firstElement(data) === 'boolean' ? 'bool' : 'float32';
  }
  const shape = options.shape === undefined ? natural : [...options.shape];
  checkShape('tensor', shape);
  if (numelOf(shape) !== values.length) {
    refuse(ShapeError, 'tensor', `${values.length} elements do not fit into shape ${show(shape)}`, {
      argument: 'shape',
      got: values.length,
      expected: shape,
    });
  }
  if (dtype === 'int32') checkWholeRange(values);
  const t = empty(executor, shape, dtype);
  executor.write(t.address, dtype === 'bool' ? Array.from(values, (x) => (x !== 0 ? 1 : 0)) : values, dtype);
  rememberWritten(t, values);
  return finish('tensor', t, options);
}

function filled(op: string, shape: Shape, value: number | boolean, options: CreationOptions): Tensor {
  checkShape(op, shape);
  const executor = place(op, options);
  const dtype = options.dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32');
  const element = elementOf(op, 'value', value, dtype);
  const t = empty(executor, shape, dtype);
  fillWith(t, element);
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
  const [shape, options] = shapeArguments('zeros', args);
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
  const [shape, options] = shapeArguments('ones', args);
  return filled('ones', shape, 1, options);
}

/**
 * A tensor with the same value everywhere; its dtype is bool for a boolean.
 *
 * @example
 * full([2, 2], 7).toArray(); // [[7, 7], [7, 7]]
 */
export function full<S extends Shape>(shape: S, value: number | boolean, options?: TensorOptions): Tensor<Known<S>>;
export function full(shape: Shape, value: number | boolean, options: TensorOptions = {}): Tensor {
  if (arguments.length > 3) noMore('full', 3, arguments);
  if (typeof value !== 'boolean') return filled('full', shape, value, options);
  checkOptions('full', options, TENSOR_KINDS);
  return filled('full', shape, Number(value), { dtype: 'bool', ...options });
}

/** @internal A constant tensor on an executor. */
export function constant(
  executor: Executor,
  shape: Shape,
  value: number | boolean,
  dtype: DType = 'float32',
  op = 'full',
): Tensor {
  return filled(op, shape, value, { executor, dtype });
}

function filledLike(op: string, x: Tensor, value: number, options: TensorOptions): Tensor {
  checkTensor(op, 'input', x);
  checkOptions(op, options, TENSOR_KINDS);
  const executor = options.device === undefined ? x.executor : undefined;
  return filled(op, x.shape, value, { dtype: x.dtype, executor, ...options });
}

/**
 * Zeros with the shape, type and device of x.
 *
 * @example
 * zerosLike(tensor([1, 2])).toArray(); // [0, 0]
 */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  if (arguments.length > 2) noMore('zerosLike', 2, arguments);
  return filledLike('zerosLike', x, 0, options);
}

/**
 * Ones with the shape, type and device of x.
 *
 * @example
 * onesLike(tensor([1, 2])).toArray(); // [1, 1]
 */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  if (arguments.length > 2) noMore('onesLike', 2, arguments);
  return filledLike('onesLike', x, 1, options);
}

/** A tensor without dimensions that holds one number. */
export function scalarTensor(value: number, dtype: DType = 'float32', executor: Executor = defaultExecutor()): Tensor {
  const t = empty(executor, [], dtype);
  executor.write(t.address, [value], dtype);
  return t;
}

/**
 * The n×n identity matrix (n×m if m is given).
 *
 * @example
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye(n: number, ...rest: [m: number, options?: TensorOptions] | [options?: TensorOptions]): Tensor {
  const [second, third] = rest;
  const isSquare = isOptions(second);
  if (arguments.length > (isSquare ? 2 : 3)) noMore('eye', isSquare ? 2 : 3, arguments);
  const m = isSquare || second === undefined ? n : second;
  const options = isSquare ? second : third;
  checkShape('eye', [n, m]);
  const diagonal = () => {
    const values = new Float32Array(n * m);
    for (let i = 0; i < Math.min(n, m); i++) values[i * m + i] = 1;
    return values;
  };
  return fromList('eye', diagonal, [n, m], options ?? {});
}

/**
 * Numbers from start up to end, which is not included: `arange(end)`, `arange(start, end)`, `arange(start, end, step)`. float32 unless
 * `dtype` says otherwise.
 *
 * @throws ArgumentError where start, end and step make no finite range
 * @example
 * arange(5).toArray(); // [0, 1, 2, 3, 4]
 * arange(1, 2, 0.25).toArray(); // [1, 1.25, 1.5, 1.75]
 */
export function arange(...args: (number | TensorOptions)[]): Tensor {
  const last = args[args.length - 1];
  const options = isOptions(last) ? last : {};
  const numbers = isOptions(last) ? args.slice(0, -1) : args;
  if (numbers.length < 1 || numbers.length > 3 || !numbers.every((a) => typeof a === 'number')) {
    refuse(ArgumentError, 'arange', `expected (end), (start, end) or (start, end, step), got (${numbers.join(', ')})`, {
      got: numbers,
    });
  }
  const [given = 0, limit, step = 1] = numbers;
  const [start, end] = limit === undefined ? [0, given] : [given, limit];
  const length = Math.ceil((end - start) / step);
  if (!Number.isFinite(length) || length < 0 || step === 0) {
    refuse(ArgumentError, 'arange', `from ${start} to ${end} in steps of ${step} is not a finite range`, {
      got: numbers,
    });
  }
  refuseBool('arange', options);
  // As in PyTorch, whole numbers are counted from whole numbers in whole steps.
  const part = options.dtype === 'int32' ? Math.trunc : (x: number) => x;
  const [first, each] = [part(start), part(step)];
  if (options.dtype === 'int32') for (const i of [0, length - 1]) checkInt32('arange', 'element', first + i * each);
  return fromList('arange', () => Float64Array.from({ length }, (_, i) => first + i * each), [length], options);
}

/**
 * n numbers from a to b, both included, at equal distances.
 *
 * @throws ShapeError where n is not a whole number of at least 0, ArgumentError where a or b is not finite
 * @example
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(a: number, b: number, n: number, options: TensorOptions = {}): Tensor {
  if (arguments.length > 4) noMore('linspace', 4, arguments);
  checkShape('linspace', [n]);
  checkFinite('linspace', 'a', a);
  checkFinite('linspace', 'b', b);
  checkOptions('linspace', options, TENSOR_KINDS);
  refuseBool('linspace', options);
  const [from, to] =
    options.dtype === 'int32'
      ? [elementOf('linspace', 'a', a, 'int32'), elementOf('linspace', 'b', b, 'int32')]
      : [a, b];
  const step = n > 1 ? (to - from) / (n - 1) : 0;
  // As in PyTorch, from both ends to the middle; a single number is a.
  const half = n === 1 ? 1 : Math.floor(n / 2);
  const value = (i: number) => (i < half ? from + i * step : to - (n - 1 - i) * step);
  return fromList('linspace', () => Float64Array.from({ length: n }, (_, i) => value(i)), [n], options);
}

function refuseBool(op: string, { dtype }: TensorOptions): void {
  if (dtype === 'bool')
    refuse(DTypeError, op, 'dtype must be float32 or int32, got bool', { argument: 'dtype', got: dtype });
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
