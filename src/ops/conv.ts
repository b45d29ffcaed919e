/**
 * Convolution. Three primitives, each bilinear, on one geometry: the convolution of x and w, and its gradients with respect to either,
 * which are each other's gradients again. A transposed convolution is a gradient with respect to the input.
 */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { ConvGeometry } from '../../bindings/wasm/winograd.ts';
import { emitConv, emitConvInputGrad, emitConvWeightGrad } from '../emit/conv.ts';
import { commonExecutor } from '../emit/emit.ts';
import { checkOptions, noMore, shown, VALUE } from '../options.ts';
import { isGradEnabled } from '../tape/mode.ts';
import { record } from '../tape/record.ts';
import { charge } from '../tensor/budget.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { restate } from '../tensor/watch.ts';
import { checkFloat, checkTensor } from './check.ts';
import { compose } from './compose.ts';

/** One number for both directions, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

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
  /** Parts into which the channels fall, each convolved by itself. Default 1. */
  groups?: number;
}

/** Options of `convTranspose2d`. */
export interface ConvTransposeOptions {
  /** Step of the kernel over the output. Default 1. */
  stride?: Pair;
  /** Rows and columns cut off at each side of the output. Default 0. */
  padding?: Pair;
  /** Rows and columns added at the end of the output; less than stride or dilation. Default 0. */
  outputPadding?: Pair;
  /** Step between the taps of the kernel. Default 1. */
  dilation?: Pair;
  /** Parts into which the channels fall, each convolved by itself. Default 1. */
  groups?: number;
}

/** Kernels count in 32 bits. */
const LARGEST = 2 ** 31 - 1;

/** Refuses what is neither a whole number from `low` on nor a pair of them, and gives the pair. */
export function pairOf(op: string, argument: string, value: unknown, low: number): [height: number, width: number] {
  const pair = Array.isArray(value) ? (value as unknown[]) : [value, value];
  if (pair.length !== 2 || !pair.every((x) => Number.isInteger(x) && (x as number) >= low)) {
    refuse(
      ArgumentError,
      op,
      `${argument} must be a whole number from ${low} on, or [height, width], got ${shown(value)}`,
      { argument, got: value },
    );
  }
  if (pair.some((x) => (x as number) > LARGEST)) {
    // A file that asks for it has passed its own limit.
    charge(Math.max(...(pair as number[])));
    refuse(ArgumentError, op, `${argument} must be at most ${LARGEST}, got ${shown(value)}`, {
      argument,
      got: value,
      expected: LARGEST,
    });
  }
  return pair as [number, number];
}

/** Refuses windows whose last element may lie beyond what kernels can count to. */
export function checkReach(op: string, padded: readonly number[], spans: readonly number[]): void {
  if (padded.some((size, i) => size + spans[i]! > LARGEST))
    refuse(
      ShapeError,
      op,
      `a padded size of ${padded.join('×')} and a kernel that spans ${spans.join('×')} reach beyond ${LARGEST}`,
      { argument: 'padding', got: padded, expected: LARGEST },
    );
}

function checkOperands(op: string, x: Tensor, weight: Tensor, bias: Tensor | null): void {
  const operands: [string, Tensor][] = [
    ['input', x],
    ['weight', weight],
    ...(bias === null ? [] : [['bias', bias] as [string, Tensor]]),
  ];
  for (const [argument, operand] of operands) {
    checkFloat(op, argument, operand);
  }
  for (const [argument, operand] of operands.slice(0, 2)) {
    if (operand.ndim !== 4)
      refuse(
        ShapeError,
        op,
        `${argument} must be ${argument === 'input' ? '[N,C,H,W] or [C,H,W]' : 'four-dimensional'}, got ${show(operand.shape)}`,
        { argument, got: operand.shape },
      );
  }
  commonExecutor(op, ...(operands.map(([, operand]) => operand) as [Tensor, ...Tensor[]]));
}

function checkGroups(op: string, groups: number, name: string, channels: number): void {
  if (!(Number.isInteger(groups) && groups >= 1))
    refuse(ArgumentError, op, `groups must be a whole number from 1 on, got ${String(groups)}`, {
      argument: 'groups',
      got: groups,
    });
  if (channels % groups !== 0)
    refuse(ShapeError, op, `${channels} ${name} channels cannot be divided into ${groups} groups`, {
      argument: 'groups',
      got: groups,
      expected: channels,
    });
}

function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias !== null && (bias.ndim !== 1 || bias.numel !== channels))
    refuse(ShapeError, op, `bias must be [${channels}], one value an output channel, got ${show(bias.shape)}`, {
      argument: 'bias',
      got: bias.shape,
      expected: [channels],
    });
}

/** Elements that a kernel spans. */
const extent = (kernel: number, dilation: number) => (kernel - 1) * dilation + 1;

/** Zeros before and after a dimension. */
function paddingOf(
  op: string,
  padding: ConvOptions['padding'],
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): [before: number, after: number][] {
  if (padding === 'same') {
    if (stride.some((s) => s !== 1))
      refuse(ArgumentError, op, `padding 'same' needs stride 1, got [${stride.join(', ')}]`, {
        argument: 'padding',
        got: padding,
      });
    return kernel.map((k, i) => {
      const total = extent(k, dilation[i]!) - 1;
      return [total >> 1, total - (total >> 1)];
    });
  }
  if (typeof padding === 'string' && padding !== 'valid')
    refuse(ArgumentError, op, `padding must be numbers, 'same' or 'valid', got '${String(padding)}'`, {
      argument: 'padding',
      got: padding,
    });
  return pairOf(op, 'padding', padding === 'valid' ? 0 : padding, 0).map((p) => [p, p]);
}

/** Refuses what a layer's calls would refuse for any input. */
export function checkConvOptions(op: string, kernel: readonly number[], options: ConvOptions): void {
  const { stride = 1, padding = 0, dilation = 1 } = options;
  paddingOf(op, padding, kernel, pairOf(op, 'stride', stride, 1), pairOf(op, 'dilation', dilation, 1));
}

/** The same of a transposed convolution. */
export function checkTransposeOptions(op: string, options: ConvTransposeOptions): void {
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1 } = options;
  for (const [argument, value] of Object.entries({ stride, dilation })) pairOf(op, argument, value, 1);
  for (const [argument, value] of Object.entries({ padding, outputPadding })) pairOf(op, argument, value, 0);
}

/** An input without the batch, which has so many dimensions, goes through `fn` as a batch of one. */
function batched(op: string, x: Tensor, ndim: number, fn: (x: Tensor) => Tensor): Tensor | null {
  checkTensor(op, 'input', x);
  return x.ndim === ndim ? compose(() => fn(x.unsqueeze(0)).squeeze(0)) : null;
}

/** The geometry of a convolution, checked. */
function geometryOf(op: string, x: Tensor, weight: Tensor, options: ConvOptions): ConvGeometry {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [strideHeight, strideWidth] = pairOf(op, 'stride', stride, 1);
  const [dilationHeight, dilationWidth] = pairOf(op, 'dilation', dilation, 1);
  const [batch, inChannels, height, width] = x.shape as [number, number, number, number];
  const [outChannels, depth, kernelHeight, kernelWidth] = weight.shape as [number, number, number, number];
  const [rows, cols] = paddingOf(
    op,
    padding,
    [kernelHeight, kernelWidth],
    [strideHeight, strideWidth],
    [dilationHeight, dilationWidth],
  ) as [[number, number], [number, number]];
  checkGroups(op, groups, 'input', inChannels);
  checkGroups(op, groups, 'output', outChannels);
  if (inChannels / groups !== depth)
    refuse(
      ShapeError,
      op,
      `weight ${show(weight.shape)} with ${groups} groups needs ${depth * groups} input channels, input ${show(x.shape)} has ${inChannels}`,
      { argument: 'weight', got: weight.shape, expected: [outChannels, inChannels / groups] },
    );
  const [padded, spans] = [
    [height + rows[0] + rows[1], width + cols[0] + cols[1]],
    [extent(kernelHeight, dilationHeight), extent(kernelWidth, dilationWidth)],
  ] as [[number, number], [number, number]];
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
    outHeight: Math.floor((padded[0] - spans[0]) / strideHeight) + 1,
    outWidth: Math.floor((padded[1] - spans[1]) / strideWidth) + 1,
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

/** The primitive: shapes are right here. */
export function convolve(x: Tensor, w: Tensor, bias: Tensor | null, geometry: ConvGeometry): Tensor {
  const constant = tracing !== null && !isGradEnabled();
  const y = emitConv(x, w, bias, geometry, constant);
  return record('conv', bias === null ? [x, w] : [x, w, bias], y, { geometry });
}

/** Gradient of `convolve` with respect to x, plus bias. */
export function convInputGrad(g: Tensor, w: Tensor, bias: Tensor | null, geometry: ConvGeometry): Tensor {
  const y = emitConvInputGrad(g, w, bias, geometry);
  return record('convInputGrad', bias === null ? [g, w] : [g, w, bias], y, { geometry });
}

/** Gradient of `convolve` with respect to w. */
export function convWeightGrad(x: Tensor, g: Tensor, geometry: ConvGeometry): Tensor {
  return record('convWeightGrad', [x, g], emitConvWeightGrad(x, g, geometry), { geometry });
}

/**
 * Convolution (cross-correlation, as everywhere in deep learning) of x [N, C, H, W] with weight [O, C/groups, kH, kW], plus bias
 * [O]. The result is [N, O, H', W'], H' = ⌊(H + padding − dilation·(kH − 1) − 1) / stride⌋ + 1. Without N: [C, H, W] → [O, H', W'].
 *
 * @throws ShapeError if the sizes do not fit, ArgumentError if an option is no such number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 * @example
 * F.conv2d(randn(1, 3, 32, 32), randn(16, 3, 3, 3), null, { padding: 1 }).shape; // [1, 16, 32, 32]
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  if (arguments.length > 4) noMore('conv2d', 4, arguments);
  const op = 'conv2d';
  checkOptions(op, options, { stride: VALUE, padding: VALUE, dilation: VALUE, groups: VALUE });
  const alone = batched(op, x, 3, (one) => conv2d(one, weight, bias, options));
  if (alone !== null) return alone;
  checkOperands(op, x, weight, bias);
  const geometry = geometryOf(op, x, weight, options);
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
  /** Parts into which the channels fall, each convolved by itself; both numbers of channels must be multiples. Default 1. */
  groups?: number;
}

/** A one-dimensional option as a pair, checked. */
function alongWidth(argument: string, value: number, rest: number, low: number): [number, number] {
  if (!(Number.isInteger(value) && value >= low))
    refuse(ArgumentError, 'conv1d', `${argument} must be a whole number from ${low} on, got ${String(value)}`, {
      argument,
      got: value,
    });
  return [rest, value];
}

/**
 * Convolution of x [N, C, L] (or [C, L]) with weight [O, C/groups, k], plus bias [O]: → [N, O, L'].
 *
 * @throws ShapeError if the sizes do not fit, ArgumentError if an option is no such number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 * @example
 * F.conv1d(tensor([[[1, 2, 3, 4]]]), tensor([[[1, -1]]])).toArray(); // [[[-1, -1, -1]]]
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv1dOptions = {}): Tensor {
  if (arguments.length > 4) noMore('conv1d', 4, arguments);
  const op = 'conv1d';
  checkOptions(op, options, { stride: VALUE, padding: VALUE, dilation: VALUE, groups: VALUE });
  const alone = batched(op, x, 2, (one) => conv1d(one, weight, bias, options));
  if (alone !== null) return alone;
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
    checkOperands(op, image, kernel, bias);
    const geometry = geometryOf(op, image, kernel, planar);
    checkBias(op, bias, geometry.outChannels);
    return restate('conv1d', [x, weight, bias], convolve(image, kernel, bias, geometry).squeeze(2), { geometry });
  });
}

/**
 * Transposed convolution of x [N, C, H, W] (or [C, H, W]) with weight [C, O/groups, kH, kW], plus bias [O]: → [N, O, H', W'],
 * H' = (H − 1)·stride − 2·padding + dilation·(kH − 1) + outputPadding + 1. It is what the gradient of `conv2d` does with its input.
 *
 * @throws ShapeError if the sizes do not fit, ArgumentError if an option is no such number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 * @example
 * F.convTranspose2d(randn(1, 16, 7, 7), randn(16, 8, 4, 4), null, { stride: 2, padding: 1 }).shape; // [1, 8, 14, 14]
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  if (arguments.length > 4) noMore('convTranspose2d', 4, arguments);
  const op = 'convTranspose2d';
  checkOptions(op, options, { stride: VALUE, padding: VALUE, outputPadding: VALUE, dilation: VALUE, groups: VALUE });
  const alone = batched(op, x, 3, (one) => convTranspose2d(one, weight, bias, options));
  if (alone !== null) return alone;
  const { groups = 1 } = options;
  checkOperands(op, x, weight, bias);
  const stride = pairOf(op, 'stride', options.stride ?? 1, 1);
  const padding = pairOf(op, 'padding', options.padding ?? 0, 0);
  const dilation = pairOf(op, 'dilation', options.dilation ?? 1, 1);
  const extra = pairOf(op, 'outputPadding', options.outputPadding ?? 0, 0);
  const [batch, channels] = x.shape as [number, number];
  checkGroups(op, groups, 'input', channels);
  if (weight.shape[0] !== channels)
    refuse(
      ShapeError,
      op,
      `weight ${show(weight.shape)} takes ${weight.shape[0]} input channels, input ${show(x.shape)} has ${channels}`,
      { argument: 'weight', got: weight.shape, expected: [channels] },
    );
  const sizes = [0, 1].map((i) => {
    if (extra[i]! >= Math.max(stride[i]!, dilation[i]!))
      refuse(
        ArgumentError,
        op,
        `outputPadding must be less than stride or dilation, got ${extra[i]} with stride ${stride[i]} and dilation ${dilation[i]}`,
        { argument: 'outputPadding', got: extra },
      );
    const span = extent(weight.shape[2 + i]!, dilation[i]!);
    checkReach(op, [(x.shape[2 + i]! - 1) * stride[i]! + extra[i]!], [span]);
    const size = (x.shape[2 + i]! - 1) * stride[i]! - 2 * padding[i]! + span + extra[i]!;
    if (size < 1 || x.shape[2 + i]! < 1 || weight.shape[2 + i]! < 1)
      refuse(
        ShapeError,
        op,
        `input ${show(x.shape)}, weight ${show(weight.shape)}, stride ${stride[i]} and padding ${padding[i]} give an output of size ${size}`,
        { argument: 'input', got: x.shape },
      );
    return size;
  });
  const outChannels = weight.shape[1]! * groups;
  checkBias(op, bias, outChannels);
  return convInputGrad(x, weight, bias, {
    batch,
    inChannels: outChannels,
    height: sizes[0]!,
    width: sizes[1]!,
    outChannels: channels,
    outHeight: x.shape[2]!,
    outWidth: x.shape[3]!,
    kernelHeight: weight.shape[2]!,
    kernelWidth: weight.shape[3]!,
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: padding[0],
    padLeft: padding[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    groups,
  });
}
