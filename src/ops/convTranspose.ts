/** Transposed convolution: the gradient of a convolution with respect to its input. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { spanOf } from '../../bindings/windows.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batched, checkBias, checkConvOperands, checkGroups, convInputGrad } from './convolve.ts';
import { checkReach, type Pair, pairOf } from './pairs.ts';

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
  /** Groups into which the channels are divided, each convolved separately. Default 1. */
  groups?: number;
}

/** Refuses options that calls of the layer would refuse for any input. */
export function checkTransposeOptions(op: string, options: ConvTransposeOptions): void {
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1 } = options;
  for (const [argument, value] of Object.entries({ stride, dilation })) pairOf(op, argument, value, 1);
  for (const [argument, value] of Object.entries({ padding, outputPadding })) pairOf(op, argument, value, 0);
}

/**
 * Transposed convolution of x [N, C, H, W] (or [C, H, W]) with weight [C, O/groups, kH, kW], plus bias [O]: → [N, O, H', W'],
 * H' = (H − 1)·stride − 2·padding + dilation·(kH − 1) + outputPadding + 1. This is the gradient of `conv2d` with respect to its input.
 *
 * @throws ShapeError if the sizes do not fit, ArgumentError if an option is out of range
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
  const result = batched(op, x, 3, (one) => convTranspose2d(one, weight, bias, options));
  if (result !== null) return result;
  const { groups = 1 } = options;
  const [{ shape }, kernel] = checkConvOperands(op, x, weight, bias);
  const stride = pairOf(op, 'stride', options.stride ?? 1, 1);
  const padding = pairOf(op, 'padding', options.padding ?? 0, 0);
  const dilation = pairOf(op, 'dilation', options.dilation ?? 1, 1);
  const extra = pairOf(op, 'outputPadding', options.outputPadding ?? 0, 0);
  const [batch, channels, inHeight, inWidth] = shape;
  const [inputs, depth, kernelHeight, kernelWidth] = kernel.shape;
  checkGroups(op, groups, 'input', channels);
  if (inputs !== channels)
    refuse(
      ShapeError,
      op,
      `weight ${show(weight.shape)} takes ${inputs} input channels, input ${show(x.shape)} has ${channels}`,
      { argument: 'weight', got: weight.shape, expected: [channels] },
    );
  const inSizes = [inHeight, inWidth] as const;
  const kernelSizes = [kernelHeight, kernelWidth] as const;
  const outputSize = (i: 0 | 1): number => {
    if (extra[i] >= Math.max(stride[i], dilation[i]))
      refuse(
        ArgumentError,
        op,
        `outputPadding must be less than stride or dilation, got ${extra[i]} with stride ${stride[i]} and dilation ${dilation[i]}`,
        { argument: 'outputPadding', got: extra },
      );
    const span = spanOf(kernelSizes[i], dilation[i]);
    const steps = (inSizes[i] - 1) * stride[i];
    checkReach(op, [steps + extra[i]], [span]);
    const size = steps - 2 * padding[i] + span + extra[i];
    if (size < 1 || inSizes[i] < 1 || kernelSizes[i] < 1)
      refuse(
        ShapeError,
        op,
        `input ${show(x.shape)}, weight ${show(weight.shape)}, stride ${stride[i]} and padding ${padding[i]} give an output of size ${size}`,
        { argument: 'input', got: x.shape },
      );
    return size;
  };
  const [height, width] = [outputSize(0), outputSize(1)];
  const outChannels = depth * groups;
  checkBias(op, bias, outChannels);
  // The geometry of the convolution whose gradient this is: its input is the output here.
  return convInputGrad(x, weight, bias, {
    batch,
    inChannels: outChannels,
    height,
    width,
    outChannels: channels,
    outHeight: inHeight,
    outWidth: inWidth,
    kernelHeight,
    kernelWidth,
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: padding[0],
    padLeft: padding[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    groups,
  });
}
