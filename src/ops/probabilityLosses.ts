/**
 * Losses of probabilities: binary cross-entropy of probabilities or of logits, and the divergence of distributions. PyTorch's definitions
 * and defaults.
 */
import { ArgumentError } from '../../bindings/errors.ts';
import { checkAll, type Range } from '../../bindings/ranges.ts';
import { checkValues } from '../emit/values.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { record } from '../tape/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { softplus } from './activations.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { isNumberList, type NumberList, weightTensor } from './lists.ts';
import {
  checkPair,
  checkReduction,
  checkWeight,
  elementLoss,
  type Reduction,
  reduceLoss,
  type WeightedLossOptions,
} from './lossParts.ts';

/** Where PyTorch cuts off the logarithms of binary cross-entropy, to keep it finite. */
const LOG_FLOOR = -100;

/** The range of probabilities. */
const SHARES: Range = {
  dtype: 'float32',
  low: 0,
  high: 1,
  name: 'binaryCrossEntropy input',
  refuse: (value) =>
    new ArgumentError(`binaryCrossEntropy: input must be between 0 and 1, got ${value}`, {
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
  // Eager code on the CPU has a cheaper check, below.
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
    // The logarithm of a negative number is NaN: inputs need a look only where a loss is NaN.
    if (canLook && Number.isNaN(worst(result))) checkAll(SHARES, input.dataSync());
    return result;
  });
}

/** A number that is NaN if any of the losses is. */
function worst(loss: Tensor): number {
  return loss.numel === 0 ? 0 : noGrad(() => (loss.numel === 1 ? loss : loss.max()).item());
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
  /** Whether the target is given as logarithms too. Default false. */
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
