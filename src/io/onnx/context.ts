/**
 * What an ONNX operation sees when it runs: its inputs, as tensors or as numbers, and its attributes with their defaults. Values that
 * depend on shapes alone are kept as numbers (`Literal`), so that chains of Shape, Gather, Concat, Reshape work without reading a
 * tensor, under `compile` too.
 */
import { DTypeError, refuse } from '../../../bindings/errors.ts';
import type { Device, DType } from '../../../bindings/executor.ts';
import { tensor } from '../../ops/index.ts';
import { charge, ITEM_COST } from '../../tensor/budget.ts';
import { numelOf, type Shape } from '../../tensor/shapes.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Attribute, OnnxNode } from './node.ts';
import { fail, type Literal } from './tensors.ts';

export type Value = Tensor | Literal;

/** An operation: what it does, and which of its inputs it wants as numbers or as statistics rather than as something to learn. */
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

/** Numbers as a tensor; integers must fit into 32 bits. `where` is what the file calls them, or who wants them. */
export function tensorOf({ dtype, shape, values }: Literal, device: Device | undefined, where: string): Tensor {
  if (dtype !== 'float32') {
    for (const value of values) {
      if (value < -LARGEST || value >= LARGEST)
        refuse(
          DTypeError,
          'loadOnnx',
          `${where}: ${value} does not fit into int32, which stands for the file's int64`,
          { got: value, expected: 'int32' },
        );
    }
  }
  return tensor(values as Float32Array, { shape, dtype, device });
}

export class Context {
  constructor(
    private readonly node: OnnxNode,
    private readonly values: readonly (Value | undefined)[],
    readonly opset: number,
    private readonly toTensor: (value: Literal) => Tensor,
  ) {}

  /** What to throw where the file asks for something that is not supported. */
  refuse(message: string): never {
    return fail(`${this.node.label} (${this.node.op}): ${message}`);
  }

  get op(): string {
    return this.node.op;
  }

  /** Inputs that are there, at their places or not at all. */
  get count(): number {
    return this.values.length;
  }

  /** Outputs that somebody may want. */
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

  /** A tensor, or null if it is absent. */
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

  /** An input's numbers; a tensor is read, which `compile` refuses. */
  numbers(i: number): number[] {
    const value = this.value(i);
    charge(ITEM_COST * numelOf(value.shape));
    return Array.from(isTensor(value) ? value.dataSync() : value.values);
  }

  /** An input's numbers, or the attribute that older versions have in its place. */
  numbersOr(i: number, attribute: string): number[] | null {
    if (this.has(i)) return this.numbers(i);
    return this.node.attributes.has(attribute) ? this.list(attribute, []) : null;
  }

  /** An input of one number. */
  number(i: number): number {
    const list = this.numbers(i);
    return list.length === 1 ? list[0]! : this.refuse(`input ${i} must be one number, has ${list.length}`);
  }

  /** An input that may be a constant number, which operations take as such. */
  operand(i: number): Tensor | number {
    const value = this.value(i);
    const plain = !isTensor(value) && value.shape.length === 0 && value.dtype !== 'bool';
    return plain ? value.values[0]! : this.tensor(i);
  }

  private attribute<T>(name: string, absent: T, isRight: (value: Attribute) => boolean): T {
    const value = this.node.attributes.get(name);
    if (value === undefined) return absent;
    return isRight(value) ? (value as T) : this.refuse(`attribute ${name} is of another type than expected`);
  }

  int(name: string, absent: number): number {
    return this.attribute(name, absent, (value) => Number.isSafeInteger(value));
  }

  float(name: string, absent: number): number {
    return this.attribute(name, absent, (value) => typeof value === 'number');
  }

  text(name: string, absent: string): string {
    return this.attribute(name, absent, (value) => typeof value === 'string');
  }

  list(name: string, absent: number[]): number[] {
    return this.attribute(name, absent, (value) => Array.isArray(value) && value.every((x) => typeof x === 'number'));
  }

  texts(name: string, absent: string[]): string[] {
    return this.attribute(name, absent, (value) => Array.isArray(value) && value.every((x) => typeof x === 'string'));
  }

  /** A tensor attribute, or null. */
  held(name: string): Literal | null {
    return this.attribute<Literal | null>(name, null, (value) => typeof value === 'object' && !Array.isArray(value));
  }

  /** Refuses an attribute that is set to anything but what is supported. */
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
