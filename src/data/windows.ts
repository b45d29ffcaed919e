/** Time series as examples. */
import { refuse, ShapeError } from '../../bindings/errors.ts';
import { checkTensor, compose, tensor } from '../ops/index.ts';
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** Options of `slidingWindows`. */
export interface WindowOptions {
  /** Steps after the window to predict. Default 1. */
  horizon?: number;
  /** Steps from one window to the next. Default 1. */
  stride?: number;
}

/**
 * Windows of a series and the steps after each window, as a pair of tensors.
 *
 * @param series [T] or, with several features, [T, F]
 * @param size steps in a window
 * @returns inputs [W, size] and targets [W, horizon]; with several features [W, size, F] and [W, horizon, F]
 * @throws ShapeError if the series is too short for one window
 * @example
 * const [x, y] = data.slidingWindows([1, 2, 3, 4], 2); // [[1, 2], [2, 3]], [[3], [4]]
 */
export function slidingWindows(
  series: Tensor | ArrayLike<number>,
  size: number,
  options: WindowOptions = {},
): [inputs: Tensor, targets: Tensor] {
  if (arguments.length > 3) noMore('slidingWindows', 3, arguments);
  const op = 'slidingWindows';
  checkOptions(op, options, { horizon: VALUE, stride: VALUE });
  const { horizon = 1, stride = 1 } = options;
  checkWhole(op, 'size', size, 1);
  checkWhole(op, 'horizon', horizon, 1);
  checkWhole(op, 'stride', stride, 1);
  return compose(() => {
    const x = isTensor(series) ? series : tensor(Float32Array.from(series));
    checkTensor(op, 'series', x);
    const [length = 0, ...features] = x.shape;
    if (x.ndim < 1 || length < size + horizon) {
      refuse(ShapeError, op, `${length} steps are too few for a window of ${size} and ${horizon} after it`, {
        argument: 'series',
        got: x.shape,
        expected: size + horizon,
      });
    }
    const count = Math.floor((length - size - horizon) / stride) + 1;
    const pick = (first: number, steps: number) => {
      const index = Int32Array.from(
        { length: count * steps },
        (_, i) => Math.floor(i / steps) * stride + first + (i % steps),
      );
      return x.indexSelect(0, tensor(index, { device: x.device })).reshape([count, steps, ...features]);
    };
    return [pick(0, size), pick(size, horizon)];
  });
}
