/**
 * Models in Keras's functional style: symbolic values joined by layers. A graph is drawn once; the model that it gives runs
 * the steps between its inputs and its outputs in the order in which they were drawn.
 */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isInstance, Marked } from '../copies.ts';
import { add, cat, checkTensor, compose } from '../ops/index.ts';
import { checkFinite, checkOptions, noMore, VALUE } from '../options.ts';
import { checkShape, type Shape, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { letGo, passesOn } from './passing.ts';

/** A step: a module, or a function of tensors, applied to earlier values. */
interface Step {
  run: Module | ((...inputs: Tensor[]) => Tensor);
  inputs: GraphValue[];
  /** Which of the graph's own functions it is, or null. */
  join: Join | null;
  /** Its name in drawings, if it is not a module. */
  name: string;
}

/** How a graph joins values without a module or a function of the user. */
export type Join = { kind: 'add' } | { kind: 'concat'; dim: number };

/** A symbolic value of a graph: what an input will bring, or what a layer will make of other values. */
export class GraphValue extends Marked {
  /** @internal */ static override name = 'GraphValue';

  /** @internal */
  constructor(
    /** The graph that it belongs to; others refuse it. */
    readonly graph: Graph,
    /** @internal */
    readonly id: number,
    /** Of an input: its shape without the batch, or null for any. Of all other values null: their shapes are known when tensors arrive. */
    readonly shape: Shape | null,
    /** @internal */
    readonly step: Step | null,
  ) {
    super();
  }
}

/** A value that a step makes. */
type Computed = GraphValue & { readonly step: Step };

const isComputed = (value: GraphValue): value is Computed => value.step !== null;

type Forward = (...inputs: Tensor[]) => Tensor;

/**
 * Draws a model with several inputs, outputs, skip connections and shared layers.
 *
 * @throws ArgumentError where a value belongs to another graph, or an output depends on an input that is not listed
 * @see https://keras.io/guides/functional_api/
 * @example
 * const g = new nn.Graph();
 * const x = g.input([30]);
 * const h = g.apply(new nn.ReLU(), g.apply(new nn.Linear(30, 30), x));
 * const y = g.apply(new nn.Linear(30, 1), g.add(x, h));
 * const model = g.model({ inputs: [x], outputs: [y] });
 * const output = model.forward(randn(8, 30)) as Tensor; // [8, 1]
 */
export class Graph {
  /** @internal */ static name = 'Graph';

  private count = 0;

  constructor() {
    if (arguments.length > 0) noMore('Graph', 0, arguments);
  }

  private value(shape: Shape | null, step: Step | null): GraphValue {
    return new GraphValue(this, this.count++, shape, step);
  }

  private check(op: string, values: readonly GraphValue[]): void {
    for (const value of values) {
      if (!isInstance(value, GraphValue) || value.graph !== this)
        refuse(ArgumentError, op, 'expected values of this graph', { argument: 'values', got: value });
    }
  }

  private join(
    op: string,
    run: Step['run'],
    inputs: readonly GraphValue[],
    name: string,
    join: Join | null = null,
  ): GraphValue {
    this.check(op, inputs);
    if (inputs.length === 0) refuse(ArgumentError, op, 'expected at least one value', { argument: 'values' });
    return this.value(null, { run, inputs: [...inputs], join, name });
  }

  /** A value that comes from outside, of this shape without the batch; null: of any shape. */
  input(shape: Shape | null): GraphValue {
    if (arguments.length > 1) noMore('Graph.input', 1, arguments);
    if (shape === null) return this.value(null, null);
    checkShape('Graph.input', shape);
    return this.value([...shape], null);
  }

  /** What a module (or a function of tensors) makes of one or more values. A module may be applied several times. */
  apply(module: Module | ((...inputs: Tensor[]) => Tensor), ...values: GraphValue[]): GraphValue {
    if (!isInstance(module, Module) && typeof module !== 'function') {
      refuse(ArgumentError, 'Graph.apply', 'expected a module or a function', { argument: 'module', got: module });
    }
    return this.join('Graph.apply', module, values, isInstance(module, Module) ? '' : module.name || 'function');
  }

  /** The sum of two or more values. */
  add(...values: GraphValue[]): GraphValue {
    const sum = (...inputs: Tensor[]) => compose(() => inputs.reduce((a, b) => add(a, b)));
    return this.join('Graph.add', sum, values, 'add', { kind: 'add' });
  }

  /** Values joined along a dimension (default: 1). */
  concat(values: readonly GraphValue[], dim = 1): GraphValue {
    if (arguments.length > 2) noMore('Graph.concat', 2, arguments);
    checkFinite('Graph.concat', 'dim', dim);
    return this.join('Graph.concat', (...inputs) => cat(inputs, dim), values, 'concat', { kind: 'concat', dim });
  }

  /** The model between these inputs and outputs. */
  model(ends: { inputs: readonly GraphValue[]; outputs: readonly GraphValue[] }): GraphModel {
    if (arguments.length > 1) noMore('Graph.model', 1, arguments);
    checkOptions('Graph.model', ends, { inputs: VALUE, outputs: VALUE });
    this.check('Graph.model', [...ends.inputs, ...ends.outputs]);
    return new GraphModel(ends.inputs, ends.outputs);
  }
}

/** The values of the steps that the outputs depend on, in the order in which they were drawn. */
function pathTo(outputs: readonly GraphValue[], inputs: ReadonlySet<GraphValue>): Computed[] {
  const seen = new Set<Computed>();
  const open = [...outputs];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (inputs.has(value)) continue;
    if (!isComputed(value)) {
      refuse(
        ArgumentError,
        'Graph.model',
        `an output depends on an input ${value.shape === null ? '' : `${show(value.shape)} `}that is not listed`,
        { argument: 'inputs' },
      );
    }
    if (seen.has(value)) continue;
    seen.add(value);
    open.push(...value.step.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** A drawn model: takes one tensor per input and gives one per output (an array of them if there are several outputs). */
export class GraphModel extends Module {
  /** @internal */ static override name = 'GraphModel';
  /** @internal */ static readonly keepsNothing = true;

  [index: `layer${number}`]: Module;
  /** @internal */
  readonly ends: { inputs: readonly GraphValue[]; outputs: readonly GraphValue[]; path: readonly Computed[] };

  /** @internal */
  constructor(inputs: readonly GraphValue[], outputs: readonly GraphValue[]) {
    super();
    if (inputs.length === 0 || outputs.length === 0)
      refuse(ArgumentError, 'Graph.model', 'needs inputs and outputs', { argument: 'inputs' });
    this.ends = { inputs: [...inputs], outputs: [...outputs], path: pathTo(outputs, new Set(inputs)) };
    const modules = new Set(this.ends.path.map(({ step }) => step.run).filter((run) => run instanceof Module));
    let i = 0;
    for (const module of modules) this[`layer${i++}`] = module;
  }

  override forward(...tensors: Tensor[]): Tensor | Tensor[] {
    const { inputs, outputs, path } = this.ends;
    if (tensors.length !== inputs.length) {
      refuse(ArgumentError, 'Graph', `expected ${inputs.length} inputs, got ${tensors.length}`, {
        argument: 'inputs',
        got: tensors.length,
      });
    }
    const values = new Map<GraphValue, Tensor>();
    const tensorOf = (value: GraphValue): Tensor => values.get(value)!;
    const uses = new Uses(path, inputs, outputs);
    inputs.forEach((input, i) => {
      const x = tensors[i];
      checkTensor('Graph', `inputs[${i}]`, x);
      if (input.shape !== null && !sameShape(x.shape.slice(1), input.shape)) {
        refuse(ShapeError, 'Graph', `input ${i} must be [N,${input.shape.join(',')}], got ${show(x.shape)}`, {
          argument: `inputs[${i}]`,
          got: x.shape,
          expected: input.shape,
        });
      }
      values.set(input, x);
      uses.begin(input, x, false);
    });
    for (const value of path) {
      const { run } = value.step;
      const operands = value.step.inputs.map(tensorOf);
      const result = run instanceof Module ? (run.forward as Forward)(...operands) : run(...operands);
      values.set(value, result);
      const passes = stepPassesOn(value.step);
      uses.begin(value, result, passes);
      for (const operand of operands) uses.end(operand, passes);
    }
    const results = outputs.map(tensorOf);
    return results.length === 1 ? results[0]! : results;
  }

  /** @internal */
  get passesAllOn(): boolean {
    return this.ends.path.every(({ step }) => stepPassesOn(step));
  }
}

/** Whether a step keeps neither what it is given nor what it gives. */
const stepPassesOn = ({ run, join }: Step): boolean => (run instanceof Module ? passesOn(run) : join !== null);

/** Lets go of what steps have made once the last step has used it. */
class Uses {
  /** How many steps will use a value. */
  private readonly takers = new Map<GraphValue, number>();
  /** How many uses of a tensor are left, which may be several values; of one that others may have, no end of them. */
  private readonly left = new Map<Tensor, number>();

  constructor(path: readonly Computed[], inputs: readonly GraphValue[], outputs: readonly GraphValue[]) {
    for (const { step } of path) {
      for (const value of step.inputs) this.takers.set(value, (this.takers.get(value) ?? 0) + 1);
    }
    for (const value of [...inputs, ...outputs]) this.takers.set(value, Infinity);
  }

  /** A value is there. */
  begin(value: GraphValue, tensor: Tensor, isOwn: boolean): void {
    const uses = isOwn ? (this.takers.get(value) ?? 0) : Infinity;
    this.left.set(tensor, (this.left.get(tensor) ?? 0) + uses);
  }

  /** A step has used a tensor. */
  end(tensor: Tensor, passes: boolean): void {
    const left = (this.left.get(tensor) ?? Infinity) - (passes ? 1 : -Infinity);
    this.left.set(tensor, left);
    if (left === 0) letGo(tensor);
  }
}
