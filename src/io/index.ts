/** Models and tensors as files. */
export { registerLayer } from './architecture.ts';
export {
  type AnyOptimizer,
  type LoadModelOptions,
  loadModel,
  type SavedModel,
  type SaveModelOptions,
  type Stateful,
  saveModel,
  saveModelAsync,
} from './model.ts';
export { type ExportOnnxOptions, exportOnnx, type OnnxInputShape } from './onnx/export.ts';
export type { OnnxInput } from './onnx/graph.ts';
export { type LoadOnnxOptions, loadOnnx } from './onnx/import.ts';
export type { OnnxModel } from './onnx/model.ts';
export {
  type LoadSafetensorsOptions,
  loadSafetensors,
  safetensorsMetadata,
  saveSafetensors,
  saveSafetensorsAsync,
} from './safetensors.ts';
