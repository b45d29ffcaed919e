/**
 * The functions of torch.nn.functional, of which layers are made: activations, linear maps, dropout, losses. They have no state: all they
 * need are arguments. `F` and `functional` are the same.
 *
 * @module
 */

export * from './activations.ts';
export { type ScaledDotProductAttentionOptions, scaledDotProductAttention } from './attention.ts';
export { bilinear } from './bilinear.ts';
export type { CrossEntropyOptions } from './classify.ts';
export { crossEntropy, type FocalLossOptions, focalLoss, type NllLossOptions, nllLoss } from './classLosses.ts';
export { type Conv1dOptions, type ConvOptions, conv1d, conv2d } from './conv.ts';
export { type ConvTransposeOptions, convTranspose2d } from './convTranspose.ts';
export * from './distanceLosses.ts';
export { type DropoutOptions, dropout, dropout2d } from './dropout.ts';
export { type EmbeddingOptions, embedding, oneHot } from './embedding.ts';
export { relu, sigmoid, tanh } from './generated/mathFunctions.ts';
export { type InterpolateOptions, interpolate } from './interpolate.ts';
export { linear } from './linalg.ts';
export type { LossOptions, WeightedLossOptions } from './lossParts.ts';
export * from './marginLosses.ts';
export * from './norm.ts';
export {
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  type IndicesOptions,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  type PoolOptions,
} from './pool.ts';
export * from './probabilityLosses.ts';
export { type PadOptions, pad } from './resize.ts';
export { type DimOptions, logSoftmax, softmax } from './softmax.ts';
