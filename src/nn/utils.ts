/**
 * Helpers for layers, `nn.utils`: limits on gradients, in place, and convolutions merged with the normalisation after them.
 *
 * @module
 */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkTensor, compose, stack, zeros } from '../ops/index.ts';
import { checkOptions, checkRange, nameOf, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

export { fuseConvBn } from './fuse.ts';

const isIterable = (value: unknown): boolean => typeof value === 'object' && value !== null && Symbol.iterator in value;

function gradientsOf(op: string, params: Tensor | Iterable<Tensor>): Tensor[] {
  if (!isTensor(params) && !isIterable(params))
    refuse(ArgumentError, op, `params must be a list of tensors such as model.parameters(), got ${nameOf(params)}`, {
      argument: 'params',
      got: params,
    });
  const list = isTensor(params) ? [params] : [...params];
  for (const [i, param] of list.entries()) checkTensor(op, `params[${i}]`, param);
  return list.flatMap(({ variable }) => (variable === null || variable.grad === null ? [] : [variable.grad]));
}

/** PyTorch adds this to the norm by which gradients are divided. */
const NORM_EPSILON = 1e-6;

/** Options of `clipGradNorm_`. */
export interface ClipGradNormOptions {
  /** Which norm; Infinity is the largest magnitude. Default 2. */
  normType?: number;
}

/**
 * Scales all gradients by one factor so that their norm, taken over all of them together, is at most `max`.
 *
 * @returns the norm before scaling; 0 if there are no gradients
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 * @example
 * F.crossEntropy(model.forward(x), y).backward();
 * nn.utils.clipGradNorm_(model.parameters(), 1);
 * optimizer.step();
 */
export function clipGradNorm_(
  params: Tensor | Iterable<Tensor>,
  max: number,
  options: ClipGradNormOptions = {},
): Tensor {
  if (arguments.length > 3) noMore('clipGradNorm_', 3, arguments);
  const op = 'clipGradNorm_';
  checkOptions(op, options, { normType: VALUE });
  const { normType = 2 } = options;
  checkRange(op, 'max', max, 0);
  checkRange(op, 'normType', normType, Number.MIN_VALUE);
  const gradients = gradientsOf(op, params);
  if (gradients.length === 0) return zeros([]);
  return noGrad(() =>
    compose(() => {
      const norms = stack(gradients.map((g) => g.norm(undefined, { p: normType })));
      const total = norms.norm(undefined, { p: normType });
      const factor = total.add(NORM_EPSILON).reciprocal().mul(max).clamp(-Infinity, 1);
      for (const g of gradients) g.mul_(factor);
      return total;
    }),
  );
}

/**
 * Limits every element of all gradients to ±max.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 * @example
 * F.crossEntropy(model.forward(x), y).backward();
 * nn.utils.clipGradValue_(model.parameters(), 0.5);
 * optimizer.step();
 */
export function clipGradValue_(params: Tensor | Iterable<Tensor>, max: number): void {
  if (arguments.length > 2) noMore('clipGradValue_', 2, arguments);
  const op = 'clipGradValue_';
  checkRange(op, 'max', max, 0);
  noGrad(() => {
    for (const g of gradientsOf(op, params)) compose(() => g.copy_(g.clamp(-max, max)));
  });
}
