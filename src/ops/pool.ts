/** Pooling: planes [N, C, H, W] or [C, H, W], lines [N, C, L] or [C, L]. PyTorch's definitions and defaults. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { checkOptions, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import type { Pair } from './pairs.ts';
import { type AdaptiveSize, adaptiveAvgPool, adaptiveMaxPool, avgPool, maxPool, type PoolWindow } from './planes.ts';

/** Options of all sliding windows. */
export interface PoolOptions<Size = Pair> {
  /** Step from one window to the next. Default: kernelSize. */
  stride?: Size;
  /** Elements added at each end of the input, at most half of the kernel. Default 0. */
  padding?: Size;
  /** Whether the last window may reach beyond the padding if it starts inside. Default false. */
  ceilMode?: boolean;
}

/** Options of `maxPool1d` and `maxPool2d`, and of the layers. */
export interface MaxPoolOptions<Size = Pair> extends PoolOptions<Size> {
  /** Step between the elements of a window. Default 1. */
  dilation?: Size;
}

/** Options of `avgPool1d` and `avgPool2d`, and of the layers. */
export interface AvgPoolOptions<Size = Pair> extends PoolOptions<Size> {
  /** Whether elements in the padding count, as 0. Default true. */
  countIncludePad?: boolean;
}

/** Options of poolings that may return indices. */
export interface IndicesOptions {
  /** Give [y, indices]: where in its plane each largest element is, counted row by row, int32. Default false. */
  returnIndices?: boolean;
}

const windowKinds = { stride: VALUE, padding: VALUE, ceilMode: FLAG } as const;
export const maxPoolKinds: OptionKinds<MaxPoolOptions> = { ...windowKinds, dilation: VALUE };
const maxPoolOptionKinds: OptionKinds<MaxPoolOptions & IndicesOptions> = { ...maxPoolKinds, returnIndices: FLAG };
export const avgPoolKinds: OptionKinds<AvgPoolOptions> = { ...windowKinds, countIncludePad: FLAG };

type Window = MaxPoolOptions & AvgPoolOptions;

function windowOf(kernelSize: Pair, options: Window): PoolWindow {
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false, countIncludePad = true } = options;
  return { kernelSize, stride, padding, dilation, ceilMode, countIncludePad };
}

/** A number along the only dimension of lines. */
function along(op: string, argument: string, size: number, across: number): Pair {
  if (typeof size !== 'number')
    refuse(ArgumentError, op, `${argument} must be a number, got ${String(size)}`, { argument, got: size });
  return [across, size];
}

function lineWindow(
  op: string,
  kernelSize: number,
  options: MaxPoolOptions<number> & AvgPoolOptions<number>,
): PoolWindow {
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false, countIncludePad = true } = options;
  return {
    kernelSize: along(op, 'kernelSize', kernelSize, 1),
    stride: along(op, 'stride', stride, 1),
    padding: along(op, 'padding', padding, 0),
    dilation: along(op, 'dilation', dilation, 1),
    ceilMode,
    countIncludePad,
  };
}

/** Lines as planes of height 1. */
function asPlanes(op: string, x: Tensor): Tensor {
  checkTensor(op, 'input', x);
  if (x.ndim !== 2 && x.ndim !== 3)
    refuse(ShapeError, op, `input must be [N,C,L] or [C,L], got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  return x.unsqueeze(-2);
}

interface MaxPooled {
  values: Tensor;
  indices: Tensor | null;
}

/** The result as the caller sees it: with the indices if there are any. */
function given({ values, indices }: MaxPooled): Tensor | [Tensor, Tensor] {
  return indices === null ? values : [values, indices];
}

/** The same for lines: the dimension of height goes. */
function lines(run: () => MaxPooled): Tensor | [Tensor, Tensor] {
  return compose(() => {
    const { values, indices } = run();
    return given({ values: values.squeeze(-2), indices: indices?.squeeze(-2) ?? null });
  });
}

/**
 * The largest element of each window: [N, C, H, W] → [N, C, H', W'], H' = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1.
 * NaN wins; of equal elements, the first.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @throws ShapeError, ArgumentError if no window fits, or the padding is more than half of the kernel
 * @example
 * const x = randn(1, 3, 28, 28);
 * F.maxPool2d(x, 2).shape; // [1, 3, 14, 14]
 * const [z, indices] = F.maxPool2d(x, 3, { stride: 2, padding: 1, returnIndices: true }); // [1, 3, 14, 14], [1, 3, 14, 14]
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPoolOptions & { returnIndices: true },
): [Tensor, Tensor];
export function maxPool2d(x: Tensor, kernelSize: Pair, options?: MaxPoolOptions & { returnIndices?: false }): Tensor;
export function maxPool2d(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPoolOptions & IndicesOptions = {},
): Tensor | [Tensor, Tensor] {
  if (arguments.length > 3) noMore('maxPool2d', 3, arguments);
  checkOptions('maxPool2d', options, maxPoolOptionKinds);
  return given(maxPool('maxPool2d', x, windowOf(kernelSize, options), options.returnIndices ?? false));
}

/**
 * The largest element of each window of lines: [N, C, L] → [N, C, L']. See maxPool2d.
 *
 * @example
 * F.maxPool1d(tensor([[[1, 4, 2, 3]]]), 2).toArray(); // [[[4, 3]]]
 */
export function maxPool1d(
  x: Tensor,
  kernelSize: number,
  options: MaxPoolOptions<number> & { returnIndices: true },
): [Tensor, Tensor];
export function maxPool1d(
  x: Tensor,
  kernelSize: number,
  options?: MaxPoolOptions<number> & { returnIndices?: false },
): Tensor;
export function maxPool1d(
  x: Tensor,
  kernelSize: number,
  options: MaxPoolOptions<number> & IndicesOptions = {},
): Tensor | [Tensor, Tensor] {
  if (arguments.length > 3) noMore('maxPool1d', 3, arguments);
  const op = 'maxPool1d';
  checkOptions(op, options, maxPoolOptionKinds);
  const window = lineWindow(op, kernelSize, options);
  return lines(() => maxPool(op, asPlanes(op, x), window, options.returnIndices ?? false));
}

/**
 * The mean of each window: [N, C, H, W] → [N, C, H', W'], sizes as maxPool2d's.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @example
 * F.avgPool2d(randn(1, 3, 28, 28), 2).shape; // [1, 3, 14, 14]
 */
export function avgPool2d(x: Tensor, kernelSize: Pair, options: AvgPoolOptions = {}): Tensor {
  if (arguments.length > 3) noMore('avgPool2d', 3, arguments);
  checkOptions('avgPool2d', options, avgPoolKinds);
  return avgPool('avgPool2d', x, windowOf(kernelSize, options));
}

/**
 * The mean of each window of lines: [N, C, L] → [N, C, L'].
 *
 * @example
 * F.avgPool1d(tensor([[[1, 4, 2, 3]]]), 2).toArray(); // [[[2.5, 2.5]]]
 */
export function avgPool1d(x: Tensor, kernelSize: number, options: AvgPoolOptions<number> = {}): Tensor {
  if (arguments.length > 3) noMore('avgPool1d', 3, arguments);
  const op = 'avgPool1d';
  checkOptions(op, options, avgPoolKinds);
  const window = lineWindow(op, kernelSize, options);
  return compose(() => avgPool(op, asPlanes(op, x), window).squeeze(-2));
}

/**
 * The means of the parts into which each plane is divided, `outputSize` in all: [N, C, H, W] → [N, C, H', W']. null keeps a size.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 * @example
 * F.adaptiveAvgPool2d(randn(8, 16, 7, 7), 1).flatten(1).shape; // [8, 16]
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  if (arguments.length > 2) noMore('adaptiveAvgPool2d', 2, arguments);
  return adaptiveAvgPool('adaptiveAvgPool2d', x, outputSize);
}

/**
 * The means of `outputSize` parts of each line, as equal as they can be: [N, C, L] → [N, C, outputSize].
 *
 * @example
 * F.adaptiveAvgPool1d(tensor([[[1, 3, 5, 7]]]), 2).toArray(); // [[[2, 6]]]
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: number): Tensor {
  if (arguments.length > 2) noMore('adaptiveAvgPool1d', 2, arguments);
  const op = 'adaptiveAvgPool1d';
  const size = along(op, 'outputSize', outputSize, 1);
  return compose(() => adaptiveAvgPool(op, asPlanes(op, x), size).squeeze(-2));
}

/**
 * The largest elements of the parts into which each plane is divided, `outputSize` in all: [N, C, H, W] → [N, C, H', W']. null keeps a
 * size.
 *
 * @example
 * F.adaptiveMaxPool2d(randn(8, 16, 7, 7), [3, null]).shape; // [8, 16, 3, 7]
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptiveSize,
  options: { returnIndices: true },
): [Tensor, Tensor];
export function adaptiveMaxPool2d(x: Tensor, outputSize: AdaptiveSize, options?: { returnIndices?: false }): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptiveSize,
  options: IndicesOptions = {},
): Tensor | [Tensor, Tensor] {
  if (arguments.length > 3) noMore('adaptiveMaxPool2d', 3, arguments);
  checkOptions('adaptiveMaxPool2d', options, { returnIndices: FLAG });
  return given(adaptiveMaxPool('adaptiveMaxPool2d', x, outputSize, options.returnIndices ?? false));
}
