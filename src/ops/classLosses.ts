/** Losses of classes: negative log-likelihood, cross-entropy in all its forms, focal loss. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { commonExecutor } from '../emit/emit.ts';
import { checkOptions, checkRange, noMore, VALUE } from '../options.ts';
import { nestedShape, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFloat, checkTensor } from './check.ts';
import { type CrossEntropyOptions, checkClassIndices, crossEntropyOfRows, logSoftmax } from './classify.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { gather } from './gather.ts';
import { indexTensor, isNumberList, type NumberList, weightTensor } from './lists.ts';
import { checkReduction, type Reduction } from './lossParts.ts';

/** How many classes x has: the size of dimension 1, or of the only one. */
const classesOf = ({ shape }: Tensor): number => shape[1] ?? shape[0] ?? 1;

/** Dimension of the classes: 1, or 0 for a single example. */
function classDim(op: string, x: Tensor): number {
  checkFloat(op, 'input', x);
  if (x.ndim === 0) refuse(ShapeError, op, 'input must be [C] or [N,C,…], got []', { argument: 'input', got: x.shape });
  return x.ndim === 1 ? 0 : 1;
}

/** [N, C, d1, …] as rows of classes [N·d1·…, C]. */
function rowsOf(x: Tensor): Tensor {
  if (x.ndim < 2) return x.reshape([1, x.numel]);
  const order = [0, ...x.shape.keys()].filter((dim, i) => dim !== 1 && (i === 0 || dim !== 0));
  return x.ndim === 2 ? x : x.permute([...order, 1]).reshape([-1, classesOf(x)]);
}

function checkWeight(op: string, weight: Tensor, classes: number): void {
  checkTensor(op, 'weight', weight);
  if (weight.dtype !== 'float32' || !sameShape(weight.shape, [classes])) {
    refuse(ShapeError, op, `weight must be float32 [${classes}], got ${weight.dtype} ${show(weight.shape)}`, {
      argument: 'weight',
      got: weight.shape,
      expected: [classes],
    });
  }
}

function checkTargetShape(op: string, x: Tensor, target: Tensor, dim: number): void {
  const expected = x.shape.filter((_, i) => i !== dim);
  checkTensor(op, 'target', target);
  if (!sameShape(target.shape, expected)) {
    refuse(
      ShapeError,
      op,
      `target must be ${show(expected)}, one class for each row of the input ${show(x.shape)}, got ${show(target.shape)}`,
      { argument: 'target', got: target.shape, expected },
    );
  }
}

/**
 * Cross-entropy of logits [N, C, d1, …] (or [C]) and class indices [N, d1, …] (int32), or class probabilities (float32) in the
 * shape of the logits. Targets may be nested arrays.
 *
 * @throws ShapeError where the target does not fit the input, ArgumentError where a class is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 * @example
 * F.crossEntropy(tensor([[2, 0], [0, 2]]), tensor([0, 1], { dtype: 'int32' })).item(); // 0.1269
 * F.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 }).backward();
 */
export function crossEntropy(x: Tensor, target: Tensor | NumberList, options: CrossEntropyOptions = {}): Tensor {
  if (arguments.length > 3) noMore('crossEntropy', 3, arguments);
  const op = 'crossEntropy';
  checkOptions(op, options, { weight: VALUE, reduction: VALUE, ignoreIndex: VALUE, labelSmoothing: VALUE });
  const dim = classDim(op, x);
  if (isNumberList(target)) {
    const isShares = nestedShape(op, 'target', target).length === x.ndim;
    return compose(() =>
      crossEntropy(x, isShares ? weightTensor(target, x) : indexTensor(op, 'target', target, x), options),
    );
  }
  checkTensor(op, 'target', target);
  const { weight } = options;
  if (isNumberList(weight)) return compose(() => crossEntropy(x, target, withWeight(options, x)));
  return crossEntropyOf(x, target, dim, weight, options);
}

/** The options with the weight as a tensor. */
function withWeight<O extends { weight?: Tensor | readonly number[] }>(options: O, x: Tensor) {
  const { weight, ...rest } = options;
  return { ...rest, weight: weightTensor(weight, x) };
}

type ClassOptions = Omit<CrossEntropyOptions, 'weight'>;

function crossEntropyOf(
  x: Tensor,
  target: Tensor,
  dim: number,
  weight: Tensor | undefined,
  options: ClassOptions,
): Tensor {
  const op = 'crossEntropy';
  if (target.dtype === 'float32' && sameShape(target.shape, x.shape))
    return ofProbabilities(x, target, dim, weight, options);
  if (x.ndim === 2) return crossEntropyOfRows(x, target, weight, options);
  checkTargetShape(op, x, target, dim);
  return compose(() => {
    const loss = crossEntropyOfRows(rowsOf(x), target.reshape([-1]), weight, options);
    return options.reduction === 'none' ? loss.reshape(target.shape) : loss;
  });
}

/** −Σ_c w[c]·y[c]·ln softmax(x)[c] with smoothed targets y; the mean is over all dimensions except the classes. */
function ofProbabilities(
  x: Tensor,
  target: Tensor,
  dim: number,
  weight: Tensor | undefined,
  options: ClassOptions,
): Tensor {
  const op = 'crossEntropy';
  const { reduction = 'mean', labelSmoothing = 0 } = options;
  checkReduction(op, reduction);
  checkRange(op, 'labelSmoothing', labelSmoothing, 0, 1);
  if (options.ignoreIndex !== undefined && options.ignoreIndex >= 0) {
    refuse(ArgumentError, op, 'ignoreIndex is for class indices, not for probabilities', {
      argument: 'ignoreIndex',
      got: options.ignoreIndex,
    });
  }
  const classes = classesOf(x);
  if (weight !== undefined) checkWeight(op, weight, classes);
  commonExecutor(op, x, target, ...(weight === undefined ? [] : [weight]));
  return compose(() => {
    const y = labelSmoothing === 0 ? target : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
    const terms = logSoftmax(x, dim).mul(y);
    const shape = x.shape.map((size, i) => (i === dim ? size : 1));
    const loss = (weight === undefined ? terms : terms.mul(weight.reshape(shape))).sum(dim).neg();
    if (reduction === 'none') return loss;
    return reduction === 'sum' ? loss.sum() : loss.mean();
  });
}

/** Weights of the targets, 0 for those that are ignored. */
function scalesOf(weight: Tensor | undefined, target: Tensor, counts: Tensor): Tensor {
  if (weight === undefined) return counts.to('float32');
  return where(counts, weight.indexSelect(0, target.reshape([-1])).reshape(target.shape), 0);
}

/** Options of `focalLoss`. */
export interface FocalLossOptions {
  /** Exponent of 1 − p: the larger, the less well classified examples count. Default 2. */
  gamma?: number;
  /** A factor for each class. */
  weight?: Tensor | readonly number[];
  /** How the losses of the rows become one. Default 'mean'. */
  reduction?: Reduction;
}

/**
 * −w[t]·(1 − p)^γ·ln p with p = softmax(x)[t], for logits x [N, C] and class indices t [N] (int32).
 *
 * @throws ShapeError where the target does not fit the input, ArgumentError where a class is out of range
 * @see https://arxiv.org/abs/1708.02002
 * @example
 * F.focalLoss(tensor([[2, 0], [0, 2]]), tensor([0, 1], { dtype: 'int32' })).item(); // 0.0018
 */
export function focalLoss(x: Tensor, target: Tensor | NumberList, options: FocalLossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('focalLoss', 3, arguments);
  const op = 'focalLoss';
  checkOptions(op, options, { gamma: VALUE, weight: VALUE, reduction: VALUE });
  const { gamma = 2, weight, reduction = 'mean' } = options;
  if (isNumberList(target) || isNumberList(weight)) {
    classDim(op, x);
    return compose(() => focalLoss(x, indexTensor(op, 'target', target, x), withWeight(options, x)));
  }
  checkRange(op, 'gamma', gamma, 0);
  checkReduction(op, reduction);
  const dim = classDim(op, x);
  if (weight !== undefined) checkWeight(op, weight, classesOf(x));
  return compose(() => {
    const negative = nllLoss(logSoftmax(x, dim), target, { reduction: 'none' });
    const focused = negative.mul(negative.neg().exp().neg().add(1).clamp(0).pow(gamma));
    const loss = weight === undefined ? focused : focused.mul(scalesOf(weight, target, target.ge(0)));
    if (reduction === 'none') return loss;
    return reduction === 'sum' ? loss.sum() : loss.mean();
  });
}

/** Options of `nllLoss`. */
export type NllLossOptions = Omit<CrossEntropyOptions, 'labelSmoothing'>;

/**
 * −w[t]·x[t] for log-probabilities x [N, C, d1, …] (or [C]) and class indices t [N, d1, …] (int32); the mean is over the weights
 * of the targets that are not ignored.
 *
 * @throws ShapeError where the target does not fit the input, ArgumentError where a class is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 * @example
 * F.nllLoss(tensor([[-0.1, -2.3], [-1.6, -0.2]]), tensor([0, 1], { dtype: 'int32' })).item(); // 0.15
 */
export function nllLoss(x: Tensor, target: Tensor | NumberList, options: NllLossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('nllLoss', 3, arguments);
  const op = 'nllLoss';
  checkOptions(op, options, { weight: VALUE, reduction: VALUE, ignoreIndex: VALUE });
  const { weight, reduction = 'mean', ignoreIndex = -100 } = options;
  if (isNumberList(target) || isNumberList(weight)) {
    classDim(op, x);
    return compose(() => nllLoss(x, indexTensor(op, 'target', target, x), withWeight(options, x)));
  }
  const dim = classDim(op, x);
  checkReduction(op, reduction);
  const classes = classesOf(x);
  if (weight !== undefined) checkWeight(op, weight, classes);
  checkTargetShape(op, x, target, dim);
  checkClassIndices(op, target, classes, ignoreIndex);
  commonExecutor(op, x, target, ...(weight === undefined ? [] : [weight]));
  return compose(() => {
    const counts = target.ne(ignoreIndex);
    // Ignored targets point to class 0, where there are classes.
    const at = where(counts, target, target.mul(0));
    const scale = scalesOf(weight, at, counts);
    const picked = gather(x, dim, at.unsqueeze(dim)).squeeze(dim);
    const loss = where(counts, picked.mul(scale).neg(), 0);
    if (reduction === 'none') return loss;
    const total = loss.sum();
    return reduction === 'sum' ? total : total.div(scale.sum());
  });
}
