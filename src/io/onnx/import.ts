/** Models from ONNX files. */

import { ArgumentError, refuse } from '../../../bindings/errors.ts';
import { isUint8Array } from '../../../bindings/realm.ts';
import { checkOptions, noMore, VALUE } from '../../options.ts';
import { givenMaxElements, limitOf, withBudget } from '../../tensor/budget.ts';
import { numelOf, type Shape } from '../../tensor/shapes.ts';
import type { Operation } from './context.ts';
import { readGraph } from './graph.ts';
import { OnnxModel } from './model.ts';
import { basicOperations } from './opsBasic.ts';
import { layerOperations } from './opsLayers.ts';
import { recurrentOperations } from './opsRecurrent.ts';
import { shapeOperations } from './opsShapes.ts';
import { readModel } from './wire.ts';

const operations: Readonly<Record<string, Operation>> = {
  ...basicOperations,
  ...shapeOperations,
  ...layerOperations,
  ...recurrentOperations,
};

/**
 * Elements that a file may ask for while it is read, for each of its bytes and in addition. A message costs 64 and has about 10 bytes or
 * more; weights of 16 bits are allocated up to three times.
 */
const ELEMENTS_A_BYTE = 8;
const FREE_ELEMENTS = 2 ** 23;
/** Bytes of a weight. */
const WEIGHT_BYTES = 4;

/** Options of `loadOnnx`. */
export interface LoadOnnxOptions {
  /**
   * Elements that reading the file, and each run of the model, may ask for: the inputs and outputs of all nodes, freed values included.
   * Default: for reading, 8 for each byte of the file plus 2^23; for a run, 64 for each byte, 2^18 for each element of the inputs (more
   * if a dimension has more than 64, because attention is quadratic), plus 2^25. That is several times what the largest
   * models for images and texts ask for. Raise it for files that you trust.
   */
  maxElements?: number;
}

/**
 * The model of an ONNX file, as PyTorch, Keras and others export it (opset 7 and later), ready to run and to be trained further:
 * float initializers become parameters under their names. Integers of 64 bits become int32, floats of 16 and 64 bits become float32.
 * The file is checked as a whole before a tensor is made. Operations that saraf does not have, subgraphs (If, Loop) and data in
 * other files are refused; a node's attributes are checked when it runs. Time and memory are bounded by the size of the
 * file and of the inputs: a graph whose attributes ask for more is refused at the node in question.
 *
 * @throws FormatError if the file is damaged, names operations that are not supported (it lists all of them), or asks for more than
 * `maxElements`
 * @see https://onnx.ai
 * @example
 * const bytes = new Uint8Array(await (await fetch('model.onnx')).arrayBuffer());
 * const network = loadOnnx(bytes);
 * const output = network.forward(randn(1, 3, 224, 224));
 */
export function loadOnnx(bytes: Uint8Array, options: LoadOnnxOptions = {}): OnnxModel {
  if (arguments.length > 2) noMore('loadOnnx', 2, arguments);
  const op = 'loadOnnx';
  if (!isUint8Array(bytes)) refuse(ArgumentError, op, 'bytes must be a Uint8Array', { argument: 'bytes', got: bytes });
  checkOptions(op, options, { maxElements: VALUE });
  const { maxElements } = options;
  const size = bytes.length;
  return withBudget(
    limitOf(op, maxElements, ELEMENTS_A_BYTE * size + FREE_ELEMENTS),
    () => new OnnxModel(readGraph(readModel(bytes)), operations, { size, maxElements }),
  );
}

/** The model of a file whose weights are stored elsewhere: zeros of these shapes take their places. It is read within the caller's budget. */
export function withoutWeights(
  bytes: Uint8Array,
  weights: readonly (readonly [name: string, shape: Shape])[],
): OnnxModel {
  const graph = readGraph(readModel(bytes), weights);
  const size = weights.reduce((sum, [, shape]) => sum + WEIGHT_BYTES * numelOf(shape), bytes.length);
  return new OnnxModel(graph, operations, { size, maxElements: givenMaxElements() });
}
