/** The functions of `saraf` for files, with paths instead of bytes. Files are written as a whole or not at all. */

import { readFileSync } from 'node:fs';
import * as io from '../io/index.ts';
import type { Module, StateDict } from '../nn/module.ts';
import { noMore } from '../options.ts';
import { writeAtomically } from './write.ts';

/**
 * Writes a safetensors file.
 *
 * @example
 * saveSafetensors(model.stateDict(), 'weights.safetensors');
 */
export function saveSafetensors(state: StateDict, path: string, metadata?: Readonly<Record<string, string>>): void {
  if (arguments.length > 3) noMore('saveSafetensors', 3, arguments);
  writeAtomically(path, io.saveSafetensors(state, metadata));
}

/**
 * Reads a safetensors file.
 *
 * @throws FormatError if it is damaged, or asks for more than `maxElements`
 * @example
 * model.loadStateDict(loadSafetensors('weights.safetensors'));
 */
export function loadSafetensors(path: string, options: io.LoadSafetensorsOptions = {}): StateDict {
  if (arguments.length > 2) noMore('loadSafetensors', 2, arguments);
  return io.loadSafetensors(readFileSync(path), options);
}

/**
 * Writes a model with everything that is needed to continue training it.
 *
 * @example
 * saveModel(model, 'model.safetensors', { optimizer, epoch: 5 });
 */
export function saveModel(model: Module, path: string, options: io.SaveModelOptions = {}): void {
  if (arguments.length > 3) noMore('saveModel', 3, arguments);
  writeAtomically(path, io.saveModel(model, options));
}

/**
 * Writes a model as an ONNX file.
 *
 * @example
 * exportOnnx(model, [null, 4], 'model.onnx');
 */
export function exportOnnx(
  model: Module,
  inputShape: io.OnnxInputShape | readonly io.OnnxInputShape[],
  path: string,
  options: io.ExportOnnxOptions = {},
): void {
  if (arguments.length > 4) noMore('exportOnnx', 4, arguments);
  writeAtomically(path, io.exportOnnx(model, inputShape, options));
}

/**
 * Reads the model of an ONNX file.
 *
 * @throws FormatError if it is damaged, names operations that are not supported, or asks for more than `maxElements`
 * @example
 * const network = loadOnnx('model.onnx');
 */
export function loadOnnx(path: string, options: io.LoadOnnxOptions = {}): io.OnnxModel {
  if (arguments.length > 2) noMore('loadOnnx', 2, arguments);
  return io.loadOnnx(readFileSync(path), options);
}

/**
 * Reads a model that `saveModel` wrote.
 *
 * @throws FormatError if the file is damaged, names a layer that is not known, or asks for more than `maxElements`
 * @example
 * const { model: restored, optimizer: itsOptimizer, epoch } = loadModel('model.safetensors');
 */
export function loadModel(path: string, options: io.LoadModelOptions = {}): io.SavedModel {
  if (arguments.length > 2) noMore('loadModel', 2, arguments);
  return io.loadModel(readFileSync(path), options);
}
