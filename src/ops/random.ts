/** Tensors of random numbers. */
import { ArgumentError, DTypeError, refuse } from '../../bindings/errors.ts';
import { empty } from '../emit/emit.ts';
import { generator } from '../emit/random.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import type { Known } from '../tensor/knownShapes.ts';
import { checkShape, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { finish, fromList, place, type ShapeArguments, shapeArguments, type TensorOptions } from './newTensor.ts';

function drawn(op: string, args: readonly unknown[], fn: 'uniform' | 'normal'): Tensor {
  const [shape, options] = shapeArguments(op, args);
  checkShape(op, shape);
  const executor = place(op, options);
  if (options.dtype !== undefined && options.dtype !== 'float32') {
    refuse(DTypeError, op, `random numbers are float32, got dtype ${options.dtype}`, {
      argument: 'dtype',
      got: options.dtype,
    });
  }
  const t = empty(executor, shape, 'float32');
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

/** @internal Uniform random numbers with the shape and device of x. */
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
 * Random whole numbers, low ≤ x < high, int32: `randint(low, high, shape)`; in `randint(high, shape)` low is 0.
 *
 * @throws ArgumentError where low is not below high, or one of them is not a whole number of 32 bits
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
  if (arguments.length > 4) noMore('randint', 4, arguments);
  if (typeof second !== 'number' && fourth !== undefined) noMore('randint', 3, arguments);
  if (typeof second !== 'number') return integersBelow(0, first, second, third as RandintOptions | undefined);
  return integersBelow(first, second, third as Shape, fourth);
}

function integersBelow(low: number, high: number, shape: Shape, options: RandintOptions = {}): Tensor {
  checkShape('randint', shape);
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || low < -(2 ** 31) || high >= 2 ** 31) {
    refuse(ArgumentError, 'randint', `expected whole numbers low < high of 32 bits, got ${low} and ${high}`, {
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
  if (arguments.length > 2) noMore('randperm', 2, arguments);
  checkShape('randperm', [n]);
  checkOptions('randperm', options, { requiresGrad: FLAG, device: VALUE });
  return fromList('randperm', () => generator.permutation(n), [n], { ...options, dtype: 'int32' });
}
