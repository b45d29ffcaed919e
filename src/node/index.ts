/** What needs a file system or a terminal. */
export { FormatError } from '../../bindings/errors.ts';
export { type CheckpointOptions, CSVLogger, type CsvLoggerOptions, ModelCheckpoint, ProgressBar } from './callbacks.ts';
export { type CsvOptions, CsvTable, type CsvValue, parseCsv, readCsv } from './csv.ts';
export { parseIdx } from './idx.ts';
export { ImageFolder, type ImageFolderOptions, imageFolder } from './imageFolder.ts';
export { type Imdb, imdb } from './imdb.ts';
export { type Mnist, mnist } from './mnist.ts';
export { exportOnnx, loadModel, loadOnnx, loadSafetensors, saveModel, saveSafetensors } from './models.ts';
