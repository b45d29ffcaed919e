/** Nodes of an ONNX graph while they are being made, and the tools with which the tables of operations (emit*.ts) make them. */
import { ArgumentError, refuse } from '../../../bindings/errors.ts';
import type { DType, NumericArray } from '../../../bindings/executor.ts';
import type { Shape } from '../../tensor/shapes.ts';
import { elementTypes, INT64 } from './tensors.ts';
import type { Step, Trace, Traced } from './trace.ts';

/** A float attribute; a plain number is an integer one. */
export interface FloatAttribute {
  float: number;
}
export const float = (value: number): FloatAttribute => ({ float: value });

export type DraftAttribute = number | FloatAttribute | string | readonly number[] | readonly string[];

type DraftAttributes = Readonly<Record<string, DraftAttribute>>;

/** A tensor that the graph holds. */
export interface DraftConstant {
  shape: Shape;
  elementType: number;
  data: NumericArray | readonly number[];
}

export interface Draft {
  op: string;
  /** Names of values; '' stands for an absent one. */
  inputs: string[];
  outputs: string[];
  attributes: DraftAttributes;
  /** For a Constant. */
  constant?: DraftConstant;
  /** For a Constant that holds sizes, which may depend on the batch; 'target': the sizes of a reshape, of which one may be −1. */
  sizes?: 'sizes' | 'target';
}

/** A step as the tables see it: its operands by name, with their shapes and types. */
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

  /** A detail of the operation. */
  get<T>(name: string): T {
    return this.step.details[name] as T;
  }

  name(i: number): string {
    const name = this.names[this.step.inputs[i]!];
    return (
      name ?? cannot('the indices of maxPool', 'they count within a plane in saraf, over the whole tensor in ONNX')
    );
  }

  private value(places: readonly number[], i: number): Traced {
    return this.trace.values[places[i]!]!;
  }

  shape(i: number): Shape {
    return this.value(this.step.inputs, i).shape;
  }

  dtype(i: number): DType {
    return this.value(this.step.inputs, i).dtype;
  }

  outShape(i = 0): Shape {
    return this.value(this.step.outputs, i).shape;
  }

  outDtype(i = 0): DType {
    return this.value(this.step.outputs, i).dtype;
  }
}

/** Refuses what ONNX cannot express. */
export function cannot(what: string, why: string): never {
  refuse(ArgumentError, 'exportOnnx', `${what} cannot be exported: ${why}`, { argument: 'model', got: what });
}

/** Collects nodes and gives them names. */
export class Drafts {
  readonly list: Draft[] = [];

  constructor(private readonly taken: ReadonlySet<string>) {}

  private fresh(op: string): string {
    let name = `${op}_${this.list.length}`;
    while (this.taken.has(name)) name += '_';
    return name;
  }

  /** A node, of whose outputs the first `count` are wanted. */
  nodes(op: string, inputs: readonly string[], attributes: DraftAttributes, count: 1): [string];
  nodes(op: string, inputs: readonly string[], attributes: DraftAttributes, count: 2): [string, string];
  nodes(op: string, inputs: readonly string[], attributes: DraftAttributes, count: number): string[];
  nodes(op: string, inputs: readonly string[], attributes: DraftAttributes, count: number): string[] {
    const name = this.fresh(op);
    const outputs = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}_${i}`));
    this.list.push({ op, inputs: [...inputs], outputs, attributes });
    return outputs;
  }

  /** The only output of a node. */
  node(op: string, inputs: readonly string[], attributes: DraftAttributes = {}): string {
    return this.nodes(op, inputs, attributes, 1)[0];
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

  /** A tensor with the same number everywhere. */
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

  /** x in another shape, by the simplest node that does it. */
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
