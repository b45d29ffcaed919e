/**
 * What an ONNX operation gets when it runs: its inputs, as tensors or as numbers, and its attributes with their defaults. Values that
 * depend only on shapes are kept as numbers (`Literal`), so that chains of Shape, Gather, Concat, Reshape work without reading a
 * tensor, under `compile` too.
 */
import { DTypeError, refuse } from '../../../bindings/errors.ts';
import type { Device, DType } from '../../../bindings/executor.ts';
import { tensor } from '../../ops/index.ts';
import { charge, ITEM_COST } from '../../tensor/budget.ts';
import { numelOf, type Shape } from '../../tensor/shapes.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { type Attribute, isLiteral, type OnnxNode } from './node.ts';
import { fail, type Literal } from './tensors.ts';

export type Value = Tensor | Literal;

export const isNumbers = (value: Value): value is Literal => !isTensor(value);

/** An operation: what it does, and which of its inputs are numbers or statistics rather than weights to learn. */
export interface Operation {
  run(c: Context): Value | Value[];
  /** Inputs that are read as numbers. */
  numbers?: readonly number[];
  /** Inputs that are running statistics. */
  statistics?: readonly number[];
}

export const literal = (dtype: DType, shape: Shape, values: ArrayLike<number>): Literal => ({
  dtype,
  shape,
  values: dtype === 'float32' ? new Float32Array(values) : new Float64Array(values),
});

const LARGEST = 2 ** 31;

/** Numbers as a tensor; integers must fit into 32 bits. `where` is their name in the file, or the node that takes them. */
export function tensorOf({ dtype, shape, values }: Literal, device: Device | undefined, where: string): Tensor {
  if (dtype !== 'float32') {
    for (const value of values) {
      if (value < -LARGEST || value >= LARGEST)
        refuse(DTypeError, 'loadOnnx', `${where}: ${value} does not fit into int32, which the file's int64 becomes`, {
          got: value,
          expected: 'int32',
        });
    }
  }
  return tensor(values, { shape, dtype, device });
}

export class Context {
  constructor(
    private readonly node: OnnxNode,
    private readonly values: readonly (Value | undefined)[],
    readonly opset: number,
    private readonly toTensor: (value: Literal) => Tensor,
  ) {}

  /** Refuses what the file asks for. */
  refuse(message: string): never {
    return fail(`${this.node.label} (${this.node.op}): ${message}`);
  }

  get op(): string {
    return this.node.op;
  }

  /** The number of inputs, absent ones among them included. */
  get count(): number {
    return this.values.length;
  }

  /** The number of outputs. */
  get wanted(): number {
    return this.node.outputs.length;
  }

  wants(i: number): boolean {
    return (this.node.outputs[i] ?? '') !== '';
  }

  has(i: number): boolean {
    return this.values[i] !== undefined;
  }

  value(i: number): Value {
    return this.values[i] ?? this.refuse(`input ${i} is missing`);
  }

  tensor(i: number): Tensor {
    const value = this.value(i);
    return isTensor(value) ? value : this.toTensor(value);
  }

  /** An input as a tensor, or null if it is absent. */
  optional(i: number): Tensor | null {
    return this.has(i) ? this.tensor(i) : null;
  }

  /** All inputs as tensors. */
  tensors(): Tensor[] {
    return this.values.map((_, i) => this.tensor(i));
  }

  shape(i: number): Shape {
    return this.value(i).shape;
  }

  dtype(i: number): DType {
    return this.value(i).dtype;
  }

  /** The numbers of an input; a tensor is read, which `compile` refuses. */
  numbers(i: number): number[] {
    const value = this.value(i);
    charge(ITEM_COST * numelOf(value.shape));
    return Array.from(isTensor(value) ? value.dataSync() : value.values);
  }

  /** The numbers of an input, or of the attribute that older versions have in its place. */
  numbersOr(i: number, attribute: string): number[] | null {
    if (this.has(i)) return this.numbers(i);
    return this.node.attributes.has(attribute) ? this.list(attribute, []) : null;
  }

  /** An input of one number. */
  number(i: number): number {
    const list = this.numbers(i);
    return list.length === 1 ? list[0]! : this.refuse(`input ${i} must be one number, has ${list.length}`);
  }

  /** An input as a tensor, or as a number if it is a constant without dimensions. */
  operand(i: number): Tensor | number {
    const value = this.value(i);
    const plain = !isTensor(value) && value.shape.length === 0 && value.dtype !== 'bool';
    return plain ? value.values[0]! : this.tensor(i);
  }

  private attribute<T extends Attribute, A>(name: string, absent: A, isRight: (value: Attribute) => value is T): T | A {
    const value = this.node.attributes.get(name);
    if (value === undefined) return absent;
    return isRight(value) ? value : this.refuse(`attribute ${name} has another type than expected`);
  }

  int(name: string, absent: number): number {
    return this.attribute(name, absent, (value): value is number => Number.isSafeInteger(value));
  }

  float(name: string, absent: number): number {
    return this.attribute(name, absent, (value) => typeof value === 'number');
  }

  text(name: string, absent: string): string {
    return this.attribute(name, absent, (value) => typeof value === 'string');
  }

  list(name: string, absent: number[]): number[] {
    return this.attribute(
      name,
      absent,
      (value): value is number[] => Array.isArray(value) && value.every((x) => typeof x === 'number'),
    );
  }

  texts(name: string, absent: string[]): string[] {
    return this.attribute(
      name,
      absent,
      (value): value is string[] => Array.isArray(value) && value.every((x) => typeof x === 'string'),
    );
  }

  /** A tensor attribute, or null. */
  held(name: string): Literal | null {
    return this.attribute(name, null, isLiteral);
  }

  /** Refuses an attribute that is set to anything except what is supported. */
  only(name: string, supported: number | string): void {
    const value = this.node.attributes.get(name);
    if (value !== undefined && value !== supported) this.refuse(`${name} ${String(value)} is not supported`);
  }

  /** A dimension counted from either end. */
  axis(dim: number, ndim: number): number {
    if (!Number.isInteger(dim) || dim < -ndim || dim >= ndim) this.refuse(`axis ${dim} of ${ndim} dimensions`);
    return dim < 0 ? dim + ndim : dim;
  }
}
