/** What functions that make tensors share: options, shape arguments, tensors of listed numbers. */
import { AutogradError, DTypeError, OutOfMemoryError, refuse } from '../../bindings/errors.ts';
import type { Device, DType, Executor } from '../../bindings/executor.ts';
import { isError } from '../../bindings/realm.ts';
import { empty } from '../emit/emit.ts';
import { rememberWritten } from '../emit/values.ts';
import { checkOptions, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import { defaultExecutor, executorFor } from '../runtime/runtime.ts';
import { numelOf, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { active } from '../tensor/trace.ts';

/** Options of `tensor` and of other functions that make tensors. */
export interface TensorOptions {
  /** Element type. Default: float32; bool for booleans, int32 for arrays of an integer type. */
  dtype?: DType;
  /** Record operations on it for `backward()`; float32 only. Default false. */
  requiresGrad?: boolean;
  /** Where it is. Default: where `init` chose. */
  device?: Device;
}

/** Inside the library an executor may be named directly. */
export interface CreationOptions extends TensorOptions {
  executor?: Executor;
}

const DTYPES = ['float32', 'int32', 'bool'];

/** The kinds of `TensorOptions`. */
export const TENSOR_KINDS: OptionKinds<TensorOptions> = { dtype: VALUE, requiresGrad: FLAG, device: VALUE };

/** Checks the options; where the tensor will be. */
export function place(op: string, options: CreationOptions): Executor {
  return placeOf(op, options, TENSOR_KINDS);
}

/** The same for a function with more options. */
export function placeOf<O extends TensorOptions>(
  op: string,
  options: O & CreationOptions,
  kinds: OptionKinds<NoInfer<O>>,
): Executor {
  // Callers inside the library, which name an executor, need no check.
  if (!isOptions(options) || !('executor' in options)) checkOptions<O>(op, options, kinds);
  const { dtype, device, executor } = options;
  if (dtype !== undefined && !DTYPES.includes(dtype)) {
    refuse(DTypeError, op, `unknown dtype ${String(dtype)} (expected ${DTYPES.join(', ')})`, {
      argument: 'dtype',
      got: dtype,
    });
  }
  return executor ?? (device === undefined ? defaultExecutor() : active(executorFor(device)));
}

/** The tensor, which requires grad if the options say so. */
export function finish(op: string, t: Tensor, options: CreationOptions): Tensor {
  if (options.requiresGrad) {
    if (t.dtype !== 'float32')
      refuse(AutogradError, op, `only float32 tensors can require gradients, this one is ${t.dtype}`);
    t.requiresGrad = true;
  }
  return t;
}

/** Whether an argument is an options object. */
export function isOptions(value: unknown): value is TensorOptions {
  return typeof value === 'object' && value !== null;
}

/** Shape arguments: an array, or numbers one by one with an options object last. */
export type ShapeArguments<O> = [shape: Shape, options?: O] | [...sizes: number[]] | [...sizes: number[], options: O];

/** Shape and options from such arguments, which `checkShape` and `place` have yet to check. */
export function shapeArguments(op: string, args: readonly unknown[]): [Shape, CreationOptions] {
  const [first, second] = args;
  const last = args.at(-1);
  if (Array.isArray(first) && args.length > 2) noMore(op, 2, args);
  const [sizes, options = {}] = Array.isArray(first)
    ? [[...first], second]
    : isOptions(last)
      ? [args.slice(0, -1), last]
      : [[...args]];
  return [sizes, options] as [Shape, CreationOptions];
}

/** A tensor of listed numbers, which are made when there is room for them. */
export function fromList(op: string, make: () => ArrayLike<number>, shape: Shape, options: CreationOptions): Tensor {
  const t = empty(place(op, options), shape, options.dtype ?? 'float32');
  try {
    const values = make();
    t.executor.write(t.address, values, t.dtype);
    rememberWritten(t, values);
  } catch (error) {
    t.dispose();
    if (isError(error) && error.name === 'RangeError')
      refuse(OutOfMemoryError, op, `cannot list ${numelOf(shape)} numbers`);
    throw error;
  }
  return finish(op, t, options);
}
