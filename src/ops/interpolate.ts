/** Resizing of planes, and dropout of whole channels. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { ResizeMode } from '../../bindings/generated/encode.ts';
import { empty } from '../emit/emit.ts';
import { generator } from '../emit/random.ts';
import { checkOneOf, checkOptions, checkRange, FLAG, noMore, VALUE } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkPlanes, checkTensor, compose, type Pair, pairOf, resizePlanes, zerosLike } from './index.ts';

/** Options of `interpolate`. */
export interface InterpolateOptions {
  /** Height and width of the result. Either this or scaleFactor. */
  size?: Pair;
  /** What height and width are multiplied by; the result is rounded down. */
  scaleFactor?: Pair;
  /** Take the nearest pixel, or mix the four around the place. Default 'nearest'. */
  mode?: 'nearest' | 'bilinear';
  /** For 'bilinear': whether the centres of the corners stay where they are. Default false. */
  alignCorners?: boolean;
}

/** Refuses options that contradict each other. */
export function checkInterpolate(op: string, options: InterpolateOptions): void {
  checkOptions(op, options, { size: VALUE, scaleFactor: VALUE, mode: VALUE, alignCorners: FLAG });
  const { size, scaleFactor, mode = 'nearest', alignCorners } = options;
  if ((size === undefined) === (scaleFactor === undefined))
    refuse(ArgumentError, op, 'expected either size or scaleFactor', { argument: 'size', got: size });
  checkOneOf(op, 'mode', mode, ['nearest', 'bilinear']);
  if (mode === 'nearest' && alignCorners !== undefined)
    refuse(ArgumentError, op, "alignCorners belongs to mode 'bilinear'", { argument: 'alignCorners' });
  if (scaleFactor === undefined) return;
  const factors = Array.isArray(scaleFactor) ? scaleFactor : [scaleFactor, scaleFactor];
  for (const factor of factors) {
    if (!(factors.length === 2 && Number.isFinite(factor) && factor > 0))
      refuse(ArgumentError, op, `scaleFactor must be above 0, got ${String(factor)}`, {
        argument: 'scaleFactor',
        got: scaleFactor,
      });
  }
}

/** Input elements for each output element. A size that stays is copied, whatever the factor was. */
function scaleOf(size: number, outSize: number, factor: number | undefined, mode: ResizeMode): number {
  if (mode === 'bilinearCorners') return outSize > 1 ? (size - 1) / (outSize - 1) : 0;
  return factor === undefined || size === outSize ? size / outSize : 1 / factor;
}

/**
 * x [N, C, H, W] with planes of another size. 'nearest' repeats elements, 'bilinear' blends four.
 *
 * @throws ArgumentError where not exactly one of size and scaleFactor is given
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 * @example
 * F.interpolate(randn(1, 3, 8, 8), { scaleFactor: 2, mode: 'bilinear' }).shape; // [1, 3, 16, 16]
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  if (arguments.length > 2) noMore('interpolate', 2, arguments);
  const op = 'interpolate';
  checkInterpolate(op, options);
  checkPlanes(op, x);
  if (x.ndim !== 4)
    refuse(ShapeError, op, `input must be [N,C,H,W], got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  const [height, width] = x.shape.slice(2) as [number, number];
  const { size, scaleFactor, alignCorners = false } = options;
  const mode = options.mode !== 'bilinear' ? 'nearest' : alignCorners ? 'bilinearCorners' : 'bilinear';
  const factors = typeof scaleFactor === 'number' ? [scaleFactor, scaleFactor] : scaleFactor;
  const wanted = size ?? ([Math.floor(height * factors![0]!), Math.floor(width * factors![1]!)] as const);
  const [outHeight, outWidth] = pairOf(op, 'size', wanted, 1);
  if (height === 0 || width === 0)
    refuse(ShapeError, op, `input ${show(x.shape)} has no elements to repeat`, { argument: 'input', got: x.shape });
  const scaleHeight = scaleOf(height, outHeight, factors?.[0], mode);
  const scaleWidth = scaleOf(width, outWidth, factors?.[1], mode);
  return resizePlanes(x, { height, width, outHeight, outWidth, scaleHeight, scaleWidth, mode });
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
  if (!training || p === 0) return x;
  return compose(() => {
    if (p === 1) return x.mul(zerosLike(x));
    const mask = empty(
      x.executor,
      x.shape.map((size, dim) => (dim < 2 ? size : 1)),
      'float32',
    );
    generator.fill(mask, 'bernoulli', 1 - p, 1 / (1 - p));
    return x.mul(mask);
  });
}
