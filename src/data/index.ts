/** Data sets and batches. */
export { oneHot } from '../functional/embedding.ts';
export { type Dataset, TensorDataset } from './dataset.ts';
export { DataLoader, type DataLoaderOptions } from './loader.ts';
