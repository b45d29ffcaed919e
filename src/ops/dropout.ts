/** Dropout of elements and of whole channels. */
import { refuse, ShapeError } from '../../bindings/errors.ts';
import { empty } from '../emit/emit.ts';
import { generator } from '../emit/random.ts';
import { checkOptions, checkRange, FLAG, noMore, VALUE } from '../options.ts';
import { type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { zerosLike } from './create.ts';

/** x times a random mask of this shape: 0 for a share p of its elements, 1/(1 − p) for the others. */
function dropped(x: Tensor, shape: Shape, p: number): Tensor {
  if (p === 0) return x;
  return compose(() => {
    if (p === 1) return x.mul(zerosLike(x));
    const mask = empty(x.executor, shape, 'float32');
    generator.fill(mask, 'bernoulli', 1 - p, 1 / (1 - p));
    return x.mul(mask);
  });
}

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Share of the elements that become 0. Default 0.5. */
  p?: number;
  /** Whether to drop anything; otherwise x is returned. Default true. */
  training?: boolean;
}

/**
 * Sets a random share p of the elements to 0 and multiplies the others by 1/(1 − p).
 *
 * @throws ArgumentError where p is not between 0 and 1
 * @see https://jmlr.org/papers/v15/srivastava14a.html
 * @example
 * F.dropout(ones(4), { p: 0.5 }); // some 0, the others 2
 * F.dropout(ones(4), { training: false }).toArray(); // [1, 1, 1, 1]
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  if (arguments.length > 2) noMore('dropout', 2, arguments);
  checkTensor('dropout', 'input', x);
  checkOptions('dropout', options, { p: VALUE, training: FLAG });
  const { p = 0.5, training = true } = options;
  checkRange('dropout', 'p', p, 0, 1);
  return training ? dropped(x, x.shape, p) : x;
}

/**
 * Sets whole channels of x [N, C, …] to 0, a random share p of them, and multiplies the others by 1/(1 − p).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 * @example
 * F.dropout2d(randn(8, 16, 5, 5), { p: 0.2 }).shape; // [8, 16, 5, 5]
 */
export function dropout2d(x: Tensor, options: { p?: number; training?: boolean } = {}): Tensor {
  if (arguments.length > 2) noMore('dropout2d', 2, arguments);
  const op = 'dropout2d';
  checkTensor(op, 'input', x);
  checkOptions(op, options, { p: VALUE, training: FLAG });
  const { p = 0.5, training = true } = options;
  checkRange(op, 'p', p, 0, 1);
  if (x.ndim < 2)
    refuse(ShapeError, op, `input must be [N,C,…], got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  if (!training) return x;
  const channels = x.shape.map((size, dim) => (dim < 2 ? size : 1));
  return dropped(x, channels, p);
}
