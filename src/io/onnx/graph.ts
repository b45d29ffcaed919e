/**
 * The graph of an ONNX file, checked as a whole before anything is made from it: every name has one origin, every input of a node comes
 * from an earlier one, sizes match the data. It does not know the operations.
 */
import type { DType } from '../../../bindings/executor.ts';
import { isNarrow, narrowTypeOf } from './narrow.ts';
import type { Attribute, OnnxNode } from './node.ts';
import { dtypeOf, fail, type Literal, readTensor, shapeOf } from './tensors.ts';
import type { AttributeProto, ModelProto, NodeProto, ValueInfoProto } from './wire.ts';

/** An input of the model. */
export interface OnnxInput {
  /** Its name in the file. */
  name: string;
  /** The type that its tensor must have. */
  dtype: DType;
  /** null for a size that the file leaves open; null as a whole if the file gives no shape. */
  shape: readonly (number | null)[] | null;
}

export interface OnnxGraph {
  opset: number;
  inputs: OnnxInput[];
  outputs: string[];
  nodes: OnnxNode[];
  initializers: Map<string, Literal>;
  /** Element types of the values that are integers of 8 or 16 bits. */
  narrow: ReadonlyMap<string, number>;
}

/** The oldest version of the operators that is supported. Later versions mean the same wherever they keep the form of an operator. */
const OLDEST_OPSET = 7;

/** Numbers of AttributeProto.AttributeType that hold values. */
function attributeValue(node: string, a: AttributeProto): Attribute {
  const label = `attribute ${a.name} of ${node}`;
  if (a.g !== undefined || a.graphs.length > 0 || a.type === 5 || a.type === 10)
    return fail(`${node} has a subgraph (${a.name}); control flow is not supported`);
  if (a.refAttrName) return fail(`${label} refers to a function's`);
  switch (a.type) {
    case 1:
      return a.f ?? 0;
    case 2:
      return a.i ?? 0;
    case 3:
      return a.s ?? '';
    case 4:
      return a.t === undefined ? fail(`${label} is missing its tensor`) : readTensor(label, a.t);
    case 6:
      return a.floats;
    case 7:
      return a.ints;
    case 8:
      return a.strings;
    default:
      return fail(`${label} has type ${a.type}, which is not supported`);
  }
}

function readNode(proto: NodeProto): OnnxNode {
  const { input, output, opType = '', domain = '' } = proto;
  const label = `node ${proto.name || output.find((name) => name !== '') || opType}`;
  if (opType === '') fail(`${label} has no operation`);
  const attributes = new Map<string, Attribute>();
  for (const a of proto.attribute) {
    const { name } = a;
    if (!name || attributes.has(name)) fail(`${label} has two attributes ${name ?? ''}`);
    attributes.set(name, attributeValue(label, a));
  }
  const isOwn = domain === '' || domain === 'ai.onnx';
  return { op: isOwn ? opType : `${domain}.${opType}`, label, inputs: input, outputs: output, attributes };
}

function readInput({ name = '', type }: ValueInfoProto): OnnxInput {
  const tensorType = type?.tensorType;
  if (name === '') fail('an input has no name');
  if (tensorType === undefined) return fail(`input ${name} is not a tensor`);
  const dtype = dtypeOf(tensorType.elemType ?? 0);
  if (dtype === null) return fail(`input ${name} has element type ${tensorType.elemType}, which is not supported`);
  const shape = tensorType.shape?.dim.map(({ dimValue, dimParam }) => (dimParam ? null : (dimValue ?? null))) ?? null;
  shapeOf(
    `input ${name}`,
    (shape ?? []).map((size) => size ?? 1),
  );
  return { name, dtype, shape };
}

/** The graph of a model. `absent`: weights that are stored elsewhere; their values are empty. */
export function readGraph(
  model: ModelProto,
  absent: readonly (readonly [name: string, shape: readonly number[]])[] = [],
): OnnxGraph {
  const { graph } = model;
  if (graph === undefined) return fail('the bytes are not an ONNX model (there is no graph)');
  if (graph.sparseInitializer.length > 0) fail('sparse initializers are not supported');
  const opset = model.opsetImport.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx')?.version;
  if (opset === undefined) return fail('it does not say which version of the operators it uses');
  if (opset < OLDEST_OPSET) fail(`it uses opset ${opset}; ${OLDEST_OPSET} is the oldest that is supported`);

  const known = new Set<string>();
  const define = (name: string) => {
    if (known.has(name)) fail(`${name} is defined twice`);
    known.add(name);
  };
  const initializers = new Map<string, Literal>();
  for (const proto of graph.initializer) {
    const name = proto.name ?? '';
    if (name === '') fail('an initializer has no name');
    define(name);
    initializers.set(name, readTensor(name, proto));
  }
  for (const [name, shape] of absent) {
    define(name);
    shapeOf(name, shape);
    initializers.set(name, { dtype: 'float32', shape, values: new Float32Array(0) });
  }
  // Old files list initializers among the inputs.
  const inputs = graph.input.filter(({ name = '' }) => !initializers.has(name)).map(readInput);
  for (const { name } of inputs) define(name);
  const narrow = new Map<string, number>();
  for (const { name = '', type } of graph.input) {
    const elementType = type?.tensorType?.elemType ?? 0;
    if (isNarrow(elementType)) narrow.set(name, elementType);
  }
  for (const [name, { elementType }] of initializers) if (elementType !== undefined) narrow.set(name, elementType);
  const nodes = graph.node.map(readNode);
  for (const node of nodes) {
    const { label, inputs: sources, outputs } = node;
    const elementType = narrowTypeOf(node, narrow);
    // Further results are positions, except those of Split.
    for (const name of node.op === 'Split' ? outputs : outputs.slice(0, 1))
      if (elementType !== undefined) narrow.set(name, elementType);
    for (const name of sources) {
      if (name !== '' && !known.has(name))
        fail(`${label} takes ${name}, which nothing before it gives: it is missing, or the nodes go in a circle`);
    }
    for (const name of outputs) if (name !== '') define(name);
  }
  const outputs = graph.output.map(({ name = '' }) => name);
  if (outputs.length === 0) fail('it has no outputs');
  for (const name of outputs) if (!known.has(name)) fail(`output ${name} is not given by any node`);
  return { opset, inputs, outputs, nodes, initializers, narrow };
}
