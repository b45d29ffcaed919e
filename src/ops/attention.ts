/** Scaled dot-product attention, made of products, a mask and softmax. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { checkOptions, checkRange, FLAG, NULLABLE, noMore, VALUE } from '../options.ts';
import { broadcastShapes, type Shape, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFloat, checkTensor } from './check.ts';
import { softmax } from './classify.ts';
import { where } from './comparisons.ts';
import { compose } from './compose.ts';
import { alongDim } from './create.ts';
import { dropout } from './dropout.ts';
import { matmul } from './linalg.ts';
import { lastTwo } from './sizes.ts';

/** Refuses what is not a float32 tensor of at least two dimensions. */
function checkOperand(op: string, argument: string, x: unknown): asserts x is Tensor {
  checkFloat(op, argument, x);
  if (x.ndim < 2) {
    refuse(ShapeError, op, `${argument} needs at least 2 dimensions, got ${show(x.shape)}`, {
      argument,
      got: x.shape,
    });
  }
}

/** Refuses what is neither a bool nor a float32 tensor. */
export function checkMask(op: string, argument: string, mask: unknown): asserts mask is Tensor {
  checkTensor(op, argument, mask);
  if (mask.dtype !== 'bool' && mask.dtype !== 'float32') {
    refuse(DTypeError, op, `${argument} must be bool or float32, got ${mask.dtype}`, { argument, got: mask.dtype });
  }
}

/** What a mask adds to the scores: a float mask itself; for a bool mask 0 where it is `kept`, else −∞. */
export function maskSummand(mask: Tensor, kept: boolean): Tensor {
  if (mask.dtype === 'float32') return mask;
  return where(mask, kept ? 0 : -Infinity, kept ? -Infinity : 0);
}

/** −∞ above the diagonal, 0 elsewhere: [rows, cols]. */
export function causalSummand(rows: number, cols: number, like: Tensor): Tensor {
  const { executor } = like;
  return maskSummand(alongDim(rows, 0, 2, executor).ge(alongDim(cols, 1, 2, executor)), true);
}

/** softmax(q·kᵀ/√E + summand)·v with dropout, and the weights, which are its first factor. */
export function attend(q: Tensor, k: Tensor, v: Tensor, summand: Tensor | null, p: number): [Tensor, Tensor] {
  const [, width] = lastTwo(q.shape);
  const scores = matmul(q.mul(1 / Math.sqrt(width)), k.transpose(-2, -1));
  const weights = dropout(softmax(summand === null ? scores : scores.add(summand), -1), { p });
  return [matmul(weights, v), weights];
}

/** Options of `scaledDotProductAttention`. */
export interface ScaledDotProductAttentionOptions {
  /** [..., L, S], which broadcasts: bool, true where a key takes part, or float32, added to the scores. */
  attnMask?: Tensor | null;
  /** Share of the weights that becomes 0. Default 0. */
  dropoutP?: number;
  /** Each query sees only the keys up to its own position. Not together with `attnMask`. Default false. */
  isCausal?: boolean;
}

/** Shape of the scores, [..., L, S]. */
function scoresShape(op: string, query: Tensor, key: Tensor, value: Tensor): Shape {
  const [rows, width] = lastTwo(query.shape);
  const [cols, keyWidth] = lastTwo(key.shape);
  const wrong = (): never => {
    const got = [query.shape, key.shape, value.shape];
    const expected = 'query [...,L,E], key [...,S,E], value [...,S,Ev]';
    refuse(ShapeError, op, `expected ${expected}, got ${got.map(show).join(', ')}`, { argument: 'query', got });
  };
  if (width !== keyWidth || lastTwo(value.shape)[0] !== cols || width === 0) wrong();
  try {
    const lead = broadcastShapes(op, query.shape.slice(0, -2), key.shape.slice(0, -2));
    broadcastShapes(op, lead, value.shape.slice(0, -2));
    return [...lead, rows, cols];
  } catch {
    return wrong();
  }
}

/**
 * softmax(query·keyᵀ/√E + mask)·value: query [..., L, E], key [..., S, E], value [..., S, Ev] → [..., L, Ev]. A query whose keys are all
 * masked gives NaN.
 *
 * @throws ShapeError if the sizes do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 * @example
 * F.scaledDotProductAttention(randn(2, 4, 10, 8), randn(2, 4, 12, 8), randn(2, 4, 12, 8)).shape; // [2, 4, 10, 8]
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: ScaledDotProductAttentionOptions = {},
): Tensor {
  if (arguments.length > 4) noMore('scaledDotProductAttention', 4, arguments);
  const op = 'scaledDotProductAttention';
  checkOperand(op, 'query', query);
  checkOperand(op, 'key', key);
  checkOperand(op, 'value', value);
  checkOptions(op, options, { attnMask: NULLABLE, dropoutP: VALUE, isCausal: FLAG });
  const { attnMask = null, dropoutP = 0, isCausal = false } = options;
  checkRange(op, 'dropoutP', dropoutP, 0, 1);
  const scores = scoresShape(op, query, key, value);
  if (attnMask !== null) {
    if (isCausal) refuse(ArgumentError, op, 'attnMask and isCausal cannot be given together', { argument: 'attnMask' });
    checkMask(op, 'attnMask', attnMask);
    if (!fits(attnMask.shape, scores)) {
      refuse(ShapeError, op, `attnMask must broadcast to ${show(scores)}, got ${show(attnMask.shape)}`, {
        argument: 'attnMask',
        got: attnMask.shape,
        expected: scores,
      });
    }
  }
  return compose(() => {
    const [rows, cols] = lastTwo(scores);
    const summand =
      attnMask !== null ? maskSummand(attnMask, true) : isCausal ? causalSummand(rows, cols, query) : null;
    return attend(query, key, value, summand, dropoutP)[0];
  });
}

/** Whether a shape can be stretched to `target`. */
function fits(shape: Shape, target: Shape): boolean {
  try {
    return sameShape(broadcastShapes('', shape, target), target);
  } catch {
    return false;
  }
}
