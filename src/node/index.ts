/**
 * Everything that needs a file system or a terminal, for Node, Deno and Bun: data sets and models in files, callbacks that write.
 *
 * @example
 * import { nn } from 'saraf';
 * import { loadModel, saveModel } from 'saraf/node';
 *
 * saveModel(new nn.Sequential(new nn.Linear(4, 3)), 'model.safetensors');
 * const { model } = loadModel('model.safetensors');
 * @module saraf/node
 */
import '../methods/tensor.ts';

export { FormatError } from '../../bindings/errors.ts';
export {
  type CheckpointOptions,
  type CheckpointState,
  CSVLogger,
  type CsvLoggerOptions,
  ModelCheckpoint,
  ProgressBar,
} from './callbacks.ts';
export { type CsvOptions, CsvTable, type CsvValue, parseCsv, readCsv } from './csv.ts';
export { type IdxArray, parseIdx } from './idx.ts';
export { ImageFolder, type ImageFolderOptions, imageFolder } from './imageFolder.ts';
export { type Imdb, imdb } from './imdb.ts';
export { type Mnist, type MnistOptions, mnist } from './mnist.ts';
export { exportOnnx, loadModel, loadOnnx, loadSafetensors, saveModel, saveSafetensors } from './models.ts';
