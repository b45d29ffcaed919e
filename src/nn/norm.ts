/** Normalisation as layers. Parameters and buffers have PyTorch's names. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { groupNorm, layerNorm, rmsNorm } from '../ops/functional.ts';
import {
  type BatchNormCall,
  checkTensor,
  compose,
  normalizeBatch,
  normalizeInstance,
  ones,
  zeros,
} from '../ops/index.ts';
import { checkOptions, checkRange, checkWhole, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import { scope } from '../tensor/scope.ts';
import { type Shape, show } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { Buffer, type Parameter, parameterOf } from './parameter.ts';

const bufferOf = (make: () => Tensor): Buffer => scope(() => new Buffer(make()));

/** Options of normalisations that keep running statistics. */
export interface RunningNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Share of a batch in the running statistics, 0 … 1; null: the average of all batches. Default 0.1. */
  momentum?: number | null;
  /** Learn a factor and a summand for each channel. Default true; for InstanceNorm2d false. */
  affine?: boolean;
  /** Keep running statistics, for evaluation. Default true; for InstanceNorm2d false. */
  trackRunningStats?: boolean;
}

/** What layers with running statistics share. */
abstract class RunningNorm extends Module {
  /** A factor for each channel, [numFeatures], initially 1; null without `affine`. */
  declare weight: Parameter | null;
  /** A summand for each channel, [numFeatures], initially 0; null without `affine`. */
  declare bias: Parameter | null;
  /** Means of the channels so far, [numFeatures], initially 0; null without `trackRunningStats`. */
  declare running_mean: Buffer | null;
  /** Unbiased variances of the channels so far, [numFeatures], initially 1; null without `trackRunningStats`. */
  declare running_var: Buffer | null;
  /** How many batches the statistics have seen, [] int32 (InstanceNorm2d's stays 0); null without `trackRunningStats`. */
  declare num_batches_tracked: Buffer | null;
  /** Added to the variance, ≥ 0. Default 1e-5. */
  readonly eps: number;
  /** Share of a batch in the running statistics, 0 … 1; null: the average of all batches. Default 0.1. */
  readonly momentum: number | null;

  constructor(
    private readonly op: string,
    /** Channels of the input, its dimension 1; ≥ 1. */
    readonly numFeatures: number,
    options: RunningNormOptions,
    byDefault: boolean,
  ) {
    super();
    checkWhole(op, 'numFeatures', numFeatures, 1);
    checkOptions(op, options, { eps: VALUE, momentum: NULLABLE, affine: FLAG, trackRunningStats: FLAG });
    const { eps = 1e-5, momentum = 0.1, affine = byDefault, trackRunningStats = byDefault } = options;
    checkRange(op, 'eps', eps, 0);
    if (momentum !== null) checkRange(op, 'momentum', momentum, 0, 1);
    this.eps = eps;
    this.momentum = momentum;
    this.watch('parameter', 'weight', 'bias');
    this.weight = affine ? parameterOf(() => ones(numFeatures)) : null;
    this.bias = affine ? parameterOf(() => zeros(numFeatures)) : null;
    this.watch('buffer', 'running_mean', 'running_var', 'num_batches_tracked');
    this.running_mean = trackRunningStats ? bufferOf(() => zeros(numFeatures)) : null;
    this.running_var = trackRunningStats ? bufferOf(() => ones(numFeatures)) : null;
    this.num_batches_tracked = trackRunningStats ? bufferOf(() => zeros([], { dtype: 'int32' })) : null;
  }

  /** Refuses inputs that are not [N, numFeatures, …] with the right number of dimensions. */
  protected check(x: Tensor, ...dims: number[]): void {
    const { op, numFeatures } = this;
    checkTensor(op, 'input', x);
    if (!dims.includes(x.ndim) || x.shape[1] !== numFeatures) {
      const forms = dims.map((n) => `[N,${numFeatures}${',L'.repeat(n === 3 ? 1 : 0)}${n === 4 ? ',H,W' : ''}]`);
      refuse(ShapeError, op, `input must be ${forms.join(' or ')}, got ${show(x.shape)}`, {
        argument: 'input',
        got: x.shape,
        expected: forms,
      });
    }
  }

  /** What the operation is called with; `tracked` counts the batches. */
  protected call(tracked: Tensor | null): BatchNormCall {
    const { weight, bias, eps, momentum, running_mean: mean, running_var: variance } = this;
    const statistics = mean && variance && { mean, variance, tracked };
    return { weight, bias, eps, momentum, statistics, training: this.training || statistics === null };
  }

  protected override describe(): string {
    const { numFeatures, eps, momentum } = this;
    const affine = this.weight !== null;
    const tracks = this.running_mean !== null;
    return `${numFeatures}, eps: ${eps}, momentum: ${momentum}, affine: ${affine}, trackRunningStats: ${tracks}`;
  }
}

/**
 * Normalises each channel to mean 0 and variance 1, over the batch in training, by the running statistics otherwise:
 * y = (x − mean)/√(variance + eps)·weight + bias. [N, C] or [N, C, L].
 *
 * @see https://arxiv.org/abs/1502.03167
 * @throws ShapeError in training if a channel has only one value
 * @example
 * const layer = new nn.BatchNorm1d(16);
 * layer.forward(randn(8, 16)).shape; // [8, 16]
 */
export class BatchNorm1d extends RunningNorm {
  /** @internal */ static override name = 'BatchNorm1d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    if (arguments.length > 2) noMore('BatchNorm1d', 2, arguments);
    super('BatchNorm1d', numFeatures, options, true);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('BatchNorm1d.forward', 1, arguments);
    this.check(x, 2, 3);
    return normalizeBatch('BatchNorm1d', x, this.call(this.num_batches_tracked));
  }
}

/**
 * Normalises each channel of [N, C, H, W] to mean 0 and variance 1, over the batch in training, by the running statistics otherwise:
 * y = (x − mean)/√(variance + eps)·weight + bias.
 *
 * @throws ShapeError where an input is not [N, numFeatures, H, W], or in training a channel has only one value
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 * @example
 * const block = new nn.Sequential(new nn.Conv2d(3, 16, 3, { bias: false }), new nn.BatchNorm2d(16), new nn.ReLU());
 * block.forward(randn(8, 3, 10, 10)).shape; // [8, 16, 8, 8]
 */
export class BatchNorm2d extends RunningNorm {
  /** @internal */ static override name = 'BatchNorm2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    if (arguments.length > 2) noMore('BatchNorm2d', 2, arguments);
    super('BatchNorm2d', numFeatures, options, true);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('BatchNorm2d.forward', 1, arguments);
    this.check(x, 4);
    return normalizeBatch('BatchNorm2d', x, this.call(this.num_batches_tracked));
  }
}

/**
 * Normalises each channel of each example of [N, C, H, W] (or [C, H, W]) by itself: y = (x − mean)/√(variance + eps)·weight + bias. By
 * default it is not affine and has no running statistics.
 *
 * @throws ShapeError where an input is neither [N, numFeatures, H, W] nor [numFeatures, H, W]
 * @see https://arxiv.org/abs/1607.08022
 * @example
 * new nn.InstanceNorm2d(16, { affine: true }).forward(randn(8, 16, 5, 5)).shape; // [8, 16, 5, 5]
 */
export class InstanceNorm2d extends RunningNorm {
  /** @internal */ static override name = 'InstanceNorm2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(numFeatures: number, options: RunningNormOptions & { momentum?: number } = {}) {
    if (arguments.length > 2) noMore('InstanceNorm2d', 2, arguments);
    super('InstanceNorm2d', numFeatures, options, false);
    if (this.momentum === null)
      refuse(ArgumentError, 'InstanceNorm2d', 'momentum must be a number, got null', {
        argument: 'momentum',
        got: null,
      });
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('InstanceNorm2d.forward', 1, arguments);
    if (isTensor(x) && x.ndim === 3) return compose(() => this.forward(x.unsqueeze(0)).squeeze(0));
    this.check(x, 4);
    return normalizeInstance('InstanceNorm2d', x, this.call(null));
  }
}

/** The sizes that are normalised together, as a list. */
function shapeOf(op: string, normalizedShape: number | Shape): number[] {
  const shape = Array.isArray(normalizedShape) ? [...normalizedShape] : [normalizedShape as number];
  for (const size of shape) checkWhole(op, 'normalizedShape', size, 1);
  return shape;
}

/** Options of `LayerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a factor and a summand for each element. Default true. */
  elementwiseAffine?: boolean;
  /** Learn the summand. Default true. */
  bias?: boolean;
}

/**
 * Normalises the last dimensions, which are `normalizedShape`, together: y = (x − mean)/√(variance + eps)·weight + bias.
 *
 * @throws ShapeError where an input does not end in `normalizedShape`
 * @see https://arxiv.org/abs/1607.06450
 * @example
 * new nn.LayerNorm(64).forward(randn(8, 10, 64)).shape; // [8, 10, 64]
 */
export class LayerNorm extends Module {
  /** @internal */ static override name = 'LayerNorm';
  /** @internal */ static readonly keepsNothing = true;

  /** Sizes of the last dimensions of the input, which are normalised together. */
  readonly normalizedShape: Shape;
  /** Added to the variance, ≥ 0. Default 1e-5. */
  readonly eps: number;
  /** A factor for each element, of `normalizedShape`, initially 1; null without `elementwiseAffine`. */
  declare weight: Parameter | null;
  /** A summand for each element, of `normalizedShape`, initially 0; null without `elementwiseAffine` or `bias`. */
  declare bias: Parameter | null;

  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    if (arguments.length > 2) noMore('LayerNorm', 2, arguments);
    super();
    const shape = shapeOf('LayerNorm', normalizedShape);
    checkOptions('LayerNorm', options, { eps: VALUE, elementwiseAffine: FLAG, bias: FLAG });
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    checkRange('LayerNorm', 'eps', eps, 0);
    this.normalizedShape = shape;
    this.eps = eps;
    this.watch('parameter', 'weight', 'bias');
    this.weight = elementwiseAffine ? parameterOf(() => ones(shape)) : null;
    this.bias = elementwiseAffine && bias ? parameterOf(() => zeros(shape)) : null;
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('LayerNorm.forward', 1, arguments);
    const { weight, bias, eps } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }

  protected override describe(): string {
    return `${show(this.normalizedShape)}, eps: ${this.eps}, elementwiseAffine: ${this.weight !== null}`;
  }
}

/** Options of `RMSNorm`. */
export interface RMSNormOptions {
  /** Added to the mean square; null: 2⁻²³, float32's machine epsilon. Default null. */
  eps?: number | null;
  /** Learn a factor for each element. Default true. */
  elementwiseAffine?: boolean;
}

/**
 * Divides the last dimensions, which are `normalizedShape`, together by their root mean square: y = x/√(mean of x² + eps)·weight.
 *
 * @throws ShapeError where an input does not end in `normalizedShape`
 * @see https://arxiv.org/abs/1910.07467
 * @example
 * new nn.RMSNorm(64).forward(randn(8, 10, 64)).shape; // [8, 10, 64]
 */
export class RMSNorm extends Module {
  /** @internal */ static override name = 'RMSNorm';
  /** @internal */ static readonly keepsNothing = true;

  /** Sizes of the last dimensions of the input, which are normalised together. */
  readonly normalizedShape: Shape;
  /** Added to the mean square, ≥ 0; null: 2⁻²³, float32's machine epsilon. Default null. */
  readonly eps: number | null;
  /** A factor for each element, of `normalizedShape`, at first 1; null without `elementwiseAffine`. */
  declare weight: Parameter | null;

  constructor(normalizedShape: number | Shape, options: RMSNormOptions = {}) {
    if (arguments.length > 2) noMore('RMSNorm', 2, arguments);
    super();
    const shape = shapeOf('RMSNorm', normalizedShape);
    checkOptions('RMSNorm', options, { eps: NULLABLE, elementwiseAffine: FLAG });
    const { eps = null, elementwiseAffine = true } = options;
    if (eps !== null) checkRange('RMSNorm', 'eps', eps, 0);
    this.normalizedShape = shape;
    this.eps = eps;
    this.watch('parameter', 'weight');
    this.weight = elementwiseAffine ? parameterOf(() => ones(shape)) : null;
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('RMSNorm.forward', 1, arguments);
    const { weight, eps } = this;
    return rmsNorm(x, this.normalizedShape, { weight, eps });
  }

  protected override describe(): string {
    return `${show(this.normalizedShape)}, eps: ${this.eps}, elementwiseAffine: ${this.weight !== null}`;
  }
}

/** Options of `GroupNorm`. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a factor and a summand for each channel. Default true. */
  affine?: boolean;
}

/**
 * Normalises the channels of each example of [N, C, …] in groups: y = (x − mean)/√(variance + eps)·weight + bias with the statistics
 * of the group.
 *
 * @throws ShapeError where the channels cannot be divided into the groups
 * @see https://arxiv.org/abs/1803.08494
 * @example
 * new nn.GroupNorm(4, 16).forward(randn(8, 16, 5, 5)).shape; // [8, 16, 5, 5]
 */
export class GroupNorm extends Module {
  /** @internal */ static override name = 'GroupNorm';
  /** @internal */ static readonly keepsNothing = true;

  /** Added to the variance, ≥ 0. Default 1e-5. */
  readonly eps: number;
  /** A factor for each channel, [numChannels], initially 1; null without `affine`. */
  declare weight: Parameter | null;
  /** A summand for each channel, [numChannels], initially 0; null without `affine`. */
  declare bias: Parameter | null;

  constructor(
    /** How many groups the channels are divided into, ≥ 1; numChannels must be a multiple of it. */
    readonly numGroups: number,
    /** Channels of the input, its dimension 1; ≥ 1. */
    readonly numChannels: number,
    options: GroupNormOptions = {},
  ) {
    if (arguments.length > 3) noMore('GroupNorm', 3, arguments);
    super();
    checkWhole('GroupNorm', 'numGroups', numGroups, 1);
    checkWhole('GroupNorm', 'numChannels', numChannels, 1);
    checkOptions('GroupNorm', options, { eps: VALUE, affine: FLAG });
    if (numChannels % numGroups !== 0)
      refuse(ShapeError, 'GroupNorm', `${numChannels} channels cannot be divided into ${numGroups} groups`, {
        argument: 'numGroups',
        got: numGroups,
        expected: numChannels,
      });
    const { eps = 1e-5, affine = true } = options;
    checkRange('GroupNorm', 'eps', eps, 0);
    this.eps = eps;
    this.watch('parameter', 'weight', 'bias');
    this.weight = affine ? parameterOf(() => ones(numChannels)) : null;
    this.bias = affine ? parameterOf(() => zeros(numChannels)) : null;
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('GroupNorm.forward', 1, arguments);
    const { weight, bias, eps, numChannels } = this;
    checkTensor('GroupNorm', 'input', x);
    if (x.ndim < 2 || x.shape[1] !== numChannels)
      refuse(ShapeError, 'GroupNorm', `input must be [N,${numChannels},…], got ${show(x.shape)}`, {
        argument: 'input',
        got: x.shape,
        expected: numChannels,
      });
    return groupNorm(x, this.numGroups, { weight, bias, eps });
  }

  protected override describe(): string {
    return `${this.numGroups}, ${this.numChannels}, eps: ${this.eps}, affine: ${this.weight !== null}`;
  }
}
