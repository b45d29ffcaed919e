/** Losses with a margin, of labels ±1. PyTorch's definitions and defaults. */
import { refuse, ShapeError } from '../../bindings/errors.ts';
import { checkFinite, checkOptions, noMore, VALUE } from '../options.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { checkPair, checkReduction, elementLoss, type LossOptions, reduceLoss } from './lossParts.ts';

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

/** What PyTorch adds to the squared lengths of both vectors. */
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
