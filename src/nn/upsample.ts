/** Layers that change planes: resizing, and dropout of whole channels. */

import { dropout2d, type InterpolateOptions, interpolate } from '../ops/functional.ts';
import { checkInterpolate } from '../ops/interpolate.ts';
import { noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { optionTexts } from './describe.ts';
import { type DropShare, dropShare } from './dropShare.ts';
import { Module } from './module.ts';

/**
 * Planes of another size: [N, C, H, W] → [N, C, H', W'].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 * @example
 * const layer = new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true });
 * layer.forward(randn(1, 3, 8, 8)).shape; // [1, 3, 16, 16]
 */
export class Upsample extends Module {
  /** @internal */ static override name = 'Upsample';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `size` or `scaleFactor`, `mode`, `alignCorners`. */
    readonly options: InterpolateOptions,
  ) {
    if (arguments.length > 1) noMore('Upsample', 1, arguments);
    super();
    checkInterpolate('Upsample', options);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Upsample.forward', 1, arguments);
    return interpolate(x, this.options);
  }

  protected override describe(): string {
    return optionTexts(this.options).join(', ');
  }
}

/**
 * In training, sets whole channels of [N, C, …] to 0, a random share p of them, and scales the others by 1/(1 − p).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 * @example
 * new nn.Dropout2d(0.2).forward(randn(8, 16, 5, 5)).shape; // [8, 16, 5, 5]
 */
export class Dropout2d extends Module {
  /** @internal */ static override name = 'Dropout2d';
  /** @internal */ static readonly keepsNothing = true;

  /** Share of the channels that become 0. */
  readonly p: number;

  /** @param p the share, as a number or as an option; default 0.5 */
  constructor(p: number | DropShare = 0.5) {
    if (arguments.length > 1) noMore('Dropout2d', 1, arguments);
    super();
    this.p = dropShare('Dropout2d', p);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Dropout2d.forward', 1, arguments);
    return dropout2d(x, { p: this.p, training: this.training });
  }

  protected override describe(): string {
    return `p: ${this.p}`;
  }
}
