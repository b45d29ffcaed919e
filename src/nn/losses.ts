/** Losses as modules: their options are fixed when they are made. */

import {
  type BCEWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  cosineEmbeddingLoss,
  crossEntropy,
  type FocalLossOptions,
  focalLoss,
  type HuberLossOptions,
  hingeEmbeddingLoss,
  huberLoss,
  type KLDivOptions,
  klDiv,
  type LossOptions,
  l1Loss,
  type MarginOptions,
  mseLoss,
  type NllLossOptions,
  nllLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
  type WeightedLossOptions,
} from '../ops/functional.ts';
import { checkTensor, isNumberList, type NumberList, weightTensor } from '../ops/index.ts';
import { checkLossInput } from '../ops/lossInput.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { Buffer } from './parameter.ts';

/** A weight that the loss was given, as a buffer: it is in the state dict, and moves along with the loss. */
function bufferOf(op: string, argument: string, weight: Tensor | NumberList | undefined): Buffer | null {
  if (weight === undefined) return null;
  if (isNumberList(weight)) return scope(() => new Buffer(weightTensor(weight)));
  checkTensor(op, argument, weight);
  return new Buffer(weight);
}

/** The options with the loss's own weights, if it has any. */
function withWeights<O extends object>(options: O, weights: Record<string, Buffer | null>): O {
  const own = Object.entries(weights).filter(([, weight]) => weight !== null);
  return own.length === 0 ? options : { ...options, ...Object.fromEntries(own) };
}

/**
 * Mean squared error.
 *
 * @example
 * new nn.MSELoss().forward(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export class MSELoss extends Module {
  /** @internal */ static override name = 'MSELoss';

  constructor(private readonly options: LossOptions = {}) {
    if (arguments.length > 1) noMore('MSELoss', 1, arguments);
    super();
    checkOptions('MSELoss', options, { reduction: VALUE });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('MSELoss.forward', 2, arguments);
    return mseLoss(input, target, this.options);
  }
}

/**
 * Binary cross-entropy of probabilities x and targets y in 0 … 1: −w·(y·ln x + (1 − y)·ln(1 − x)).
 *
 * @example
 * new nn.BCELoss().forward(tensor([0.5, 0.9]), tensor([0, 1])).item(); // 0.3993
 */
export class BCELoss extends Module {
  /** @internal */ static override name = 'BCELoss';

  /** A factor for each element, or null. */
  readonly weight: Buffer | null;
  private readonly options: WeightedLossOptions;

  constructor(options: WeightedLossOptions = {}) {
    if (arguments.length > 1) noMore('BCELoss', 1, arguments);
    super();
    checkOptions('BCELoss', options, { reduction: VALUE, weight: VALUE });
    this.weight = bufferOf('BCELoss', 'weight', options.weight);
    this.options = withWeights(options, { weight: this.weight });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('BCELoss.forward', 2, arguments);
    return binaryCrossEntropy(input, target, this.options);
  }
}

/**
 * Cross-entropy of logits [N, C, d1, …] and class indices [N, d1, …], or class probabilities in the shape of the logits.
 *
 * @example
 * const loss = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * loss.forward(model.forward(x), y).backward();
 */
export class CrossEntropyLoss extends Module {
  /** @internal */ static override name = 'CrossEntropyLoss';

  /** A factor for each class, or null. */
  readonly weight: Buffer | null;
  private readonly options: CrossEntropyOptions;

  constructor(options: CrossEntropyOptions = {}) {
    if (arguments.length > 1) noMore('CrossEntropyLoss', 1, arguments);
    super();
    checkOptions('CrossEntropyLoss', options, {
      weight: VALUE,
      reduction: VALUE,
      ignoreIndex: VALUE,
      labelSmoothing: VALUE,
    });
    this.weight = bufferOf('CrossEntropyLoss', 'weight', options.weight);
    this.options = withWeights(options, { weight: this.weight });
  }

  override forward(input: Tensor, target: Tensor | NumberList): Tensor {
    if (arguments.length > 2) noMore('CrossEntropyLoss.forward', 2, arguments);
    checkLossInput(crossEntropy, input);
    return crossEntropy(input, target, this.options);
  }
}

/**
 * Mean absolute error.
 *
 * @example
 * new nn.L1Loss().forward(tensor([1, 2]), tensor([1, 4])).item(); // 1
 */
export class L1Loss extends Module {
  /** @internal */ static override name = 'L1Loss';

  constructor(private readonly options: LossOptions = {}) {
    if (arguments.length > 1) noMore('L1Loss', 1, arguments);
    super();
    checkOptions('L1Loss', options, { reduction: VALUE });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('L1Loss.forward', 2, arguments);
    return l1Loss(input, target, this.options);
  }
}

/**
 * A parabola below beta, absolute error beyond.
 *
 * @example
 * new nn.SmoothL1Loss({ beta: 1 }).forward(tensor([1, 2]), tensor([1.5, 4])).item(); // 0.8125
 */
export class SmoothL1Loss extends Module {
  /** @internal */ static override name = 'SmoothL1Loss';

  constructor(private readonly options: SmoothL1LossOptions = {}) {
    if (arguments.length > 1) noMore('SmoothL1Loss', 1, arguments);
    super();
    checkOptions('SmoothL1Loss', options, { reduction: VALUE, beta: VALUE });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('SmoothL1Loss.forward', 2, arguments);
    return smoothL1Loss(input, target, this.options);
  }
}

/**
 * A parabola below delta, delta times the absolute error beyond.
 *
 * @example
 * new nn.HuberLoss({ delta: 2 }).forward(tensor([1, 2]), tensor([1.5, 6])).item(); // 3.0625
 */
export class HuberLoss extends Module {
  /** @internal */ static override name = 'HuberLoss';

  constructor(private readonly options: HuberLossOptions = {}) {
    if (arguments.length > 1) noMore('HuberLoss', 1, arguments);
    super();
    checkOptions('HuberLoss', options, { reduction: VALUE, delta: VALUE });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('HuberLoss.forward', 2, arguments);
    return huberLoss(input, target, this.options);
  }
}

/**
 * Binary cross-entropy of logits x and targets y in 0 … 1: −w·(p·y·ln σ(x) + (1 − y)·ln(1 − σ(x))), p the posWeight.
 *
 * @example
 * new nn.BCEWithLogitsLoss({ posWeight: tensor([3]) }).forward(tensor([0, 2]), tensor([0, 1])).item(); // 0.537
 */
export class BCEWithLogitsLoss extends Module {
  /** @internal */ static override name = 'BCEWithLogitsLoss';

  /** A factor for each element, or null. */
  readonly weight: Buffer | null;
  /** A factor for the positive part of each class, or null; named as in PyTorch's state dicts. */
  readonly pos_weight: Buffer | null;
  private readonly options: BCEWithLogitsOptions;

  constructor(options: BCEWithLogitsOptions = {}) {
    if (arguments.length > 1) noMore('BCEWithLogitsLoss', 1, arguments);
    super();
    checkOptions('BCEWithLogitsLoss', options, { reduction: VALUE, weight: VALUE, posWeight: VALUE });
    this.weight = bufferOf('BCEWithLogitsLoss', 'weight', options.weight);
    this.pos_weight = bufferOf('BCEWithLogitsLoss', 'posWeight', options.posWeight);
    this.options = withWeights(options, { weight: this.weight, posWeight: this.pos_weight });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('BCEWithLogitsLoss.forward', 2, arguments);
    checkLossInput(binaryCrossEntropyWithLogits, input);
    return binaryCrossEntropyWithLogits(input, target, this.options);
  }
}

/**
 * Negative log-likelihood of log-probabilities [N, C, d1, …] and class indices [N, d1, …].
 *
 * @example
 * new nn.NLLLoss().forward(tensor([[-0.1, -2.3], [-1.6, -0.2]]), tensor([0, 1], { dtype: 'int32' })).item(); // 0.15
 */
export class NLLLoss extends Module {
  /** @internal */ static override name = 'NLLLoss';

  /** A factor for each class, or null. */
  readonly weight: Buffer | null;
  private readonly options: NllLossOptions;

  constructor(options: NllLossOptions = {}) {
    if (arguments.length > 1) noMore('NLLLoss', 1, arguments);
    super();
    checkOptions('NLLLoss', options, { weight: VALUE, reduction: VALUE, ignoreIndex: VALUE });
    this.weight = bufferOf('NLLLoss', 'weight', options.weight);
    this.options = withWeights(options, { weight: this.weight });
  }

  override forward(input: Tensor, target: Tensor | NumberList): Tensor {
    if (arguments.length > 2) noMore('NLLLoss.forward', 2, arguments);
    checkLossInput(nllLoss, input);
    return nllLoss(input, target, this.options);
  }
}

/**
 * Kullback–Leibler divergence of log-probabilities and probabilities.
 *
 * @example
 * const loss = new nn.KLDivLoss({ reduction: 'batchmean' });
 * loss.forward(tensor([[0.5, 0.5]]).log(), tensor([[0.25, 0.75]])).item(); // 0.1308
 */
export class KLDivLoss extends Module {
  /** @internal */ static override name = 'KLDivLoss';

  constructor(private readonly options: KLDivOptions = {}) {
    if (arguments.length > 1) noMore('KLDivLoss', 1, arguments);
    super();
    checkOptions('KLDivLoss', options, { reduction: VALUE, logTarget: FLAG });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('KLDivLoss.forward', 2, arguments);
    checkLossInput(klDiv, input);
    return klDiv(input, target, this.options);
  }
}

/**
 * Cross-entropy in which well-classified examples count little: logits [N, C], class indices [N].
 *
 * @example
 * new nn.FocalLoss({ gamma: 2 }).forward(model.forward(x), y).backward();
 */
export class FocalLoss extends Module {
  /** @internal */ static override name = 'FocalLoss';

  /** A factor for each class, or null. */
  readonly weight: Buffer | null;
  private readonly options: FocalLossOptions;

  constructor(options: FocalLossOptions = {}) {
    if (arguments.length > 1) noMore('FocalLoss', 1, arguments);
    super();
    checkOptions('FocalLoss', options, { gamma: VALUE, weight: VALUE, reduction: VALUE });
    this.weight = bufferOf('FocalLoss', 'weight', options.weight);
    this.options = withWeights(options, { weight: this.weight });
  }

  override forward(input: Tensor, target: Tensor | NumberList): Tensor {
    if (arguments.length > 2) noMore('FocalLoss.forward', 2, arguments);
    checkLossInput(focalLoss, input);
    return focalLoss(input, target, this.options);
  }
}

/**
 * Hinge loss of distances, for labels ±1.
 *
 * @example
 * new nn.HingeEmbeddingLoss().forward(tensor([0.5, 0.4]), tensor([1, -1])).item(); // 0.55
 */
export class HingeEmbeddingLoss extends Module {
  /** @internal */ static override name = 'HingeEmbeddingLoss';

  constructor(private readonly options: MarginOptions = {}) {
    if (arguments.length > 1) noMore('HingeEmbeddingLoss', 1, arguments);
    super();
    checkOptions('HingeEmbeddingLoss', options, { reduction: VALUE, margin: VALUE });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    if (arguments.length > 2) noMore('HingeEmbeddingLoss.forward', 2, arguments);
    return hingeEmbeddingLoss(input, target, this.options);
  }
}

/**
 * For pairs of vectors [N, D] and labels ±1 [N]: 1 − cos where y = 1, max(0, cos − margin) where y = −1.
 *
 * @example
 * new nn.CosineEmbeddingLoss().forward(tensor([[1, 0]]), tensor([[1, 1]]), tensor([1])).item(); // 0.2929
 */
export class CosineEmbeddingLoss extends Module {
  /** @internal */ static override name = 'CosineEmbeddingLoss';

  constructor(private readonly options: MarginOptions = {}) {
    if (arguments.length > 1) noMore('CosineEmbeddingLoss', 1, arguments);
    super();
    checkOptions('CosineEmbeddingLoss', options, { reduction: VALUE, margin: VALUE });
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    if (arguments.length > 3) noMore('CosineEmbeddingLoss.forward', 3, arguments);
    return cosineEmbeddingLoss(input1, input2, target, this.options);
  }
}
