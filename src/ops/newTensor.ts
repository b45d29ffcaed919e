/** What all that makes tensors shares: options, shape arguments, tensors of listed numbers. */
import { AutogradError, DTypeError, OutOfMemoryError, refuse } from '../../bindings/errors.ts';
import type { Device, DType, Executor } from '../../bindings/executor.ts';
import { empty } from '../emit/emit.ts';
import { rememberWritten } from '../emit/values.ts';
import { checkOptions, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import { defaultExecutor, executorFor } from '../runtime/runtime.ts';
import { numelOf, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { active } from '../tensor/trace.ts';

/** Options of `tensor` and of what else makes tensors. */
export interface TensorOptions {
  /** Element type. Default: float32; bool for booleans, int32 for arrays of an integer type. */
  dtype?: DType;
  /** Record operations on it for `backward()`; float32 only. Default false. */
  requiresGrad?: boolean;
  /** Where it lives. Default: as `init` chose. */
  device?: Device;
}

/** An executor may be named directly. */
export interface CreationOptions extends TensorOptions {
  executor?: Executor;
}

const DTYPES = ['float32', 'int32', 'bool'];

/** Their kinds. */
export const TENSOR_KINDS: OptionKinds<TensorOptions> = { dtype: VALUE, requiresGrad: FLAG, device: VALUE };

/** Checks the options; where the tensor will live. */
export function place(op: string, options: CreationOptions, kinds: object = TENSOR_KINDS): Executor {
  // Callers inside the library name an executor.
  if (!isOptions(options) || !('executor' in options))
    checkOptions<TensorOptions>(op, options, kinds as typeof TENSOR_KINDS);
  const { dtype, device, executor } = options;
  if (dtype !== undefined && !DTYPES.includes(dtype)) {
    refuse(DTypeError, op, `unknown dtype ${String(dtype)} (expected ${DTYPES.join(', ')})`, {
      argument: 'dtype',
      got: dtype,
    });
  }
  return executor ?? (device === undefined ? defaultExecutor() : active(executorFor(device)));
}

/** The tensor as the options want it. */
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

/** Shape and options out of such arguments. */
export function shapeArguments<O extends object>(op: string, args: readonly unknown[]): [Shape, O] {
  if (Array.isArray(args[0]) && args.length > 2) noMore(op, 2, args);
  if (Array.isArray(args[0])) return [[...(args[0] as number[])], (args[1] === undefined ? {} : args[1]) as O];
  const last = args[args.length - 1];
  if (typeof last === 'object' && last !== null) return [args.slice(0, -1) as number[], last as O];
  return [args as number[], {} as O];
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
    if ((error as Error).name === 'RangeError') refuse(OutOfMemoryError, op, `cannot list ${numelOf(shape)} numbers`);
    throw error;
  }
  return finish(op, t, options);
}
