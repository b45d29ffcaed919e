/**
 * Models as ONNX files. The forward pass is traced twice, on different numbers and, where the batch is left open, on batches of
 * different size; both traces become nodes, and must become the same ones. What differs depends on values that a file cannot know
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

/** Version of the operators: the newest that all runtimes of the last years know. */
const OPSET = 17;
const IR_VERSION = 8;
/** Name of the batch's size in shapes. */
const BATCH = 'N';
/** The two sizes that an open batch is traced with. */
const BATCHES = [2, 3] as const;

/** Sizes of an input; null where the batch stands that is left open. */
export type OnnxInputShape = readonly (number | null)[];

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions {
  /** Default 'input', or 'input0', 'input1' … */
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
    if (emitter === undefined) throw cannot(step.op, 'there is no such operation in ONNX, or none that saraf writes');
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
    `${what} comes out differently for other inputs of the same kind: the model's way or its constants depend on the values (or on the size of the batch, or on random numbers), which ONNX cannot express`,
    { argument: 'model', got: what },
  );
}

/** Puts two drafts of the same graph together, which differ in sizes of the batch alone. */
class Merger {
  readonly nodes: Written<NodeProto>[] = [];
  /** Name of the batch's size as a tensor [1], once it is needed. */
  private batch: string | null = null;

  /** `open`: an input whose batch is left open, and which of its dimensions that is. */
  constructor(private readonly open: { input: string; dim: number } | null) {}

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
    if (a.constant === undefined) {
      this.push(a.op, a.inputs, a.outputs, Object.entries(a.attributes).map(attributeProto));
      return;
    }
    const [name, x, y] = [a.outputs[0]!, a.constant, b.constant!];
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
      // One number everywhere, such as an initial state of zeros, stretched to the batch.
      const value = this.hold(`${name}_value`, [], x.elementType, [x.data[0]!]);
      this.sizes(`${name}_shape`, x.shape, y.shape, false);
      this.push('Expand', [value, `${name}_shape`], [name]);
    } else {
      differs('a constant');
    }
  }

  /** A list of sizes that are multiples of the batch where they differ. */
  private sizes(name: string, a: ArrayLike<number>, b: ArrayLike<number>, mayInfer: boolean): void {
    const open = Array.from(a).flatMap((size, i) => (size === b[i] ? [] : [i]));
    if (mayInfer && open.length === 1 && !Array.from(a).includes(0)) {
      this.hold(
        name,
        [a.length],
        INT64,
        Array.from(a, (size, i) => (i === open[0] ? -1 : size)),
      );
      return;
    }
    const parts = Array.from(a, (size, i) => {
      const part = `${name}_${i}`;
      if (size === b[i]) return this.hold(part, [1], INT64, [size]);
      const factor = size / BATCHES[0];
      if (this.open === null || !Number.isInteger(factor) || factor * BATCHES[1] !== b[i]) differs('a size');
      this.push('Mul', [this.batchSize(), this.hold(`${part}_factor`, [1], INT64, [factor])], [part]);
      return part;
    });
    this.push('Concat', parts, [name], [attributeProto(['axis', 0])]);
  }

  private batchSize(): string {
    if (this.batch === null) {
      const { input, dim } = this.open!;
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
  if (typeof value[0] === 'string') return { name, type: 8, strings: value as string[] };
  return { name, type: 7, ints: value as number[] };
}

function valueInfo(name: string, dtype: DType, a: OnnxInputShape, b: OnnxInputShape): Written<ValueInfoProto> {
  const dim = a.map((size, i) => {
    if (size === null || (size === BATCHES[0] && b[i] === BATCHES[1])) return { dimParam: BATCH };
    return size === b[i] ? { dimValue: size } : {};
  });
  return { name, type: { tensorType: { elemType: elementTypes[dtype], shape: { dim } } } };
}

/** Names for so many values: those given, or the default one, numbered if there are several. */
function namesFor(argument: string, given: readonly string[] | undefined, count: number, name: string): string[] {
  if (given === undefined) return Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}${i}`));
  if (!Array.isArray(given) || given.length !== count || given.some((text) => typeof text !== 'string' || text === ''))
    refuse(ArgumentError, op, `${argument} must be ${count} names, got ${JSON.stringify(given)}`, {
      argument,
      got: given,
    });
  return [...given];
}

function checkShapes(inputShape: OnnxInputShape | readonly OnnxInputShape[]): OnnxInputShape[] {
  if (!Array.isArray(inputShape))
    refuse(ArgumentError, op, `inputShape must be a list of sizes, got ${String(inputShape)}`, {
      argument: 'inputShape',
    });
  const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as OnnxInputShape[];
  for (const shape of shapes) {
    checkShape(
      op,
      shape.map((size) => size ?? 1),
    );
    if (shape.filter((size) => size === null).length > 1)
      refuse(ArgumentError, op, 'one size of an input may be null, that of the batch', {
        argument: 'inputShape',
        got: shape,
      });
  }
  return shapes;
}

/**
 * A model as an ONNX file (opset 17), for every runtime that reads those. The model's forward is followed in evaluation mode on
 * examples of the input shapes, so that layers, functions and custom modules all can be exported; parameters keep the names of the
 * state dict. One size of each input may be null: that of the batch, which the file then leaves open, the same in all inputs.
 * The model must not be on a GPU.
 *
 * @param inputShape with the batch: [1, 784] or [null, 784]; a list of shapes for several inputs
 * @throws ArgumentError naming what cannot be exported: an operation that ONNX has not, changes in place, a way through the model
 * that depends on values; DeviceError for a model on webgpu
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
    refuse(DeviceError, op, `the model is on ${remote.device}, whose values cannot be read at once`, {
      argument: 'model',
      got: remote.device,
    });
  const [first, second] = BATCHES.map((batch, seed) => {
    const examples = shapes.map((shape, i): Example => ({ shape: shape.map((s) => s ?? batch), dtype: dtypes[i]! }));
    return traceModel(model, examples, seed);
  }) as [Trace, Trace];
  if (first.outputs.length === 0)
    refuse(ArgumentError, op, 'the forward of the model gives no tensor', { argument: 'model' });
  const outputNames = namesFor('outputNames', options.outputNames, first.outputs.length, 'output');
  const names = [...inputNames, ...outputNames];
  const twice = names.find((name, i) => names.indexOf(name) !== i || Object.hasOwn(state, name));
  if (twice !== undefined)
    refuse(ArgumentError, op, `${twice} is the name of two values`, { argument: 'inputNames', got: twice });

  const [a, b] = [first, second].map((trace) => emit(trace, inputNames)) as [
    ReturnType<typeof emit>,
    ReturnType<typeof emit>,
  ];
  if (a.outputs.length !== b.outputs.length) differs('the number of outputs');
  const openInput = shapes.findIndex((shape) => shape.includes(null));
  const merger = new Merger(
    openInput < 0 ? null : { input: inputNames[openInput]!, dim: shapes[openInput]!.indexOf(null) },
  );
  const [draftsA, draftsB] = [needed(a.drafts, a.outputs), needed(b.drafts, b.outputs)];
  for (let i = 0; i < Math.max(draftsA.length, draftsB.length); i++) {
    const [x, y] = [draftsA[i], draftsB[i]];
    if (x === undefined || y === undefined) differs('the number of operations');
    merger.add(x, y);
  }
  return serialize(merger.nodes, a.outputs, {
    inputs: shapes.map((shape, i) => valueInfo(inputNames[i]!, dtypes[i]!, shape, shape)),
    outputs: first.outputs.map((place, i) => {
      const value = first.values[place]!;
      return valueInfo(outputNames[i]!, value.dtype, value.shape, second.values[second.outputs[i]!]!.shape);
    }),
    parameters: first.values.filter(({ from }) => from === 'parameter').map(({ name }) => name!),
    state,
  });
}

interface Ends {
  inputs: Written<ValueInfoProto>[];
  outputs: Written<ValueInfoProto>[];
  parameters: string[];
  state: ReturnType<Module['stateDict']>;
}

function serialize(nodes: Written<NodeProto>[], made: readonly string[], ends: Ends): Uint8Array {
  // Values that nodes made are called as the outputs are to be called; inputs, parameters and outputs given twice are copied.
  const renamed = new Map<string, string>();
  const copies: Written<NodeProto>[] = [];
  made.forEach((name, i) => {
    const output = ends.outputs[i]!.name!;
    if (nodes.some((node) => node.output!.includes(name)) && !renamed.has(name)) renamed.set(name, output);
    else
      copies.push({ input: [renamed.get(name) ?? name], output: [output], name: `node_${output}`, opType: 'Identity' });
  });
  const rename = (list: string[]) => list.map((name) => renamed.get(name) ?? name);
  const node = [...nodes.map((n) => ({ ...n, input: rename(n.input!), output: rename(n.output!) })), ...copies];
  const used = new Set(node.flatMap((n) => n.input!));
  const initializer = ends.parameters
    .filter((name) => used.has(name))
    .map((name) => {
      const t = ends.state[name]!;
      return tensorProtoOf(t.shape, elementTypes[t.dtype], t.dataSync(), name);
    });
  const graph = { node, name: 'saraf', initializer, input: ends.inputs, output: ends.outputs };
  const model: Written<ModelProto> = {
    irVersion: IR_VERSION,
    producerName: 'saraf',
    graph,
    opsetImport: [{ domain: '', version: OPSET }],
  };
  return writeModel(model);
}
