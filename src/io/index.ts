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
export { loadSafetensors, safetensorsMetadata, saveSafetensors, saveSafetensorsAsync } from './safetensors.ts';
