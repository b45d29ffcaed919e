/** Normalisation as functions of `F`: parameters and statistics are arguments. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkOptions, checkRange, FLAG, NULLABLE, noMore, type OptionKinds, VALUE } from '../options.ts';
import { checkList, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type Affine,
  type BatchNormCall,
  normalizeBatch,
  normalizeGroups,
  normalizeInstance,
  normalizeLayer,
  normalizeRms,
} from './normalize.ts';

/** Options of normalisations with a scale and a shift. */
export interface AffineOptions extends Affine {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends AffineOptions {
  /** Use the batch's own statistics, and update the running ones with them. Default false. */
  training?: boolean;
  /** Share of the batch in the running statistics. Default 0.1. */
  momentum?: number;
}

const AFFINE: OptionKinds<AffineOptions> = { weight: NULLABLE, bias: NULLABLE, eps: VALUE };
const BATCH_NORM: OptionKinds<BatchNormOptions> = { ...AFFINE, training: FLAG, momentum: VALUE };
const EPS = 1e-5;
/** The distance from 1 to the next float32. */
const RMS_EPS = 2 ** -23;

function callOf(
  op: string,
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  options: AffineOptions & { momentum?: number },
  training: boolean,
): BatchNormCall {
  if (!runningMean !== !runningVar)
    refuse(ArgumentError, op, 'runningMean and runningVar must both be given or both be null', {
      argument: runningMean ? 'runningVar' : 'runningMean',
      got: null,
    });
  const { weight, bias, eps = EPS, momentum = 0.1 } = options;
  checkRange(op, 'eps', eps, 0);
  const statistics = runningMean && runningVar ? { mean: runningMean, variance: runningVar } : null;
  return { weight, bias, statistics, training, momentum, eps };
}

/**
 * (x − mean)/√(variance + eps)·weight + bias for each channel of x [N, C, …]: in training by the batch's statistics, which update the
 * running ones in place, else by the running ones.
 *
 * @throws ShapeError where x is not [N, C, …], a parameter is not [C], or in training a channel has only one value
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 * @example
 * F.batchNorm(tensor([[1], [3]]), null, null, { training: true }).toArray(); // [[-1], [1]]
 */
export function batchNorm(
  x: Tensor,
  runningMean?: Tensor | null,
  runningVar?: Tensor | null,
  options: BatchNormOptions = {},
): Tensor {
  if (arguments.length > 4) noMore('batchNorm', 4, arguments);
  const op = 'batchNorm';
  checkOptions(op, options, BATCH_NORM);
  return normalizeBatch(op, x, callOf(op, runningMean, runningVar, options, options.training ?? false));
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends AffineOptions {
  /** Running means [C]: updated in place with `useInputStats`, used without it. Only together with `runningVar`. */
  runningMean?: Tensor | null;
  /** Running variances [C]: updated in place with `useInputStats`, used without it. Only together with `runningMean`. */
  runningVar?: Tensor | null;
  /** Use each example's own statistics. Default true. */
  useInputStats?: boolean;
  /** Share of the new values in the running statistics. Default 0.1. */
  momentum?: number;
}

const INSTANCE_NORM: OptionKinds<InstanceNormOptions> = {
  ...AFFINE,
  runningMean: NULLABLE,
  runningVar: NULLABLE,
  useInputStats: FLAG,
  momentum: VALUE,
};

/**
 * (x − mean)/√(variance + eps)·weight + bias for each channel of each example of x [N, C, …]: with `useInputStats` by its own statistics,
 * which update the running ones in place, else by the running ones.
 *
 * @throws ShapeError where x is not [N, C, …], a parameter is not [C], or a channel has only one value
 * @example
 * F.instanceNorm(tensor([[[1, 3], [10, 30]]])).toArray(); // [[[-1, 1], [-1, 1]]]
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  if (arguments.length > 2) noMore('instanceNorm', 2, arguments);
  const op = 'instanceNorm';
  checkOptions(op, options, INSTANCE_NORM);
  const { runningMean, runningVar, useInputStats = true } = options;
  return normalizeInstance(op, x, callOf(op, runningMean, runningVar, options, useInputStats));
}

function shapeOf(op: string, normalizedShape: number | Shape): Shape {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  checkList(op, 'normalizedShape', shape);
  return shape;
}

/**
 * (x − mean)/√(variance + eps)·weight + bias for the last dimensions of x together, which are `normalizedShape`; weight and bias
 * have that shape.
 *
 * @throws ShapeError where x does not end in `normalizedShape`, or a parameter does not have it
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 * @example
 * F.layerNorm(tensor([[1, 3], [10, 30]]), 2).toArray(); // [[-1, 1], [-1, 1]]
 */
export function layerNorm(x: Tensor, normalizedShape: number | Shape, options: AffineOptions = {}): Tensor {
  if (arguments.length > 3) noMore('layerNorm', 3, arguments);
  checkOptions('layerNorm', options, AFFINE);
  const { eps = EPS } = options;
  checkRange('layerNorm', 'eps', eps, 0);
  return normalizeLayer(x, shapeOf('layerNorm', normalizedShape), options, eps);
}

/** Options of `rmsNorm`. */
export interface RmsNormOptions {
  /** The factors, float32, of `normalizedShape`. Absent or null: 1. */
  weight?: Tensor | null;
  /** Added to the mean square. Absent or null: 2⁻²³, float32's machine epsilon. */
  eps?: number | null;
}

/**
 * x/√(mean of x² + eps)·weight for the last dimensions of x together, which are `normalizedShape`; weight has that shape.
 *
 * @throws ShapeError where x does not end in `normalizedShape`, or weight does not have it
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 * @example
 * F.rmsNorm(tensor([[1, 7], [-2, 14]]), 2, { weight: tensor([5, 5]) }).toArray(); // [[1, 7], [-1, 7]]
 */
export function rmsNorm(x: Tensor, normalizedShape: number | Shape, options: RmsNormOptions = {}): Tensor {
  if (arguments.length > 3) noMore('rmsNorm', 3, arguments);
  checkOptions('rmsNorm', options, { weight: NULLABLE, eps: NULLABLE });
  const { weight = null, eps } = options;
  const summand = eps ?? RMS_EPS;
  checkRange('rmsNorm', 'eps', summand, 0);
  return normalizeRms(x, shapeOf('rmsNorm', normalizedShape), weight, summand);
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, statistics for each of `numGroups` groups of channels of each example of x [N, C,
 * …]; weight and bias are [C].
 *
 * @throws ShapeError where the channels cannot be divided into the groups
 * @example
 * F.groupNorm(randn(8, 6, 5), 3).shape; // [8, 6, 5]
 */
export function groupNorm(x: Tensor, numGroups: number, options: AffineOptions = {}): Tensor {
  if (arguments.length > 3) noMore('groupNorm', 3, arguments);
  checkOptions('groupNorm', options, AFFINE);
  const { eps = EPS } = options;
  checkRange('groupNorm', 'eps', eps, 0);
  return normalizeGroups(x, numGroups, options, eps);
}
