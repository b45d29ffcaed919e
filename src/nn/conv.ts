/** Convolutions as layers. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import {
  type Conv1dOptions,
  type ConvOptions,
  type ConvTransposeOptions,
  checkConvOptions,
  checkTransposeOptions,
  conv1d,
  conv2d,
  convTranspose2d,
  type Pair,
  pairOf,
  zeros,
} from '../ops/index.ts';
import { checkOptions, checkWhole, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { kaimingUniform_, uniform_ } from './init.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

interface LearnedOptions {
  /** Add a learned number to each output channel. Default true. */
  bias?: boolean;
  /** What surrounds the input; only zeros so far. Default 'zeros'. */
  paddingMode?: 'zeros';
}

/** Options of `Conv2d`. */
export interface Conv2dOptions extends ConvOptions, LearnedOptions {}
/** Options of `Conv1d`. */
export interface Conv1dLayerOptions extends Conv1dOptions, LearnedOptions {}
/** Options of `ConvTranspose2d`. */
export interface ConvTranspose2dOptions extends ConvTransposeOptions, LearnedOptions {}

const KINDS = {
  stride: VALUE,
  padding: VALUE,
  dilation: VALUE,
  groups: VALUE,
  bias: FLAG,
  paddingMode: VALUE,
} as const;

function checkChannels(op: string, inChannels: number, outChannels: number, groups: number): void {
  checkWhole(op, 'inChannels', inChannels, 1);
  checkWhole(op, 'outChannels', outChannels, 1);
  checkWhole(op, 'groups', groups, 1);
  for (const [argument, channels] of Object.entries({ inChannels, outChannels })) {
    if (channels % groups !== 0)
      refuse(ShapeError, op, `${argument} ${channels} cannot be divided into ${groups} groups`, {
        argument,
        got: channels,
        expected: groups,
      });
  }
}

function checkMode(op: string, mode: string | undefined): void {
  if (mode !== undefined && mode !== 'zeros')
    refuse(ArgumentError, op, `paddingMode must be 'zeros', got ${String(mode)}`, {
      argument: 'paddingMode',
      got: mode,
      expected: 'zeros',
    });
}

/** Checks a layer's options and splits them: whether there is a bias, the groups, and the options of its function. */
function checked<O extends LearnedOptions & { groups?: number }>(
  op: string,
  inChannels: number,
  outChannels: number,
  options: O,
  kinds: OptionKinds<O>,
) {
  checkOptions<O>(op, options, kinds);
  const { bias = true, paddingMode, ...rest } = options;
  checkMode(op, paddingMode);
  const { groups = 1 } = options;
  checkChannels(op, inChannels, outChannels, groups);
  return { bias, groups, rest };
}

/** What all convolutions share: weights and bias as PyTorch draws them, uniform in ±1/√(inputs of one unit). */
abstract class Convolution<Options extends LearnedOptions> extends Module {
  /** The kernels; their shape is in the description of the class. */
  declare weight: Parameter;
  /** A number added to each output channel, [outChannels]; null without bias. */
  declare bias: Parameter | null;

  constructor(
    /** Channels of the input, ≥ 1, a multiple of the groups. */
    readonly inChannels: number,
    /** Channels of the output, ≥ 1, a multiple of the groups. */
    readonly outChannels: number,
    weightShape: readonly number[],
    /** Stride, padding, dilation and groups, as they were given. */
    readonly options: Omit<Options, keyof LearnedOptions>,
    bias: boolean,
  ) {
    super();
    this.watch('parameter', 'weight', 'bias');
    this.weight = parameterOf(() => kaimingUniform_(zeros([...weightShape]), { a: Math.sqrt(5) }));
    const bound = 1 / Math.sqrt(weightShape.slice(1).reduce((n, size) => n * size, 1));
    this.bias = bias ? parameterOf(() => uniform_(zeros(outChannels), -bound, bound)) : null;
  }

  protected override describe(): string {
    const kernel = this.weight.shape.slice(2);
    const named = Object.entries(this.options).map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`);
    const size = kernel.every((k) => k === kernel[0]) ? kernel[0] : `[${kernel.join(', ')}]`;
    return `${this.inChannels}, ${this.outChannels}, ${size}${named.join('')}${this.bias === null ? ', bias: false' : ''}`;
  }
}

/**
 * Convolution of [N, inChannels, H, W] to [N, outChannels, H', W'] (both may lack N), H' = ⌊(H + 2·padding − dilation·(k − 1) − 1) / stride⌋ + 1.
 * weight [outChannels, inChannels / groups, kH, kW], bias [outChannels].
 *
 * @throws ShapeError if the channels cannot be divided into the groups, ArgumentError if an option is not a valid number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example
 * const layer = new nn.Conv2d(3, 16, 3, { padding: 'same' });
 * layer.forward(randn(8, 3, 32, 32)).shape; // [8, 16, 32, 32]
 */
export class Conv2d extends Convolution<Conv2dOptions> {
  /** @internal */ static override name = 'Conv2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    if (arguments.length > 4) noMore('Conv2d', 4, arguments);
    const { bias, groups, rest } = checked('Conv2d', inChannels, outChannels, options, KINDS);
    const kernel = pairOf('Conv2d', 'kernelSize', kernelSize, 1);
    checkConvOptions('Conv2d', kernel, rest);
    super(inChannels, outChannels, [outChannels, inChannels / groups, ...kernel], rest, bias);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Conv2d.forward', 1, arguments);
    return conv2d(x, this.weight, this.bias, this.options);
  }
}

/**
 * Convolution of [N, inChannels, L] to [N, outChannels, L'] (both may lack N). weight [outChannels, inChannels / groups, k], bias [outChannels].
 *
 * @throws ShapeError if the channels cannot be divided into the groups, ArgumentError if an option is not a valid number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 * @example
 * new nn.Conv1d(2, 8, 5, { stride: 2 }).forward(randn(4, 2, 100)).shape; // [4, 8, 48]
 */
export class Conv1d extends Convolution<Conv1dLayerOptions> {
  /** @internal */ static override name = 'Conv1d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(inChannels: number, outChannels: number, kernelSize: number, options: Conv1dLayerOptions = {}) {
    if (arguments.length > 4) noMore('Conv1d', 4, arguments);
    const { bias, groups, rest } = checked('Conv1d', inChannels, outChannels, options, KINDS);
    checkWhole('Conv1d', 'kernelSize', kernelSize, 1);
    checkConvOptions('Conv1d', [1, kernelSize], rest);
    super(inChannels, outChannels, [outChannels, inChannels / groups, kernelSize], rest, bias);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Conv1d.forward', 1, arguments);
    return conv1d(x, this.weight, this.bias, this.options);
  }
}

/**
 * Transposed convolution of [N, inChannels, H, W] to [N, outChannels, H', W'] (both may lack N),
 * H' = (H − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1. weight [inChannels, outChannels / groups, kH, kW].
 *
 * @throws ShapeError if the channels cannot be divided into the groups, ArgumentError if an option is not a valid number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 * @example
 * new nn.ConvTranspose2d(16, 8, 4, { stride: 2, padding: 1 }).forward(randn(1, 16, 7, 7)).shape; // [1, 8, 14, 14]
 */
export class ConvTranspose2d extends Convolution<ConvTranspose2dOptions> {
  /** @internal */ static override name = 'ConvTranspose2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: ConvTranspose2dOptions = {}) {
    if (arguments.length > 4) noMore('ConvTranspose2d', 4, arguments);
    const { bias, groups, rest } = checked('ConvTranspose2d', inChannels, outChannels, options, {
      ...KINDS,
      outputPadding: VALUE,
    });
    const kernel = pairOf('ConvTranspose2d', 'kernelSize', kernelSize, 1);
    checkTransposeOptions('ConvTranspose2d', rest);
    super(inChannels, outChannels, [inChannels, outChannels / groups, ...kernel], rest, bias);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('ConvTranspose2d.forward', 1, arguments);
    return convTranspose2d(x, this.weight, this.bias, this.options);
  }
}
