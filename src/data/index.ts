/**
 * Data sets, batches, and the preparation of examples: splits, scalers, encoders, tokens, images.
 *
 * @module
 */
export { classWeights, oversample } from './balance.ts';
export { type Dataset, TensorDataset } from './dataset.ts';
export { type Categories, LabelEncoder, OneHotEncoder, type OneHotEncoderOptions, oneHot } from './encode.ts';
export { DataLoader, type DataLoaderOptions } from './loader.ts';
export {
  type BlobsOptions,
  type CirclesOptions,
  makeBlobs,
  makeCircles,
  makeMoons,
  makeRegression,
  type PointOptions,
  type Problem,
  type RegressionProblemOptions,
} from './make.ts';
export type { Rows } from './rows.ts';
export {
  type Features,
  MinMaxScaler,
  type MinMaxScalerOptions,
  StandardScaler,
  type StandardScalerOptions,
} from './scale.ts';
export { breastCancer, type ClassificationSet, digits, iris, wine } from './sets.ts';
export { type SplitOptions, trainTestSplit } from './split.ts';
export { type PadOptions, padSequences, type Text, Tokenizer, type TokenizerOptions } from './text.ts';
export * as transforms from './transforms/index.ts';
export { slidingWindows, type WindowOptions } from './windows.ts';
