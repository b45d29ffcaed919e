/** An ONNX graph as a module: its float initializers are parameters, and forward runs its nodes in order. */

import { ArgumentError, DTypeError, refuse, SarafError, ShapeError } from '../../../bindings/errors.ts';
import type { Device } from '../../../bindings/executor.ts';
import { Module } from '../../nn/module.ts';
import { Buffer, parameterOf } from '../../nn/parameter.ts';
import { checkTensor, compose, zeros } from '../../ops/index.ts';
import { listed, noMore } from '../../options.ts';
import { charge, ITEM_COST, limitOf, withBudget } from '../../tensor/budget.ts';
import { keep, scope } from '../../tensor/scope.ts';
import { show } from '../../tensor/shapes.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { untraced } from '../../tensor/trace.ts';
import { Context, literal, type Operation, tensorOf, type Value } from './context.ts';
import type { OnnxGraph, OnnxInput } from './graph.ts';
import { wrapped } from './narrow.ts';
import { isLiteral, type OnnxNode } from './node.ts';
import { fail, type Literal } from './tensors.ts';

/** Results of nodes that depend only on numbers stay numbers up to this many. */
const MOST_NUMBERS = 4096;

/**
 * Elements that a run may ask for: for each byte of the file, for each element of the inputs (or this many times their largest dimension
 * if that is more, because attention is quadratic), and in addition.
 */
const RUN_ELEMENTS_A_BYTE = 64;
const RUN_ELEMENTS_AN_INPUT = 2 ** 18;
const RUN_ELEMENTS_A_PLACE = 2 ** 12;
const RUN_FREE_ELEMENTS = 2 ** 25;
/** The cost of an operation in addition to its elements: the time of some hundreds. */
const RUN_BLOCK_COST = 512;

/** What the limit of a run depends on: the bytes of the file, or the number that the caller has given. */
export interface RunLimits {
  size: number;
  maxElements: number | undefined;
}

/** The cost of a node's input or output, in elements. */
const elementsOf = (value: Value) => (isTensor(value) ? value.numel : ITEM_COST * value.values.length);

/** How initializers are used: as operands, which can be learned, as statistics, or as numbers. */
function usesOf(graph: OnnxGraph, operations: Readonly<Record<string, Operation>>): Map<string, Set<string>> {
  const uses = new Map<string, Set<string>>();
  for (const { op, inputs } of graph.nodes) {
    const operation = operations[op];
    inputs.forEach((name, i) => {
      const isNumbers = operation?.numbers?.includes(i);
      const use = isNumbers ? 'numbers' : operation?.statistics?.includes(i) ? 'statistics' : 'operand';
      uses.set(name, (uses.get(name) ?? new Set()).add(use));
    });
  }
  return uses;
}

/**
 * A model that `loadOnnx` read. It has the file's inputs and outputs: forward takes tensors in their order and gives a tensor, or a
 * list if there are several. Its parameters are the file's float initializers, under their names, except single numbers and what
 * operations read as sizes; running statistics are buffers. Statistics and dropout behave as in evaluation, even in training.
 */
export class OnnxModel extends Module {
  /** Fields of parameters and buffers by their names in the file. */
  private readonly fields = new Map<string, string>();
  /** The numbers in the file. */
  private readonly held = new Set<Literal>();
  /** Those of them that have been needed as tensors. */
  private readonly constants = new Map<Literal, Tensor>();
  /** How often nodes and outputs take each value. */
  private readonly takers = new Map<string, number>();

  /** @internal Made by `loadOnnx`. */
  constructor(
    private readonly graph: OnnxGraph,
    private readonly operations: Readonly<Record<string, Operation>>,
    private readonly limits: RunLimits,
  ) {
    super();
    const unknown = [...new Set(graph.nodes.map(({ op }) => op))].filter((op) => !Object.hasOwn(operations, op));
    if (unknown.length > 0) fail(`these operations are not supported: ${listed(unknown.sort())}`);
    const uses = usesOf(graph, operations);
    try {
      for (const [name, value] of graph.initializers) {
        const use = uses.get(name);
        if (value.dtype !== 'float32' || value.shape.length === 0 || use === undefined) continue;
        // Weights that are stored elsewhere have no values yet.
        const make = () => (value.values.length === 0 ? zeros(value.shape) : tensorOf(value, undefined, name));
        if (use.has('operand')) this.own(name, () => parameterOf(make));
        else if (use.has('statistics')) this.own(name, () => scope(() => new Buffer(make())));
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
    // What became a tensor is not kept twice.
    for (const name of this.fields.keys()) graph.initializers.delete(name);
    const attributes = graph.nodes.flatMap((node) => [...node.attributes.values()]);
    for (const value of [...graph.initializers.values(), ...attributes]) if (isLiteral(value)) this.held.add(value);
    for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs])
      this.takers.set(name, (this.takers.get(name) ?? 0) + 1);
  }

  /** @internal What `saveModel` stores in addition to the weights: the graph without them, and their names and fields. */
  get structure(): { graph: OnnxGraph; learned: [name: string, field: string][] } {
    return { graph: this.graph, learned: [...this.fields] };
  }

  /** The inputs that forward takes, in order; open sizes are null. */
  get inputs(): readonly OnnxInput[] {
    return this.graph.inputs;
  }

  /** Names of the results, in order. */
  get outputs(): readonly string[] {
    return this.graph.outputs;
  }

  private own(name: string, make: () => Tensor): void {
    let field = name;
    while (field in this) field += '_';
    Reflect.set(this, field, make());
    this.fields.set(name, field);
  }

  private tensorAt(field: string): Tensor {
    return Reflect.get<object, string>(this, field);
  }

  /** The device of the model's tensors, if it has any. */
  private get home(): Device | undefined {
    for (const field of this.fields.values()) return this.tensorAt(field).device;
    return undefined;
  }

  private constant(value: Literal, where: string): Tensor {
    let t = this.constants.get(value);
    if (t === undefined) {
      t = untraced(() => keep(tensorOf(value, this.home, where)));
      this.constants.set(value, t);
    }
    return t;
  }

  private check(inputs: readonly Tensor[]): void {
    const op = 'OnnxModel';
    const { inputs: expected } = this.graph;
    if (inputs.length !== expected.length) {
      const names = expected.map(({ name }) => name).join(', ');
      refuse(ArgumentError, op, `the model takes ${expected.length} inputs (${names}), got ${inputs.length}`, {
        argument: 'inputs',
        got: inputs.length,
        expected: expected.length,
      });
    }
    expected.forEach(({ name, dtype, shape }, i) => {
      const x = inputs[i];
      checkTensor(op, name, x);
      if (x.dtype !== dtype)
        refuse(DTypeError, op, `${name} must be ${dtype}, got ${x.dtype}`, {
          argument: name,
          got: x.dtype,
          expected: dtype,
        });
      if (shape !== null && (x.ndim !== shape.length || shape.some((size, d) => size !== null && size !== x.shape[d])))
        refuse(ShapeError, op, `${name} must be [${shape.map((size) => size ?? 'any').join()}], got ${show(x.shape)}`, {
          argument: name,
          got: x.shape,
          expected: shape,
        });
    });
  }

  override forward(...inputs: Tensor[]): Tensor | Tensor[] {
    this.check(inputs);
    const { size, maxElements } = this.limits;
    let elements = RUN_FREE_ELEMENTS + RUN_ELEMENTS_A_BYTE * size;
    for (const { shape, numel } of inputs)
      elements += numel * Math.max(RUN_ELEMENTS_AN_INPUT, RUN_ELEMENTS_A_PLACE * Math.max(0, ...shape));
    let at: OnnxNode | null = null;
    const claim = () => `loadOnnx: ${at === null ? 'the model' : `${at.label} (${at.op})`} asks for`;
    const limit = { ...limitOf('loadOnnx', maxElements, elements, claim), blockCost: RUN_BLOCK_COST };
    return withBudget(limit, () =>
      this.walk(inputs, (node) => {
        at = node;
      }),
    );
  }

  /** Runs the nodes; calls `begin` before each. */
  private walk(inputs: readonly Tensor[], begin: (node: OnnxNode) => void): Tensor | Tensor[] {
    return compose(() => {
      const values = new Map<string, Value>(this.graph.initializers);
      const named = (name: string): Value => values.get(name) ?? fail(`${name} has no value`);
      for (const [name, field] of this.fields) values.set(name, this.tensorAt(field));
      this.graph.inputs.forEach(({ name }, i) => {
        values.set(name, inputs[i]!);
      });
      const lives = new Lives(values);
      for (const node of this.graph.nodes) {
        begin(node);
        const given = node.inputs.map((name) => (name === '' ? undefined : named(name)));
        for (const value of given) if (value !== undefined) charge(elementsOf(value));
        const results = this.attempt(node, given);
        // Views too: what is expanded without being written will be read.
        for (const result of results) charge(elementsOf(result));
        node.outputs.forEach((name, i) => {
          const result = results[i];
          if (name === '') return;
          if (result === undefined) {
            if (this.takers.has(name)) fail(`${node.label} (${node.op}): output ${i} is not supported`);
            return;
          }
          values.set(name, result);
          lives.begin(result, this.takers.get(name) ?? 0);
        });
        for (const value of given) if (value !== undefined) lives.end(value);
      }
      const outputs = this.graph.outputs.map((name) => {
        const value = named(name);
        return isTensor(value) ? value : tensorOf(value, this.home, name);
      });
      return outputs.length === 1 ? outputs[0]! : outputs;
    });
  }

  /** Runs a node; an error that no operation throws on purpose is the file's fault. */
  private attempt(node: OnnxNode, given: readonly (Value | undefined)[]): Value[] {
    try {
      return this.run(node, given);
    } catch (error) {
      if (error instanceof SarafError) throw error;
      return fail(`${node.label} (${node.op}) cannot run: ${(error as Error).message}`);
    }
  }

  private run(node: OnnxNode, given: readonly (Value | undefined)[]): Value[] {
    const where = `${node.label} (${node.op})`;
    const { run } = this.operations[node.op]!;
    const { opset, narrow } = this.graph;
    const inRange = (value: Value, i: number) => wrapped(node.op, value, narrow.get(node.outputs[i] ?? ''));
    if (given.length === 0 || given.some(isTensor)) {
      const toTensor = (value: Literal) =>
        this.held.has(value) ? this.constant(value, where) : tensorOf(value, this.home, where);
      return [run(new Context(node, given, opset, toTensor))].flat().map(inRange);
    }
    // Only numbers: computed at once, even while a program is being recorded.
    return untraced(() =>
      scope(() => {
        const device = this.home === 'webgpu' ? 'wasm' : this.home;
        const results = [run(new Context(node, given, opset, (value) => tensorOf(value, device, where)))]
          .flat()
          .map(inRange);
        return results.map((result) => {
          if (!isTensor(result) || result.numel > MOST_NUMBERS) return result;
          return literal(result.dtype, result.shape, result.dataSync());
        });
      }),
    );
  }

  override to(device: Device): this {
    if (arguments.length > 1) noMore('OnnxModel.to', 1, arguments);
    this.forget();
    return super.to(device);
  }

  override dispose(): void {
    if (arguments.length > 0) noMore('OnnxModel.dispose', 0, arguments);
    this.forget();
    super.dispose();
  }

  private forget(): void {
    for (const t of this.constants.values()) t.dispose();
    this.constants.clear();
  }

  protected override describe(): string {
    return `${this.graph.nodes.length} nodes`;
  }
}

/** Frees the tensors that nodes made as soon as no other node needs them. */
class Lives {
  private readonly left = new Map<Tensor, number>();
  private readonly foreign: Set<Value>;

  constructor(given: ReadonlyMap<string, Value>) {
    this.foreign = new Set(given.values());
  }

  begin(value: Value, takers: number): void {
    if (isTensor(value) && !this.foreign.has(value) && !value.kept)
      this.left.set(value, (this.left.get(value) ?? 0) + takers);
  }

  end(value: Value): void {
    if (!isTensor(value)) return;
    const left = this.left.get(value);
    if (left === undefined) return;
    if (left > 1) {
      this.left.set(value, left - 1);
    } else {
      this.left.delete(value);
      value.dispose();
    }
  }
}
