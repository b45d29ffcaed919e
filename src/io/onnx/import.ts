/** Models from ONNX files. */
import { ArgumentError } from '../../../bindings/errors.ts';
import type { Shape } from '../../tensor/shapes.ts';
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
 * The model of an ONNX file, as PyTorch, Keras and others export it (opset 7 and later), ready to run and to be trained further:
 * float initializers become parameters under their names. Integers of 64 bits become int32, floats of 16 and 64 bits float32.
 * The file is checked as a whole before a tensor is made. Operations that saraf does not have, subgraphs (If, Loop) and data in
 * other files are refused; what a node's attributes ask for is checked when it runs.
 *
 * @throws FormatError where the file is damaged, or names operations that are not supported: all of them at once
 * @see https://onnx.ai
 * @example
 * const bytes = new Uint8Array(await (await fetch('model.onnx')).arrayBuffer());
 * const network = loadOnnx(bytes);
 * const output = network.forward(randn(1, 3, 224, 224));
 */
export function loadOnnx(bytes: Uint8Array): OnnxModel {
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError('loadOnnx: bytes must be a Uint8Array', { op: 'loadOnnx', argument: 'bytes', got: bytes });
  }
  return new OnnxModel(readGraph(readModel(bytes)), operations);
}

/** The model of a file whose weights stand elsewhere: zeros of these shapes take their places. */
export function withoutWeights(
  bytes: Uint8Array,
  weights: readonly (readonly [name: string, shape: Shape])[],
): OnnxModel {
  return new OnnxModel(readGraph(readModel(bytes), weights), operations);
}
