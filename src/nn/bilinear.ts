/** The bilinear layer. */

import { bilinear } from '../ops/bilinear.ts';
import { zeros } from '../ops/index.ts';
import { checkOptions, checkWhole, FLAG, noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { uniform_ } from './init.ts';
import type { LinearOptions } from './layers.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/**
 * y[o] = x1ᵀ·W[o]·x2 + b[o]: [..., in1], [..., in2] → [..., out]. W and b start uniform in ±1/√in1.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 * @example
 * new nn.Bilinear(20, 30, 40).forward(randn(128, 20), randn(128, 30)).shape; // [128, 40]
 */
export class Bilinear extends Module {
  /** @internal */ static override name = 'Bilinear';
  /** @internal */ static readonly keepsNothing = true;

  /** W, [outFeatures, in1Features, in2Features]. */
  declare weight: Parameter;
  /** b, [outFeatures]; null without bias. */
  declare bias: Parameter | null;

  constructor(
    /** Size of the first input's last dimension, ≥ 1. */
    readonly in1Features: number,
    /** Size of the second input's last dimension, ≥ 1. */
    readonly in2Features: number,
    /** Size of the output's last dimension, ≥ 1. */
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    if (arguments.length > 4) noMore('Bilinear', 4, arguments);
    super();
    checkWhole('Bilinear', 'in1Features', in1Features, 1);
    checkWhole('Bilinear', 'in2Features', in2Features, 1);
    checkWhole('Bilinear', 'outFeatures', outFeatures, 1);
    checkOptions('Bilinear', options, { bias: FLAG });
    const bound = 1 / Math.sqrt(in1Features);
    const { bias = true } = options;
    this.watch('parameter', 'weight', 'bias');
    this.weight = parameterOf(() => uniform_(zeros(outFeatures, in1Features, in2Features), -bound, bound));
    this.bias = bias ? parameterOf(() => uniform_(zeros(outFeatures), -bound, bound)) : null;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    if (arguments.length > 2) noMore('Bilinear.forward', 2, arguments);
    return bilinear(x1, x2, this.weight, this.bias);
  }

  protected override describe(): string {
    const bias = this.bias === null ? ', bias: false' : '';
    return `${this.in1Features}, ${this.in2Features}, ${this.outFeatures}${bias}`;
  }
}
