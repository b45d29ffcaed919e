/** Imported models in files of `saveModel`: the graph as an ONNX file without weights, which are stored like those of any model. */
import { fromBase64, toBase64 } from '../../../bindings/host.ts';
import type { Shape } from '../../tensor/shapes.ts';
import type { OnnxGraph } from './graph.ts';
import { withoutWeights } from './import.ts';
import type { OnnxModel } from './model.ts';
import { type Attribute, isLiteral, isTexts } from './node.ts';
import { BOOL, elementTypes, FLOAT, fail, INT64, type Literal, tensorProtoOf } from './tensors.ts';
import { type AttributeProto, type ModelProto, type TensorProto, type Written, writeModel } from './wire.ts';

function tensorProto({ dtype, shape, values, elementType }: Literal, name?: string): Written<TensorProto> {
  if (elementType !== undefined)
    return {
      dims: [...shape],
      dataType: elementType,
      int32Data: Array.from(values),
      ...(name === undefined ? {} : { name }),
    };
  return tensorProtoOf(shape, { float32: FLOAT, int32: INT64, bool: BOOL }[dtype], Array.from(values), name);
}

/** Whole numbers become integers, others floats: both are numbers when they are read. */
function attributeProto([name, value]: [string, Attribute]): Written<AttributeProto> {
  if (typeof value === 'string') return { name, type: 3, s: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { name, type: 2, i: value } : { name, type: 1, f: value };
  if (isLiteral(value)) return { name, type: 4, t: tensorProto(value) };
  if (isTexts(value)) return { name, type: 8, strings: [...value] };
  return value.every(Number.isSafeInteger) ? { name, type: 7, ints: value } : { name, type: 6, floats: value };
}

function fileOf({ opset, inputs, outputs, nodes, initializers, narrow }: OnnxGraph): Uint8Array {
  const model: Written<ModelProto> = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      node: nodes.map(({ op, label, inputs: input, outputs: output, attributes }) => ({
        opType: op,
        name: label.replace(/^node /, ''),
        input: [...input],
        output: [...output],
        attribute: [...attributes].map(attributeProto),
      })),
      initializer: Array.from(initializers, ([name, value]) => tensorProto(value, name)),
      input: inputs.map(({ name, dtype, shape }) => {
        const dim = shape?.map((size) => (size === null ? {} : { dimValue: size }));
        const elemType = narrow.get(name) ?? elementTypes[dtype];
        return { name, type: { tensorType: { elemType, ...(dim ? { shape: { dim } } : {}) } } };
      }),
      output: outputs.map((name) => ({ name })),
    },
  };
  return writeModel(model);
}

/** Constructor arguments in a file of `saveModel`: the graph in base64, and names and shapes of its weights. */
export function saveOnnxModel(model: OnnxModel): unknown[] {
  const { graph, learned } = model.structure;
  const state = model.stateDict();
  let text = '';
  for (const byte of fileOf(graph)) text += String.fromCharCode(byte);
  return [toBase64(text), learned.map(([name, field]) => [name, state[field]!.shape])];
}

function isWeight(given: unknown): given is [name: string, shape: Shape] {
  if (!Array.isArray(given)) return false;
  const [name, shape] = given;
  return typeof name === 'string' && Array.isArray(shape) && shape.every((size) => typeof size === 'number');
}

export function loadOnnxModel([text, weights]: readonly unknown[]): OnnxModel {
  if (typeof text !== 'string' || !Array.isArray(weights) || !weights.every(isWeight))
    return fail('the saved graph is damaged');
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(fromBase64(text), (character) => character.charCodeAt(0));
  } catch {
    return fail('the saved graph is not base64');
  }
  return withoutWeights(bytes, weights);
}
