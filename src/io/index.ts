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
} from './model.ts';
export { type ExportOnnxOptions, exportOnnx, type OnnxInputShape } from './onnx/export.ts';
export { loadSafetensors, safetensorsMetadata, saveSafetensors } from './safetensors.ts';
