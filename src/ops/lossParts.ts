/** What losses share: options, checks, and how the losses of elements become one. */
import { refuse, ShapeError } from '../../bindings/errors.ts';
import { checkOneOf } from '../options.ts';
import { broadcastShapes, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFloat, checkTensor } from './check.ts';
import { compose } from './compose.ts';
import type { NumberList } from './lists.ts';

/** How the losses of a batch become one: they stay as they are, their mean, their sum. */
export type Reduction = 'none' | 'mean' | 'sum';

export function checkReduction(op: string, reduction: string): asserts reduction is Reduction {
  checkOneOf(op, 'reduction', reduction, ['none', 'mean', 'sum']);
}

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
    // Refused below.
  }
  if (!fits) {
    refuse(ShapeError, op, `${argument} ${show(weight.shape)} cannot be stretched to ${show(input.shape)}`, {
      argument,
      got: weight.shape,
      expected: input.shape,
    });
  }
}

/** Options of losses that take weights. */
export interface WeightedLossOptions extends LossOptions {
  /** A factor for each element; it broadcasts. */
  weight?: Tensor | NumberList;
}

/** Checks input and target, and reduces the losses of their elements. */
export function elementLoss(op: string, input: Tensor, target: Tensor, reduction: Reduction, of: () => Tensor): Tensor {
  checkPair(op, input, target);
  checkReduction(op, reduction);
  return compose(() => reduceLoss(op, of(), reduction));
}
