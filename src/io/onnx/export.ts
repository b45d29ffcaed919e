/**
 * Models as ONNX files. The forward pass is traced twice, on different numbers and, if the batch is left open, on batches of
 * different size; both traces become nodes, which must be the same. Any other difference comes from values that a file cannot know
 * (control flow, random numbers, something computed outside of saraf) and is refused; sizes that differ are those of the batch.
 */
import { ArgumentError, DeviceError, refuse } from '../../../bindings/errors.ts';
import type { DType } from '../../../bindings/executor.ts';
import { isInstance } from '../../copies.ts';
import { Module } from '../../nn/module.ts';
import { checkOptions, noMore, VALUE } from '../../options.ts';
import { checkShape } from '../../tensor/shapes.ts';
import { cannot, type Draft, type DraftAttribute, Drafts, StepView } from './draft.ts';
import { basicEmitters } from './emitBasic.ts';
import { layerEmitters } from './emitLayers.ts';
import { isTexts } from './node.ts';
import { elementTypes, INT64, tensorProtoOf } from './tensors.ts';
import { type Example, type Trace, traceModel } from './trace.ts';
import {
  type AttributeProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
  type Written,
  writeModel,
} from './wire.ts';

/** Version of the operators: the newest one that all runtimes of recent years support. */
const OPSET = 17;
const IR_VERSION = 8;
/** Name of the batch size in shapes. */
const BATCH = 'N';
/** The two sizes that an open batch is traced with. */
const BATCHES = [2, 3] as const;

/** Sizes of an input; null for a batch size that is left open. */
export type OnnxInputShape = readonly (number | null)[];

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions {
  /** One for each input, in order. Default 'input', or 'input0', 'input1' … */
  inputNames?: readonly string[];
  /** One for each tensor that forward gives, in order. Default 'output', or 'output0', 'output1' … */
  outputNames?: readonly string[];
  /** Element types of the inputs. Default float32; indices are int32. */
  dtypes?: readonly DType[];
}

const op = 'exportOnnx';

const emitters = { ...basicEmitters, ...layerEmitters };

/** The nodes of a trace, and the names of its outputs. */
function emit(trace: Trace, inputNames: readonly string[]): { drafts: Draft[]; outputs: string[] } {
  const names: (string | undefined)[] = trace.values.map(({ name }) => name);
  trace.inputs.forEach((place, i) => {
    names[place] = inputNames[i];
  });
  const drafts = new Drafts(new Set(names.filter((name) => name !== undefined)));
  trace.values.forEach(({ from, shape, dtype, data }, place) => {
    if (from === 'constant') names[place] = drafts.constant(shape, dtype, data!);
  });
  for (const step of trace.steps) {
    const emitter = Object.hasOwn(emitters, step.op) ? emitters[step.op] : undefined;
    if (emitter === undefined) cannot(step.op, 'ONNX has no such operation, or none that saraf writes');
    const made = emitter(drafts, new StepView(trace, step, names));
    (typeof made === 'string' ? [made] : made).forEach((name, i) => {
      const place = step.outputs[i];
      if (place !== undefined) names[place] = name;
    });
  }
  return { drafts: drafts.list, outputs: trace.outputs.map((place) => names[place]!) };
}

/** Drops nodes that no output needs. */
function needed(drafts: readonly Draft[], outputs: readonly string[]): Draft[] {
  const wanted = new Set(outputs);
  const kept = [...drafts].reverse().filter((draft) => {
    if (!draft.outputs.some((name) => wanted.has(name))) return false;
    for (const name of draft.inputs) wanted.add(name);
    return true;
  });
  return kept.reverse();
}

function differs(what: string): never {
  refuse(
    ArgumentError,
    op,
    `${what} comes out differently for other inputs of the same kind: the model's control flow or its constants depend on the values (or on the size of the batch, or on random numbers), which ONNX cannot express`,
    { argument: 'model', got: what },
  );
}

/** A node of the file. */
interface Node extends Written<NodeProto> {
  input: string[];
  output: string[];
}

/** An input whose batch size is left open, and the dimension of the batch. */
interface OpenInput {
  input: string;
  dim: number;
}

/** Merges two drafts of the same graph, which differ only in sizes of the batch. */
class Merger {
  readonly nodes: Node[] = [];
  /** Name of the batch size as a tensor [1], once it is needed. */
  private batch: string | null = null;

  constructor(private readonly open: OpenInput | null) {}

  private push(opType: string, input: string[], output: string[], attribute: Written<AttributeProto>[] = []): void {
    this.nodes.push({ input, output, name: `node_${this.nodes.length}_${opType}`, opType, attribute });
  }

  private hold(name: string, dims: readonly number[], elementType: number, data: ArrayLike<number>): string {
    const t = tensorProtoOf(dims, elementType, Array.from(data));
    this.push('Constant', [], [name], [{ name: 'value', type: 4, t }]);
    return name;
  }

  add(a: Draft, b: Draft): void {
    const same = (x: unknown, y: unknown) => JSON.stringify(x) === JSON.stringify(y);
    if (a.op !== b.op || !same(a.inputs, b.inputs) || !same(a.attributes, b.attributes)) differs(a.op);
    const { constant: x } = a;
    const { constant: y } = b;
    if (x === undefined || y === undefined) {
      this.push(a.op, a.inputs, a.outputs, Object.entries(a.attributes).map(attributeProto));
      return;
    }
    const name = a.outputs[0]!;
    const equal = (one: ArrayLike<number>, other: ArrayLike<number>) =>
      one.length === other.length && Array.prototype.every.call(one, (value, i) => Object.is(value, other[i]));
    if (same(x.shape, y.shape) && equal(x.data, y.data)) {
      this.hold(name, x.shape, x.elementType, x.data);
    } else if (a.sizes !== undefined && x.data.length === y.data.length) {
      this.sizes(name, x.data, y.data, a.sizes === 'target');
    } else if (
      x.shape.length === y.shape.length &&
      x.data.every((v) => v === x.data[0]) &&
      y.data.every((v) => v === x.data[0])
    ) {
      // One number everywhere, such as an initial state of zeros, expanded to the batch.
      const value = this.hold(`${name}_value`, [], x.elementType, [x.data[0]!]);
      this.sizes(`${name}_shape`, x.shape, y.shape, false);
      this.push('Expand', [value, `${name}_shape`], [name]);
    } else {
      differs('a constant');
    }
  }

  /** A list of sizes; those that differ are multiples of the batch. */
  private sizes(name: string, a: ArrayLike<number>, b: ArrayLike<number>, mayInfer: boolean): void {
    const { open } = this;
    const varying = Array.from(a).flatMap((size, i) => (size === b[i] ? [] : [i]));
    if (mayInfer && varying.length === 1 && !Array.from(a).includes(0)) {
      this.hold(
        name,
        [a.length],
        INT64,
        Array.from(a, (size, i) => (i === varying[0] ? -1 : size)),
      );
      return;
    }
    const parts = Array.from(a, (size, i) => {
      const part = `${name}_${i}`;
      if (size === b[i]) return this.hold(part, [1], INT64, [size]);
      const factor = size / BATCHES[0];
      if (open === null || !Number.isInteger(factor) || factor * BATCHES[1] !== b[i]) differs('a size');
      this.push('Mul', [this.batchSize(open), this.hold(`${part}_factor`, [1], INT64, [factor])], [part]);
      return part;
    });
    this.push('Concat', parts, [name], [attributeProto(['axis', 0])]);
  }

  private batchSize({ input, dim }: OpenInput): string {
    if (this.batch === null) {
      this.push('Shape', [input], ['batch_shape']);
      this.push('Gather', ['batch_shape', this.hold('batch_dim', [1], INT64, [dim])], ['batch_size']);
      this.batch = 'batch_size';
    }
    return this.batch;
  }
}

/** Numbers of AttributeProto.AttributeType. */
function attributeProto([name, value]: [string, DraftAttribute]): Written<AttributeProto> {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: value };
  if ('float' in value) return { name, type: 1, f: Math.fround(value.float) };
  return isTexts(value) ? { name, type: 8, strings: [...value] } : { name, type: 7, ints: [...value] };
}

/** An input or output of the graph. */
interface End extends Written<ValueInfoProto> {
  name: string;
}

/** `a` and `b`: the shapes that the two traces gave. */
function valueInfo(name: string, dtype: DType, a: OnnxInputShape, b: OnnxInputShape): End {
  const dim = a.map((size, i) => {
    if (size === null || (size === BATCHES[0] && b[i] === BATCHES[1])) return { dimParam: BATCH };
    return size === b[i] ? { dimValue: size } : {};
  });
  return { name, type: { tensorType: { elemType: elementTypes[dtype], shape: { dim } } } };
}

/** Names for this many values: those given, or the default one, numbered if there are several. */
function namesFor(argument: string, given: readonly string[] | undefined, count: number, name: string): string[] {
  if (given === undefined) return Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}${i}`));
  if (!Array.isArray(given) || given.length !== count || given.some((text) => typeof text !== 'string' || text === ''))
    refuse(ArgumentError, op, `${argument} must be ${count} names, got ${JSON.stringify(given)}`, {
      argument,
      got: given,
    });
  return [...given];
}

function isShape(given: OnnxInputShape | readonly OnnxInputShape[]): given is OnnxInputShape {
  return !Array.isArray(given[0]);
}

function checkShapes(inputShape: OnnxInputShape | readonly OnnxInputShape[]): readonly OnnxInputShape[] {
  if (!Array.isArray(inputShape))
    refuse(ArgumentError, op, `inputShape must be a list of sizes, got ${String(inputShape)}`, {
      argument: 'inputShape',
    });
  const shapes = isShape(inputShape) ? [inputShape] : inputShape;
  for (const shape of shapes) {
    checkShape(
      op,
      shape.map((size) => size ?? 1),
    );
    if (shape.filter((size) => size === null).length > 1)
      refuse(ArgumentError, op, 'only one size of an input may be null, that of the batch', {
        argument: 'inputShape',
        got: shape,
      });
  }
  return shapes;
}

/**
 * A model as an ONNX file (opset 17), for every runtime that reads such files. The model's forward is traced in evaluation mode on
 * examples of the input shapes, so that layers, functions and custom modules can all be exported; parameters keep the names of the
 * state dict. One size of each input may be null: that of the batch, which the file then leaves open, the same in all inputs.
 * The model must not be on a GPU.
 *
 * @param inputShape including the batch: [1, 784] or [null, 784]; a list of shapes for several inputs
 * @throws ArgumentError that names what cannot be exported: an operation that ONNX does not have, changes in place, control flow that
 * depends on values; DeviceError for a model on webgpu
 * @see https://onnx.ai
 * @example
 * const bytes = exportOnnx(model, [null, 4]); // null: the size of the batch stays open
 * const tokens = exportOnnx(new nn.Embedding(100, 8), [1, 20], { dtypes: ['int32'] });
 */
export function exportOnnx(
  model: Module,
  inputShape: OnnxInputShape | readonly OnnxInputShape[],
  options: ExportOnnxOptions = {},
): Uint8Array {
  if (arguments.length > 3) noMore('exportOnnx', 3, arguments);
  if (!isInstance(model, Module))
    refuse(ArgumentError, op, 'model must be a module', { argument: 'model', got: model });
  checkOptions(op, options, { inputNames: VALUE, outputNames: VALUE, dtypes: VALUE });
  const shapes = checkShapes(inputShape);
  const dtypes = options.dtypes ?? shapes.map((): DType => 'float32');
  if (
    !Array.isArray(dtypes) ||
    dtypes.length !== shapes.length ||
    dtypes.some((dtype) => !Object.hasOwn(elementTypes, dtype))
  )
    refuse(
      ArgumentError,
      op,
      `dtypes must be ${shapes.length} of float32, int32, bool, got ${JSON.stringify(dtypes)}`,
      { argument: 'dtypes', got: dtypes },
    );
  const inputNames = namesFor('inputNames', options.inputNames, shapes.length, 'input');
  const state = model.stateDict();
  const remote = Object.values(state).find(({ executor }) => executor.download !== undefined);
  if (remote !== undefined)
    refuse(DeviceError, op, `the model is on ${remote.device}, whose values cannot be read synchronously`, {
      argument: 'model',
      got: remote.device,
    });
  const inputs = shapes.map((shape, i) => ({ name: inputNames[i]!, dtype: dtypes[i]!, shape }));
  const traceOf = (batch: number, seed: number) => {
    const examples = inputs.map(({ shape, dtype }): Example => ({ shape: shape.map((s) => s ?? batch), dtype }));
    return traceModel(model, examples, seed);
  };
  const [first, second] = [traceOf(BATCHES[0], 0), traceOf(BATCHES[1], 1)];
  if (first.outputs.length === 0)
    refuse(ArgumentError, op, 'the forward of the model gives no tensor', { argument: 'model' });
  const outputNames = namesFor('outputNames', options.outputNames, first.outputs.length, 'output');
  const names = [...inputNames, ...outputNames];
  const twice = names.find((name, i) => names.indexOf(name) !== i || Object.hasOwn(state, name));
  if (twice !== undefined)
    refuse(ArgumentError, op, `${twice} is the name of two values`, { argument: 'inputNames', got: twice });

  const [a, b] = [emit(first, inputNames), emit(second, inputNames)];
  if (a.outputs.length !== b.outputs.length) differs('the number of outputs');
  const open = inputs.find(({ shape }) => shape.includes(null));
  const merger = new Merger(open === undefined ? null : { input: open.name, dim: open.shape.indexOf(null) });
  const [draftsA, draftsB] = [needed(a.drafts, a.outputs), needed(b.drafts, b.outputs)];
  for (let i = 0; i < Math.max(draftsA.length, draftsB.length); i++) {
    const [x, y] = [draftsA[i], draftsB[i]];
    if (x === undefined || y === undefined) differs('the number of operations');
    merger.add(x, y);
  }
  const valuesOf = (trace: Trace) => trace.outputs.map((place) => trace.values[place]!);
  const [values, others] = [valuesOf(first), valuesOf(second)];
  return serialize(merger.nodes, a.outputs, {
    inputs: inputs.map(({ name, dtype, shape }) => valueInfo(name, dtype, shape, shape)),
    outputs: values.map(({ dtype, shape }, i) => valueInfo(outputNames[i]!, dtype, shape, others[i]!.shape)),
    state,
  });
}

interface Ends {
  inputs: End[];
  outputs: End[];
  state: ReturnType<Module['stateDict']>;
}

function serialize(nodes: readonly Node[], made: readonly string[], ends: Ends): Uint8Array {
  // Values that nodes made get the names of the outputs; inputs, parameters and outputs given twice are copied.
  const renamed = new Map<string, string>();
  const copies: Node[] = [];
  ends.outputs.forEach(({ name: output }, i) => {
    const name = made[i]!;
    if (nodes.some((node) => node.output.includes(name)) && !renamed.has(name)) renamed.set(name, output);
    else
      copies.push({ input: [renamed.get(name) ?? name], output: [output], name: `node_${output}`, opType: 'Identity' });
  });
  const rename = (list: readonly string[]) => list.map((name) => renamed.get(name) ?? name);
  const node = [...nodes.map((n) => ({ ...n, input: rename(n.input), output: rename(n.output) })), ...copies];
  const used = new Set(node.flatMap(({ input }) => input));
  const initializer = Object.entries(ends.state)
    .filter(([name]) => used.has(name))
    .map(([name, t]) => tensorProtoOf(t.shape, elementTypes[t.dtype], t.dataSync(), name));
  const graph = { node, name: 'saraf', initializer, input: ends.inputs, output: ends.outputs };
  const model: Written<ModelProto> = {
    irVersion: IR_VERSION,
    producerName: 'saraf',
    graph,
    opsetImport: [{ domain: '', version: OPSET }],
  };
  return writeModel(model);
}
