/** Losses. Each gives one number (reduction 'mean' or 'sum') or one an element ('none'). */

import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { checkAll, type Range } from '../../bindings/ranges.ts';
import { checkValues } from '../emit/values.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { record } from '../tape/record.ts';
import { broadcastShapes, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { checkFloat, checkTensor } from './check.ts';
import { checkReduction, type Reduction } from './classify.ts';
import { compose } from './compose.ts';
import { isNumberList, type NumberList, weightTensor } from './lists.ts';

/** Where PyTorch cuts off the logarithms of binary cross-entropy, to keep it finite. */
const LOG_FLOOR = -100;

/** Options of all losses. */
export interface LossOptions {
  /** How the losses of the elements become one. Default 'mean'. */
  reduction?: Reduction;
}

/** Sums or averages the losses of the elements. */
export function reduceLoss(op: string, loss: Tensor, reduction: Reduction): Tensor {
  checkReduction(op, reduction);
  return reduction === 'none' ? loss : reduction === 'mean' ? loss.mean() : loss.sum();
}

export function checkPair(op: string, input: Tensor, target: Tensor): void {
  checkFloat(op, 'input', input);
  checkTensor(op, 'target', target);
  if (!sameShape(input.shape, target.shape)) {
    refuse(ShapeError, op, `input and target differ in shape: ${show(input.shape)} and ${show(target.shape)}`, {
      argument: 'target',
      got: target.shape,
      expected: input.shape,
    });
  }
}

export function checkWeight(op: string, weight: Tensor, input: Tensor, argument = 'weight'): void {
  checkTensor(op, argument, weight);
  let fits = false;
  try {
    fits = sameShape(broadcastShapes(op, input.shape, weight.shape), input.shape);
  } catch {
    // Told below.
  }
  if (!fits) {
    refuse(ShapeError, op, `${argument} ${show(weight.shape)} cannot be stretched to ${show(input.shape)}`, {
      argument,
      got: weight.shape,
      expected: input.shape,
    });
  }
}

/**
 * (input − target)², its mean unless `reduction` says otherwise.
 *
 * @throws ShapeError where input and target differ in shape, DTypeError where the input is not float32
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 * @example
 * F.mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('mseLoss', 3, arguments);
  checkOptions('mseLoss', options, { reduction: VALUE });
  checkPair('mseLoss', input, target);
  checkReduction('mseLoss', options.reduction ?? 'mean');
  return compose(() => reduceLoss('mseLoss', input.sub(target).square(), options.reduction ?? 'mean'));
}

/** Options of losses that take weights. */
export interface WeightedLossOptions extends LossOptions {
  /** A factor for each element; it broadcasts. */
  weight?: Tensor | NumberList;
}

/** What probabilities may be. */
const SHARES: Range = {
  dtype: 'float32',
  low: 0,
  high: 1,
  name: 'binaryCrossEntropy input',
  refuse: (value) =>
    new ArgumentError(`binaryCrossEntropy: input must lie between 0 and 1, got ${value}`, {
      op: 'binaryCrossEntropy',
      argument: 'input',
      got: value,
      expected: '0 … 1',
    }),
};

/**
 * −w·(y·ln x + (1 − y)·ln(1 − x)) for probabilities x and targets y, both 0 … 1. Logarithms are limited to −100.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 * @throws ArgumentError for an input outside 0 … 1
 * @example
 * F.binaryCrossEntropy(tensor([0.5, 0.9]), tensor([0, 1])).item(); // 0.3993
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: WeightedLossOptions = {}): Tensor {
  if (arguments.length > 3) noMore('binaryCrossEntropy', 3, arguments);
  const op = 'binaryCrossEntropy';
  checkOptions(op, options, { reduction: VALUE, weight: VALUE });
  checkPair(op, input, target);
  checkReduction(op, options.reduction ?? 'mean');
  const { weight } = options;
  if (isNumberList(weight))
    return compose(() => binaryCrossEntropy(input, target, { ...options, weight: weightTensor(weight, input) }));
  if (weight !== undefined) checkWeight(op, weight, input);
  // Eager code on the CPU has a cheaper way to find out, see below.
  const canLook = tracing === null && input.executor.download === undefined;
  if (!canLook) checkValues(input, SHARES);
  return compose(() => {
    const loss = noGrad(() => {
      const hit = target.mul(input.log().clamp(LOG_FLOOR));
      const miss = target.neg().add(1).mul(input.neg().log1p().clamp(LOG_FLOOR));
      return hit.add(miss).neg();
    });
    const recorded = record('binaryCrossEntropy', [input, target], loss);
    const result = reduceLoss(op, weight === undefined ? recorded : recorded.mul(weight), options.reduction ?? 'mean');
    // The logarithm of a negative number is NaN: only a loss that is NaN must be looked into.
    if (canLook && Number.isNaN(worst(result))) checkAll(SHARES, input.dataSync());
    return result;
  });
}

/** The loss itself, or something that is NaN if any of the losses is. */
function worst(loss: Tensor): number {
  return loss.numel === 0 ? 0 : noGrad(() => (loss.numel === 1 ? loss : loss.max()).item());
}
