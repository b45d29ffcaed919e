/** Convolution of planes and of lines. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { ConvGeometry } from '../../bindings/wasm/winograd.ts';
import { spanOf, windowCount } from '../../bindings/windows.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { batched, checkBias, checkConvOperands, checkGroups, convolve } from './convolve.ts';
import { checkReach, type Pair, pairOf } from './pairs.ts';
import type { TensorOf } from './sizes.ts';

/** Options of `conv2d`. */
export interface ConvOptions {
  /** Step of the kernel over the input. Default 1. */
  stride?: Pair;
  /**
   * Zeros around the input. 'same' keeps the size (stride 1 only; an odd zero goes to the end), 'valid' is 0. Default 0.
   */
  padding?: Pair | 'same' | 'valid';
  /** Step between the taps of the kernel. Default 1. */
  dilation?: Pair;
  /** Groups into which the channels are divided, each convolved separately. Default 1. */
  groups?: number;
}

type Sizes = readonly [height: number, width: number];
type Margin = [before: number, after: number];

/** Zeros before and after both dimensions. */
function paddingOf(
  op: string,
  padding: ConvOptions['padding'],
  kernel: Sizes,
  stride: Sizes,
  dilation: Sizes,
): [rows: Margin, cols: Margin] {
  if (padding === 'same') {
    if (stride.some((s) => s !== 1))
      refuse(ArgumentError, op, `padding 'same' needs stride 1, got [${stride.join(', ')}]`, {
        argument: 'padding',
        got: padding,
      });
    const margin = (i: 0 | 1): Margin => {
      const total = spanOf(kernel[i], dilation[i]) - 1;
      return [total >> 1, total - (total >> 1)];
    };
    return [margin(0), margin(1)];
  }
  if (typeof padding === 'string' && padding !== 'valid')
    refuse(ArgumentError, op, `padding must be numbers, 'same' or 'valid', got '${String(padding)}'`, {
      argument: 'padding',
      got: padding,
    });
  const [height, width] = pairOf(op, 'padding', padding === 'valid' ? 0 : padding, 0);
  return [
    [height, height],
    [width, width],
  ];
}

/** Refuses options that calls of the layer would refuse for any input. */
export function checkConvOptions(op: string, kernel: Sizes, options: ConvOptions): void {
  const { stride = 1, padding = 0, dilation = 1 } = options;
  paddingOf(op, padding, kernel, pairOf(op, 'stride', stride, 1), pairOf(op, 'dilation', dilation, 1));
}

/** The geometry of a convolution, checked. */
function geometryOf(op: string, x: TensorOf<4>, weight: TensorOf<4>, options: ConvOptions): ConvGeometry {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [strideHeight, strideWidth] = pairOf(op, 'stride', stride, 1);
  const [dilationHeight, dilationWidth] = pairOf(op, 'dilation', dilation, 1);
  const [batch, inChannels, height, width] = x.shape;
  const [outChannels, depth, kernelHeight, kernelWidth] = weight.shape;
  const [rows, cols] = paddingOf(
    op,
    padding,
    [kernelHeight, kernelWidth],
    [strideHeight, strideWidth],
    [dilationHeight, dilationWidth],
  );
  checkGroups(op, groups, 'input', inChannels);
  checkGroups(op, groups, 'output', outChannels);
  if (inChannels / groups !== depth)
    refuse(
      ShapeError,
      op,
      `weight ${show(weight.shape)} with ${groups} groups needs ${depth * groups} input channels, input ${show(x.shape)} has ${inChannels}`,
      { argument: 'weight', got: weight.shape, expected: [outChannels, inChannels / groups] },
    );
  const padded: Sizes = [height + rows[0] + rows[1], width + cols[0] + cols[1]];
  const spans: Sizes = [spanOf(kernelHeight, dilationHeight), spanOf(kernelWidth, dilationWidth)];
  checkReach(op, padded, spans);
  if (kernelHeight < 1 || kernelWidth < 1 || spans[0] > padded[0] || spans[1] > padded[1])
    refuse(
      ShapeError,
      op,
      `kernel ${kernelHeight}×${kernelWidth} (spanning ${spans.join('×')}) does not fit into the padded input, ${padded.join('×')}`,
      { argument: 'weight', got: spans, expected: padded },
    );
  return {
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight: windowCount(padded[0], spans[0], strideHeight),
    outWidth: windowCount(padded[1], spans[1], strideWidth),
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    padTop: rows[0],
    padLeft: cols[0],
    dilationHeight,
    dilationWidth,
    groups,
  };
}

/**
 * Convolution (cross-correlation, as everywhere in deep learning) of x [N, C, H, W] with weight [O, C/groups, kH, kW], plus bias
 * [O]. The result is [N, O, H', W'], H' = ⌊(H + padding − dilation·(kH − 1) − 1) / stride⌋ + 1. Without N: [C, H, W] → [O, H', W'].
 *
 * @throws ShapeError if the sizes do not fit, ArgumentError if an option is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 * @example
 * F.conv2d(randn(1, 3, 32, 32), randn(16, 3, 3, 3), null, { padding: 1 }).shape; // [1, 16, 32, 32]
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  if (arguments.length > 4) noMore('conv2d', 4, arguments);
  const op = 'conv2d';
  checkOptions(op, options, { stride: VALUE, padding: VALUE, dilation: VALUE, groups: VALUE });
  const result = batched(op, x, 3, (one) => conv2d(one, weight, bias, options));
  if (result !== null) return result;
  const geometry = geometryOf(op, ...checkConvOperands(op, x, weight, bias), options);
  checkBias(op, bias, geometry.outChannels);
  return convolve(x, weight, bias, geometry);
}

/** Options of `conv1d`. */
export interface Conv1dOptions {
  /** Step of the kernel over the line, ≥ 1. Default 1. */
  stride?: number;
  /** Zeros at each end; 'same' keeps the length (stride 1 only; an odd zero goes to the end), 'valid' is 0. Default 0. */
  padding?: number | 'same' | 'valid';
  /** Step between the taps of the kernel, ≥ 1. Default 1. */
  dilation?: number;
  /** Groups into which the channels are divided, each convolved separately; both numbers of channels must be multiples. Default 1. */
  groups?: number;
}

/** A one-dimensional option as a pair, with `rest` for the height. */
function alongWidth(argument: string, value: number, rest: number, low: number): [number, number] {
  if (!(Number.isInteger(value) && value >= low))
    refuse(ArgumentError, 'conv1d', `${argument} must be a whole number of at least ${low}, got ${String(value)}`, {
      argument,
      got: value,
    });
  return [rest, value];
}

/**
 * Convolution of x [N, C, L] (or [C, L]) with weight [O, C/groups, k], plus bias [O]: → [N, O, L'].
 *
 * @throws ShapeError if the sizes do not fit, ArgumentError if an option is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 * @example
 * F.conv1d(tensor([[[1, 2, 3, 4]]]), tensor([[[1, -1]]])).toArray(); // [[[-1, -1, -1]]]
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv1dOptions = {}): Tensor {
  if (arguments.length > 4) noMore('conv1d', 4, arguments);
  const op = 'conv1d';
  checkOptions(op, options, { stride: VALUE, padding: VALUE, dilation: VALUE, groups: VALUE });
  const result = batched(op, x, 2, (one) => conv1d(one, weight, bias, options));
  if (result !== null) return result;
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  checkTensor(op, 'weight', weight);
  for (const [argument, operand, form] of [
    ['input', x, '[N,C,L] or [C,L]'],
    ['weight', weight, '[O,C/groups,k]'],
  ] as const) {
    if (operand.ndim !== 3)
      refuse(ShapeError, op, `${argument} must be ${form}, got ${show(operand.shape)}`, {
        argument,
        got: operand.shape,
      });
  }
  const planar: ConvOptions = {
    stride: alongWidth('stride', stride, 1, 1),
    padding: typeof padding === 'string' ? padding : alongWidth('padding', padding, 0, 0),
    dilation: alongWidth('dilation', dilation, 1, 1),
    groups,
  };
  return compose(() => {
    const [image, kernel] = [x.unsqueeze(2), weight.unsqueeze(2)];
    const geometry = geometryOf(op, ...checkConvOperands(op, image, kernel, bias), planar);
    checkBias(op, bias, geometry.outChannels);
    return restate('conv1d', [x, weight, bias], convolve(image, kernel, bias, geometry).squeeze(2), { geometry });
  });
}
