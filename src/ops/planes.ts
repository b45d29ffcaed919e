/** Pooling over the last two dimensions: geometry, records, and the operations that its gradients are made of. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { ceilWindowCount, spanOf, windowCount } from '../../bindings/windows.ts';
import { dense } from '../emit/emit.ts';
import { emitAvgPool, emitAvgPoolGrad, emitMaxPool, emitMaxPoolGrad, type PoolGeometry } from '../emit/pool.ts';
import { shown } from '../options.ts';
import { needsGrad, record } from '../tape/record.ts';
import { numelOf, type Shape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import { checkFloat } from './check.ts';
import { compose } from './compose.ts';
import { alongDim } from './create.ts';
import { checkReach, type Pair, pairOf } from './pairs.ts';
import { indexSelect } from './select.ts';
import { lastTwo } from './sizes.ts';

/** A window that slides over planes. */
export interface PoolWindow {
  kernelSize: Pair;
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  ceilMode: boolean;
  countIncludePad: boolean;
}

/** Refuses planes that are not float32 [C,H,W] or [N,C,H,W]. */
export function checkPlanes(op: string, x: Tensor): void {
  checkFloat(op, 'input', x);
  if (x.ndim !== 3 && x.ndim !== 4)
    refuse(ShapeError, op, `input must be [N,C,H,W] or [C,H,W], got ${show(x.shape)}`, {
      argument: 'input',
      got: x.shape,
    });
}

/** Kernel, stride, padding and dilation as pairs; refuses those that no input could fit. */
export function checkWindow(op: string, window: { kernelSize: Pair; stride?: Pair; padding?: Pair; dilation?: Pair }) {
  const kernel = pairOf(op, 'kernelSize', window.kernelSize, 1);
  const stride = pairOf(op, 'stride', window.stride ?? window.kernelSize, 1);
  const padding = pairOf(op, 'padding', window.padding ?? 0, 0);
  const dilation = pairOf(op, 'dilation', window.dilation ?? 1, 1);
  for (const i of [0, 1] as const) {
    if (padding[i] > kernel[i] / 2)
      refuse(
        ArgumentError,
        op,
        `padding must be at most half of the kernel, got padding ${padding[i]} for a kernel of ${kernel[i]}`,
        { argument: 'padding', got: padding, expected: kernel },
      );
  }
  return { kernel, stride, padding, dilation };
}

/** Whether the first window, which starts in the padding, has an element inside x: dilation may step over all of them. */
function touches(size: number, kernel: number, pad: number, dilation: number): boolean {
  const steps = Math.ceil(pad / dilation);
  return steps < kernel && steps * dilation - pad < size;
}

/** The geometry of a window over x. */
function slide(op: string, x: Tensor, window: PoolWindow): PoolGeometry {
  const { kernel, stride, padding, dilation } = checkWindow(op, window);
  const sizes = lastTwo(x.shape);
  const [height, width] = sizes;
  const padded = [height + 2 * padding[0], width + 2 * padding[1]] as const;
  const spans = [spanOf(kernel[0], dilation[0]), spanOf(kernel[1], dilation[1])] as const;
  checkReach(op, padded, spans);
  const outSize = (i: 0 | 1): number => {
    const size = sizes[i];
    const count = window.ceilMode
      ? ceilWindowCount(padded[i], spans[i], stride[i], size + padding[i])
      : windowCount(padded[i], spans[i], stride[i]);
    if (size === 0 || count < 1 || !touches(size, kernel[i], padding[i], dilation[i])) {
      refuse(
        ShapeError,
        op,
        `input ${show(x.shape)} is too small: ${size} elements with padding ${padding[i]} for a kernel of ${kernel[i]}, dilation ${dilation[i]}`,
        { argument: 'input', got: x.shape, expected: kernel },
      );
    }
    return count;
  };
  return {
    height,
    width,
    outHeight: outSize(0),
    outWidth: outSize(1),
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    padHeight: padding[0],
    padWidth: padding[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    countPad: window.countIncludePad ? 1 : 0,
  };
}

/** Height and width of the output of adaptive pooling, where null stands for the size of the input; refuses everything else. */
export function adaptivePair(op: string, outputSize: AdaptiveSize, height = 1, width = 1): [number, number] {
  const wanted = typeof outputSize === 'number' ? [outputSize, outputSize] : outputSize;
  if (!Array.isArray(wanted) || wanted.length !== 2)
    refuse(ArgumentError, op, `outputSize must be a number or [height, width], got ${shown(outputSize)}`, {
      argument: 'outputSize',
      got: outputSize,
    });
  return pairOf(op, 'outputSize', [wanted[0] ?? height, wanted[1] ?? width], 1);
}

/** The geometry of windows that divide x into outHeight × outWidth parts: a sliding window where the sizes divide. */
function tile(op: string, x: Tensor, outputSize: AdaptiveSize): PoolGeometry {
  const [height, width] = lastTwo(x.shape);
  const [outHeight, outWidth] = adaptivePair(op, outputSize, height, width);
  if (height === 0 || width === 0)
    refuse(ShapeError, op, `input ${show(x.shape)} has no elements to pool`, { argument: 'input', got: x.shape });
  const divides = height % outHeight === 0 && width % outWidth === 0;
  const [kernelHeight, kernelWidth] = divides ? [height / outHeight, width / outWidth] : [0, 0];
  return {
    height,
    width,
    outHeight,
    outWidth,
    kernelHeight,
    kernelWidth,
    strideHeight: kernelHeight,
    strideWidth: kernelWidth,
    padHeight: 0,
    padWidth: 0,
    dilationHeight: 1,
    dilationWidth: 1,
    countPad: 0,
  };
}

/** Pools by a geometry; indices are null unless wanted. */
function poolMax(x: Tensor, geometry: PoolGeometry, withIndices: boolean): { values: Tensor; indices: Tensor | null } {
  return compose(() => {
    const [values, indices] = emitMaxPool(dense(x), geometry, withIndices || needsGrad([x]));
    watching?.note('maxPool', [x], indices === null ? [values] : [values, indices], { ...geometry });
    if (indices !== null) record('maxPool', [x, indices], values);
    return { values, indices: withIndices ? indices : null };
  });
}

/** The largest element of each window of the last two dimensions, and if wanted its flat index in its plane. */
export function maxPool(
  op: string,
  x: Tensor,
  window: PoolWindow,
  withIndices: boolean,
): { values: Tensor; indices: Tensor | null } {
  checkPlanes(op, x);
  return poolMax(x, slide(op, x, window), withIndices);
}

/** Output sizes of adaptive pooling; null keeps the input's. */
export type AdaptiveSize = number | readonly [height: number | null, width: number | null];

/** The largest elements of outHeight × outWidth parts. */
export function adaptiveMaxPool(
  op: string,
  x: Tensor,
  outputSize: AdaptiveSize,
  withIndices: boolean,
): { values: Tensor; indices: Tensor | null } {
  checkPlanes(op, x);
  return poolMax(x, tile(op, x, outputSize), withIndices);
}

function poolAvg(x: Tensor, geometry: PoolGeometry): Tensor {
  return compose(() => record('avgPool', [x], emitAvgPool(dense(x), geometry), geometry));
}

/** The mean of each window of the last two dimensions. */
export function avgPool(op: string, x: Tensor, window: PoolWindow): Tensor {
  checkPlanes(op, x);
  return poolAvg(x, slide(op, x, window));
}

/** The means of outHeight × outWidth parts. */
export function adaptiveAvgPool(op: string, x: Tensor, outputSize: AdaptiveSize): Tensor {
  checkPlanes(op, x);
  const geometry = tile(op, x, outputSize);
  const isWhole = geometry.outHeight === 1 && geometry.outWidth === 1;
  return isWhole ? x.mean([-2, -1], { keepdim: true }) : poolAvg(x, geometry);
}

/** Gradients of windows, each at its largest element, in planes of `shape`. */
export function maxPoolGrad(g: Tensor, indices: Tensor, shape: Shape): Tensor {
  return compose(() => record('maxPoolGrad', [g, indices], emitMaxPoolGrad(dense(g), indices, shape)));
}

/** The elements of x's planes that the indices of a max pooling name: the gradient of maxPoolGrad. */
export function takeFromPlanes(x: Tensor, indices: Tensor): Tensor {
  const size = numelOf(lastTwo(x.shape));
  const planes = x.numel / size;
  const starts = alongDim(planes, 0, 2, x.executor).mul(size);
  const flat = indices.reshape([planes, -1]).add(starts).reshape(-1);
  return indexSelect(x.reshape(-1), 0, flat).reshape(indices.shape);
}

/** Each window's gradient shared among its elements: the gradient of avgPool. */
export function avgPoolGrad(g: Tensor, geometry: PoolGeometry): Tensor {
  return compose(() => record('avgPoolGrad', [g], emitAvgPoolGrad(dense(g), geometry), geometry));
}

/** avgPool by a geometry: the gradient of avgPoolGrad. */
export const avgPoolBy = poolAvg;
