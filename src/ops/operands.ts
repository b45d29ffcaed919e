/** Operands of operations that work element by element: tensors, numbers and booleans, and the type in which two of them meet. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import type { DType, Executor } from '../../bindings/executor.ts';
import type { BinaryFn } from '../../bindings/generated/encode.ts';
import { commonExecutor, emitBinary } from '../emit/emit.ts';
import { nameOf } from '../options.ts';
import type { Attributes, Primitive } from '../tape/primitives.ts';
import { record } from '../tape/record.ts';
import { broadcastShapes } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { cast } from './convert.ts';
import { scalarTensor } from './create.ts';

/** A tensor, or a number or boolean in the place of one. */
export type Operand = Tensor | number | boolean;

export function checkNumber(op: string, argument: string, value: unknown): asserts value is number | boolean {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    refuse(ArgumentError, op, `${argument} must be a tensor or a number, got ${nameOf(value)}`, {
      argument,
      got: value,
    });
  }
}

/** The element type in which two operands meet. */
export function meetingType(a: Operand, b: Operand): DType {
  const isInt = (x: Operand) =>
    typeof x === 'number' ? x === (x | 0) : typeof x === 'boolean' || x.dtype !== 'float32';
  return isInt(a) && isInt(b) ? 'int32' : 'float32';
}

/** Refuses what is neither tensor nor number. */
export function checkOperands(op: string, a: Operand, b: Operand): void {
  if (typeof a === 'number' || !isTensor(a)) checkNumber(op, 'input', a);
  if (typeof b === 'number' || !isTensor(b)) checkNumber(op, 'other', b);
}

/** Primitives that are recorded without attributes. */
type Plain = { [P in Primitive]: Attributes[P] extends undefined ? P : never }[Primitive];

/** A function of two tensors of one type: the command, and its record if it has a gradient. */
export function tensorPair(
  op: string,
  fn: BinaryFn,
  primitive: Plain | null,
  a: Tensor,
  b: Tensor,
  dtype: DType,
): Tensor {
  commonExecutor(op, a, b);
  const y = emitBinary(fn, a, b, broadcastShapes(op, a.shape, b.shape), dtype);
  return primitive === null ? y : record(primitive, [a, b], y);
}

/** Where the tensors among two operands are; undefined for two numbers. */
function executorOf(a: Operand, b: Operand): Executor | undefined {
  return typeof a === 'object' ? a.executor : typeof b === 'object' ? b.executor : undefined;
}

/** Both operands as tensors of `type`. What it makes belongs to the open scope. */
export function converted(a: Operand, b: Operand, type: DType): [Tensor, Tensor] {
  const executor = executorOf(a, b);
  const convert = (x: Operand) => {
    if (typeof x !== 'object') return scalarTensor(Number(x), type, executor);
    return (x.dtype === 'float32') === (type === 'float32') ? x : cast(x, type);
  };
  return [convert(a), convert(b)];
}

/** Both operands, booleans as tensors. What it makes belongs to the open scope. */
export function withoutBooleans(
  a: Operand,
  b: Operand,
  executor = executorOf(a, b),
): [Tensor | number, Tensor | number] {
  const convert = (x: Operand) => (typeof x === 'boolean' ? scalarTensor(Number(x), 'bool', executor) : x);
  return [convert(a), convert(b)];
}
