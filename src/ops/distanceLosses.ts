/** Losses of distances between input and target. PyTorch's definitions and defaults. */
import { checkOptions, checkRange, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { compose } from './compose.ts';
import { checkPair, checkReduction, elementLoss, type LossOptions, reduceLoss } from './lossParts.ts';

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
