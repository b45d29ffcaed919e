/** Pooling as layers. */

import {
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
} from '../ops/functional.ts';
import { type AdaptiveSize, adaptivePair, checkWindow, type Pair } from '../ops/index.ts';
import { avgPoolKinds, maxPoolKinds } from '../ops/pool.ts';
import { checkOptions, checkWhole, noMore, type OptionKinds } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { optionTexts } from './describe.ts';
import { Module } from './module.ts';

/** A layer whose windows slide: kernel and options, checked when it is made. */
abstract class SlidingPool<Size extends Pair, Options extends object> extends Module {
  constructor(
    op: string,
    /** Size of a window, ≥ 1; for planes a number for both sides or [height, width]. */
    readonly kernelSize: Size,
    /** The options as they were given; `stride` is the kernel's size unless given. */
    readonly options: Options,
    kinds: OptionKinds<Options>,
  ) {
    super();
    checkOptions<Options>(op, options, kinds);
    checkWindow(op, { kernelSize, ...options });
  }

  protected override describe(): string {
    return [`kernelSize: ${this.kernelSize}`, ...optionTexts(this.options)].join(', ');
  }
}

/**
 * The largest element of each window of lines: [N, C, L] → [N, C, L'].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 * @example
 * new nn.MaxPool1d(2).forward(randn(8, 16, 100)).shape; // [8, 16, 50]
 */
export class MaxPool1d extends SlidingPool<number, MaxPoolOptions<number>> {
  /** @internal */ static override name = 'MaxPool1d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(kernelSize: number, options: MaxPoolOptions<number> = {}) {
    if (arguments.length > 2) noMore('MaxPool1d', 2, arguments);
    super('MaxPool1d', kernelSize, options, maxPoolKinds);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('MaxPool1d.forward', 1, arguments);
    return maxPool1d(x, this.kernelSize, this.options);
  }
}

/**
 * The largest element of each window: [N, C, H, W] → [N, C, H', W'], H' = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @example
 * new nn.MaxPool2d(2).forward(randn(1, 3, 28, 28)).shape; // [1, 3, 14, 14]
 */
export class MaxPool2d extends SlidingPool<Pair, MaxPoolOptions> {
  /** @internal */ static override name = 'MaxPool2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(kernelSize: Pair, options: MaxPoolOptions = {}) {
    if (arguments.length > 2) noMore('MaxPool2d', 2, arguments);
    super('MaxPool2d', kernelSize, options, maxPoolKinds);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('MaxPool2d.forward', 1, arguments);
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/**
 * The mean of each window of lines: [N, C, L] → [N, C, L'].
 *
 * @example
 * new nn.AvgPool1d(4, { stride: 2 }).forward(randn(8, 16, 100)).shape; // [8, 16, 49]
 */
export class AvgPool1d extends SlidingPool<number, AvgPoolOptions<number>> {
  /** @internal */ static override name = 'AvgPool1d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(kernelSize: number, options: AvgPoolOptions<number> = {}) {
    if (arguments.length > 2) noMore('AvgPool1d', 2, arguments);
    super('AvgPool1d', kernelSize, options, avgPoolKinds);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('AvgPool1d.forward', 1, arguments);
    return avgPool1d(x, this.kernelSize, this.options);
  }
}

/**
 * The mean of each window: [N, C, H, W] → [N, C, H', W'], with the sizes of MaxPool2d.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @example
 * new nn.AvgPool2d([2, 1]).forward(randn(1, 3, 28, 28)).shape; // [1, 3, 14, 28]
 */
export class AvgPool2d extends SlidingPool<Pair, AvgPoolOptions> {
  /** @internal */ static override name = 'AvgPool2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(kernelSize: Pair, options: AvgPoolOptions = {}) {
    if (arguments.length > 2) noMore('AvgPool2d', 2, arguments);
    super('AvgPool2d', kernelSize, options, avgPoolKinds);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('AvgPool2d.forward', 1, arguments);
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/**
 * The means of outputSize parts of each line: [N, C, L] → [N, C, outputSize].
 *
 * @example
 * new nn.AdaptiveAvgPool1d(1).forward(randn(8, 16, 100)).shape; // [8, 16, 1]
 */
export class AdaptiveAvgPool1d extends Module {
  /** @internal */ static override name = 'AdaptiveAvgPool1d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** Parts of a line, ≥ 1. */
    readonly outputSize: number,
  ) {
    if (arguments.length > 1) noMore('AdaptiveAvgPool1d', 1, arguments);
    super();
    checkWhole('AdaptiveAvgPool1d', 'outputSize', outputSize, 1);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('AdaptiveAvgPool1d.forward', 1, arguments);
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/**
 * The means of outputSize parts of each plane, whatever its size: [N, C, H, W] → [N, C, H', W'].
 *
 * @example
 * new nn.AdaptiveAvgPool2d(1).forward(randn(8, 16, 7, 7)).shape; // [8, 16, 1, 1]
 */
export class AdaptiveAvgPool2d extends Module {
  /** @internal */ static override name = 'AdaptiveAvgPool2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** Rows and columns of parts: a number for both, or [height, width], null for the size of the input. */
    readonly outputSize: AdaptiveSize,
  ) {
    if (arguments.length > 1) noMore('AdaptiveAvgPool2d', 1, arguments);
    super();
    adaptivePair('AdaptiveAvgPool2d', outputSize);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('AdaptiveAvgPool2d.forward', 1, arguments);
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/**
 * The largest elements of outputSize parts of each plane: [N, C, H, W] → [N, C, H', W'].
 *
 * @example
 * new nn.AdaptiveMaxPool2d([3, null]).forward(randn(8, 16, 7, 7)).shape; // [8, 16, 3, 7]
 */
export class AdaptiveMaxPool2d extends Module {
  /** @internal */ static override name = 'AdaptiveMaxPool2d';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** Rows and columns of parts: a number for both, or [height, width], null for the size of the input. */
    readonly outputSize: AdaptiveSize,
  ) {
    if (arguments.length > 1) noMore('AdaptiveMaxPool2d', 1, arguments);
    super();
    adaptivePair('AdaptiveMaxPool2d', outputSize);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('AdaptiveMaxPool2d.forward', 1, arguments);
    return adaptiveMaxPool2d(x, this.outputSize);
  }
}
