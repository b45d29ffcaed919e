/** Losses beyond the first ones: of distances, of probabilities, of labels ±1. PyTorch's definitions and defaults. */

import { refuse, ShapeError } from '../../bindings/errors.ts';
import { checkFinite, checkOptions, checkRange, FLAG, noMore, VALUE } from '../options.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { softplus } from './activations.ts';
import { checkTensor } from './check.ts';
import { checkReduction, type Reduction } from './classify.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { isNumberList, type NumberList, weightTensor } from './lists.ts';
import { checkPair, checkWeight, type LossOptions, reduceLoss, type WeightedLossOptions } from './losses.ts';

/** Checks a pair and makes its loss from one value an element. */
function elementLoss(op: string, input: Tensor, target: Tensor, reduction: Reduction, of: () => Tensor): Tensor {
  checkPair(op, input, target);
  checkReduction(op, reduction);
  return compose(() => reduceLoss(op, of(), reduction));
}

/**
 * |input − target|, its mean unless `reduction` says otherwise.
 *
 * @throws ShapeError where input and target differ in shape, DTypeError where the input is not float32
 * @see https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
 * @example
 * F.l1Loss(tensor([1, 2]), tensor([1, 4])).item(); // 1
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('l1Loss', 3, arguments);
  checkOptions('l1Loss', options, { reduction: VALUE });
  return elementLoss('l1Loss', input, target, options.reduction ?? 'mean', () => input.sub(target).abs());
}

/** Options of `smoothL1Loss`. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where |input − target| is smaller, the loss is a parabola. Default 1; 0 is l1Loss. */
  beta?: number;
}

/**
 * d²/(2β) where d = |input − target| < β, else d − β/2.
 *
 * @throws ShapeError where input and target differ in shape, ArgumentError where beta is negative
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 * @example
 * F.smoothL1Loss(tensor([1, 2]), tensor([1.5, 4]), { reduction: 'none' }).toArray(); // [0.125, 1.5]
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('smoothL1Loss', 3, arguments);
  const op = 'smoothL1Loss';
  checkOptions(op, options, { reduction: VALUE, beta: VALUE });
  const { reduction = 'mean', beta = 1 } = options;
  checkRange(op, 'beta', beta, 0);
  if (beta === 0) return l1Loss(input, target, { reduction });
  return elementLoss(op, input, target, reduction, () => huber(input.sub(target), beta).div(beta));
}

/** d²/2 where |d| ≤ δ, else δ·(|d| − δ/2): with c = d within ±δ, c·(d − c/2). */
function huber(d: Tensor, delta: number): Tensor {
  const near = d.clamp(-delta, delta);
  return near.mul(d.sub(near.mul(0.5)));
}

/** Options of `huberLoss`. */
export interface HuberLossOptions extends LossOptions {
  /** Where |input − target| is smaller, the loss is a parabola. Default 1. */
  delta?: number;
}

/**
 * d²/2 where d = |input − target| < δ, else δ·(d − δ/2).
 *
 * @throws ShapeError where input and target differ in shape, ArgumentError where delta is not above 0
 * @see https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 * @example
 * F.huberLoss(tensor([1, 2]), tensor([1.5, 6]), { delta: 2, reduction: 'none' }).toArray(); // [0.125, 6]
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('huberLoss', 3, arguments);
  checkOptions('huberLoss', options, { reduction: VALUE, delta: VALUE });
  const { reduction = 'mean', delta = 1 } = options;
  checkRange('huberLoss', 'delta', delta, Number.MIN_VALUE);
  return elementLoss('huberLoss', input, target, reduction, () => huber(input.sub(target), delta));
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BCEWithLogitsOptions extends WeightedLossOptions {
  /** A factor for the positive part of each class; it broadcasts. */
  posWeight?: Tensor | NumberList;
}

/**
 * Binary cross-entropy of logits x and targets y in 0 … 1: −w·(p·y·ln σ(x) + (1 − y)·ln(1 − σ(x))), p the posWeight.
 *
 * @throws ShapeError where input and target differ in shape, or a weight cannot be stretched to it
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 * @example
 * F.binaryCrossEntropyWithLogits(tensor([0, 2]), tensor([0, 1]), { posWeight: [3] }).item(); // 0.537
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BCEWithLogitsOptions = {},
): Tensor {
  if (arguments.length > 3) noMore('binaryCrossEntropyWithLogits', 3, arguments);
  const op = 'binaryCrossEntropyWithLogits';
  checkOptions(op, options, { reduction: VALUE, weight: VALUE, posWeight: VALUE });
  const { reduction = 'mean', weight, posWeight } = options;
  checkPair(op, input, target);
  if (isNumberList(weight) || isNumberList(posWeight)) {
    return compose(() => {
      const given = { weight: weightTensor(weight, input), posWeight: weightTensor(posWeight, input) };
      return binaryCrossEntropyWithLogits(input, target, { ...options, ...given });
    });
  }
  if (weight !== undefined) checkWeight(op, weight, input);
  if (posWeight !== undefined) checkWeight(op, posWeight, input, 'posWeight');
  return elementLoss(op, input, target, reduction, () => {
    // −ln σ(x) = softplus(−x), and 1 − σ(x) = σ(−x). From 30 on e^(−x) is below half an ulp of x.
    const loss =
      posWeight === undefined
        ? softplus(input, { threshold: LOGIT_THRESHOLD }).sub(input.mul(target))
        : softplus(input.neg(), { threshold: LOGIT_THRESHOLD })
            .mul(posWeight.sub(1).mul(target).add(1))
            .add(input.mul(target.neg().add(1)));
    return weight === undefined ? loss : loss.mul(weight);
  });
}

const LOGIT_THRESHOLD = 30;

/** Options of `klDiv`. */
export interface KLDivOptions {
  /** 'batchmean' divides the sum by the size of dimension 0. Default 'mean'. */
  reduction?: Reduction | 'batchmean';
  /** The target is given as logarithms, too. Default false. */
  logTarget?: boolean;
}

/**
 * Kullback–Leibler divergence y·(ln y − x) of log-probabilities x and probabilities y.
 *
 * @throws ShapeError where input and target differ in shape
 * @see https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 * @example
 * F.klDiv(tensor([[0.5, 0.5]]).log(), tensor([[0.25, 0.75]]), { reduction: 'batchmean' }).item(); // 0.1308
 */
export function klDiv(input: Tensor, target: Tensor, options: KLDivOptions = {}): Tensor {
  if (arguments.length > 3) noMore('klDiv', 3, arguments);
  const op = 'klDiv';
  checkOptions(op, options, { reduction: VALUE, logTarget: FLAG });
  const { reduction = 'mean', logTarget = false } = options;
  const isBatch = reduction === 'batchmean';
  return compose(() => {
    const loss = elementLoss(op, input, target, isBatch ? 'sum' : reduction, () => {
      if (logTarget) return target.exp().mul(target.sub(input));
      // 0·ln 0 is 0; the target's gradient there is NaN, as in PyTorch.
      return where(target.eq(0), 0, target.mul(target.log())).sub(target.mul(input));
    });
    return isBatch ? loss.div(input.shape[0] ?? 1) : loss;
  });
}

/** Options of losses with a margin. */
export interface MarginOptions extends LossOptions {
  /** A finite number. Default 1 in `hingeEmbeddingLoss`, 0 in `cosineEmbeddingLoss`. */
  margin?: number;
}

/**
 * For labels ±1: x where y = 1, max(0, margin − x) where y = −1. margin is 1 by default.
 *
 * @throws ShapeError where input and target differ in shape
 * @see https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 * @example
 * F.hingeEmbeddingLoss(tensor([0.5, 0.4]), tensor([1, -1]), { reduction: 'none' }).toArray(); // [0.5, 0.6]
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  if (arguments.length > 3) noMore('hingeEmbeddingLoss', 3, arguments);
  const op = 'hingeEmbeddingLoss';
  checkOptions(op, options, { reduction: VALUE, margin: VALUE });
  const { reduction = 'mean', margin = 1 } = options;
  checkFinite(op, 'margin', margin);
  return elementLoss(op, input, target, reduction, () => {
    const near = where(target.ne(1), input.neg().add(margin).clamp(0), 0);
    return near.add(where(target.ne(-1), input, 0));
  });
}

/** PyTorch adds it to the squared lengths of both vectors. */
const COSINE_EPSILON = 1e-12;

/**
 * For pairs of vectors [N, D] (or [D]) and labels ±1 [N] (or []): 1 − cos where y = 1, max(0, cos − margin) where y = −1.
 * margin is 0 by default.
 *
 * @throws ShapeError where the sizes do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 * @example
 * F.cosineEmbeddingLoss(tensor([[1, 0], [1, 0]]), tensor([[1, 0], [1, 1]]), tensor([1, -1]), { reduction: 'none' }).toArray(); // [0, 0.7071]
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  if (arguments.length > 4) noMore('cosineEmbeddingLoss', 4, arguments);
  const op = 'cosineEmbeddingLoss';
  checkOptions(op, options, { reduction: VALUE, margin: VALUE });
  const { reduction = 'mean', margin = 0 } = options;
  checkFinite(op, 'margin', margin);
  checkPair(op, input1, input2);
  checkTensor(op, 'target', target);
  checkReduction(op, reduction);
  if (input1.ndim < 1 || input1.ndim > 2 || !sameShape(target.shape, input1.shape.slice(0, -1))) {
    refuse(ShapeError, op, `expected [N,D], [N,D] and [N], got ${show(input1.shape)} and ${show(target.shape)}`, {
      argument: 'target',
      got: target.shape,
    });
  }
  return compose(() => {
    const length = (x: Tensor) => x.square().sum(-1).add(COSINE_EPSILON);
    const cosine = input1
      .mul(input2)
      .sum(-1)
      .div(length(input1).mul(length(input2)).sqrt());
    const far = where(target.eq(-1), cosine.sub(margin).clamp(0), 0);
    return reduceLoss(op, far.add(where(target.eq(1), cosine.neg().add(1), 0)), reduction);
  });
}
