/** Nodes of an ONNX graph while they are being made, and what the table of operations (emit*.ts) makes them with. */
import { ArgumentError } from '../../../bindings/errors.ts';
import type { DType, NumericArray } from '../../../bindings/executor.ts';
import type { Shape } from '../../tensor/shapes.ts';
import { elementTypes, INT64 } from './tensors.ts';
import type { Step, Trace } from './trace.ts';

/** A float attribute: a plain number is an integer one. */
export interface FloatAttribute {
  float: number;
}
export const float = (value: number): FloatAttribute => ({ float: value });

export type DraftAttribute = number | FloatAttribute | string | readonly number[] | readonly string[];

/** A tensor that the graph holds. */
export interface DraftConstant {
  shape: Shape;
  elementType: number;
  data: NumericArray | readonly number[];
}

export interface Draft {
  op: string;
  /** '' for one that is absent. */
  inputs: string[];
  outputs: string[];
  attributes: Readonly<Record<string, DraftAttribute>>;
  /** Of a Constant. */
  constant?: DraftConstant;
  /** Of a Constant that holds sizes, which may depend on the batch; 'target': those that a reshape shall give, so that one may be −1. */
  sizes?: 'sizes' | 'target';
}

/** A step as the table sees it: its operands by name, with their shapes and types. */
export class StepView {
  constructor(
    private readonly trace: Trace,
    private readonly step: Step,
    private readonly names: readonly (string | undefined)[],
  ) {}

  get op(): string {
    return this.step.op;
  }

  get count(): number {
    return this.step.inputs.length;
  }

  /** A detail that the operation was given. */
  get<T>(name: string): T {
    return this.step.details[name] as T;
  }

  name(i: number): string {
    const name = this.names[this.step.inputs[i]!];
    if (name !== undefined) return name;
    throw cannot('the indices of maxPool', 'they count inside a plane in saraf, over the whole tensor in ONNX');
  }

  shape(i: number): Shape {
    return this.trace.values[this.step.inputs[i]!]!.shape;
  }

  dtype(i: number): DType {
    return this.trace.values[this.step.inputs[i]!]!.dtype;
  }

  outShape(i = 0): Shape {
    return this.trace.values[this.step.outputs[i]!]!.shape;
  }

  outDtype(i = 0): DType {
    return this.trace.values[this.step.outputs[i]!]!.dtype;
  }
}

/** What to throw for something that ONNX cannot say. */
export function cannot(what: string, why: string): ArgumentError {
  return new ArgumentError(`exportOnnx: ${what} cannot be exported: ${why}`, {
    op: 'exportOnnx',
    argument: 'model',
    got: what,
  });
}

/** Collects nodes and gives out names. */
export class Drafts {
  readonly list: Draft[] = [];

  constructor(private readonly taken: ReadonlySet<string>) {}

  private fresh(op: string): string {
    let name = `${op}_${this.list.length}`;
    while (this.taken.has(name)) name += '_';
    return name;
  }

  /** A node with several outputs, of which the first `count` are wanted. */
  nodes(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, DraftAttribute>>,
    count: number,
  ): string[] {
    const name = this.fresh(op);
    const outputs = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}_${i}`));
    this.list.push({ op, inputs: [...inputs], outputs, attributes });
    return outputs;
  }

  /** The only output of a node. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, DraftAttribute>> = {}): string {
    return this.nodes(op, inputs, attributes, 1)[0]!;
  }

  private held(constant: DraftConstant, sizes?: Draft['sizes']): string {
    const name = this.fresh('Constant');
    this.list.push({ op: 'Constant', inputs: [], outputs: [name], attributes: {}, constant, sizes });
    return name;
  }

  constant(shape: Shape, dtype: DType, data: NumericArray | readonly number[]): string {
    return this.held({ shape, elementType: elementTypes[dtype], data });
  }

  /** A number without dimensions. */
  scalar(value: number, dtype: DType = 'float32'): string {
    return this.constant([], dtype, [value]);
  }

  /** The same number everywhere. */
  filled(shape: Shape, value: number): string {
    return this.constant(shape, 'float32', new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value));
  }

  /** Positions and counts: int64. */
  ints(values: readonly number[]): string {
    return this.held({ shape: [values.length], elementType: INT64, data: values });
  }

  /** Sizes that may depend on the batch. */
  sizes(values: Shape, kind: 'sizes' | 'target' = 'sizes'): string {
    return this.held({ shape: [values.length], elementType: INT64, data: values }, kind);
  }

  cast(x: string, from: DType, to: DType): string {
    return from === to ? x : this.node('Cast', [x], { to: elementTypes[to] });
  }

  /** x in another shape, as the plainest node that does it. */
  reshape(x: string, from: Shape, to: Shape): string {
    const same = (a: Shape, b: Shape) => a.length === b.length && a.every((size, i) => size === b[i]);
    if (same(from, to)) return x;
    const inserted = onesMissing(from, to);
    if (inserted !== null) return this.node('Unsqueeze', [x, this.ints(inserted)]);
    const dropped = onesMissing(to, from);
    if (dropped !== null) return this.node('Squeeze', [x, this.ints(dropped)]);
    const rest = from.slice(1).reduce((a, b) => a * b, 1);
    if (from.length > 2 && same(to, [from[0]!, rest])) return this.node('Flatten', [x], { axis: 1 });
    const isEmpty = to.includes(0);
    return this.node('Reshape', [x, this.sizes(to, 'target')], isEmpty ? { allowzero: 1 } : {});
  }
}

/** Where ones must be inserted into `few` to make it `more`, or null if that does not do it. */
function onesMissing(few: Shape, more: Shape): number[] | null {
  const places: number[] = [];
  let at = 0;
  for (const [i, size] of more.entries()) {
    const left = more.length - i > few.length - at;
    if (at < few.length && few[at] === size && !(size === 1 && left && few[at] !== 1)) at++;
    else if (size === 1) places.push(i);
    else return null;
  }
  return at === few.length && places.length > 0 ? places : null;
}
