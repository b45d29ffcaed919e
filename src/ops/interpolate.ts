/** Resizing of planes as a function of `F`. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { ResizeMode } from '../../bindings/generated/encode.ts';
import { checkOneOf, checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Pair, pairOf } from './pairs.ts';
import { checkPlanes } from './planes.ts';
import { resizePlanes } from './resize.ts';
import { hasDims } from './sizes.ts';

/** Options of `interpolate`. */
export interface InterpolateOptions {
  /** Height and width of the result. Either this or scaleFactor. */
  size?: Pair;
  /** What height and width are multiplied by; the result is rounded down. */
  scaleFactor?: Pair;
  /** Whether to take the nearest element, or to blend the four nearest. Default 'nearest'. */
  mode?: 'nearest' | 'bilinear';
  /** For 'bilinear': whether the centres of the corner elements stay where they are. Default false. */
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

/** How many input elements there are for each output element. A size that stays is copied, whatever the factor was. */
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
  if (!hasDims(x, 4))
    refuse(ShapeError, op, `input must be [N,C,H,W], got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  const [, , height, width] = x.shape;
  const { size, scaleFactor, alignCorners = false } = options;
  const mode = options.mode !== 'bilinear' ? 'nearest' : alignCorners ? 'bilinearCorners' : 'bilinear';
  const factors = typeof scaleFactor === 'number' ? ([scaleFactor, scaleFactor] as const) : scaleFactor;
  const wanted = factors === undefined ? size : [Math.floor(height * factors[0]), Math.floor(width * factors[1])];
  const [outHeight, outWidth] = pairOf(op, 'size', wanted, 1);
  if (height === 0 || width === 0)
    refuse(ShapeError, op, `input ${show(x.shape)} has no elements to repeat`, { argument: 'input', got: x.shape });
  const scaleHeight = scaleOf(height, outHeight, factors?.[0], mode);
  const scaleWidth = scaleOf(width, outWidth, factors?.[1], mode);
  return resizePlanes(x, { height, width, outHeight, outWidth, scaleHeight, scaleWidth, mode });
}
