/** The operations that users of the library see as functions. Others are for gradient rules only. */

export { type AlphaOptions, add, maximum, minimum, mul, pow, sub } from './arithmetic.ts';
export { type CrossEntropyOptions, logSoftmax, type SoftmaxOptions, softmax } from './classify.ts';
export { eq, ge, gt, le, logicalNot, lt, ne, where } from './comparisons.ts';
export {
  arange,
  eye,
  full,
  linspace,
  type NumberArray,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from './create.ts';
export { type DivOptions, div, type RoundOptions, round } from './division.ts';
export { argmax, argmin, type Extremes, max, min } from './extremes.ts';
export { gather, type SortOptions, scatterAdd, sort, type TopkOptions, topk } from './gather.ts';
export * from './generated/mathFunctions.ts';
export { bmm, dot, matmul, outer } from './linalg.ts';
export type { NumberList } from './lists.ts';
export type { Reduction } from './lossParts.ts';
export type { ShapeArguments, TensorOptions } from './newTensor.ts';
export type { Operand } from './operands.ts';
export { rand, randint, randn, randperm } from './random.ts';
export { chunk, flip, repeat, split, tril, triu } from './rearrange.ts';
export type { Dims, ReduceOptions, SumDtype, SumOptions } from './reduce.ts';
export { cumsum, logsumexp, mean, norm, prod, type SpreadOptions, std, sum, variance } from './reductions.ts';
export { type PadMode, type PadOptions, pad } from './resize.ts';
export { indexSelect } from './select.ts';
export {
  cat,
  expand,
  flatten,
  permute,
  reshape,
  select,
  slice,
  squeeze,
  stack,
  transpose,
  unflatten,
  unsqueeze,
  view,
} from './shape.ts';
export { abs, ceil, clamp, floor, neg, sign, square } from './unary.ts';
