/** The bilinear layer. */
import { ShapeError } from '../../bindings/errors.ts';
import { checkTensor, compose, matmul, zeros } from '../ops/index.ts';
import { checkOptions, checkWhole } from '../options.ts';
import { sameShape, show } from '../tensor/shapes.ts';
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
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkWhole('Bilinear', 'in1Features', in1Features, 1);
    checkWhole('Bilinear', 'in2Features', in2Features, 1);
    checkWhole('Bilinear', 'outFeatures', outFeatures, 1);
    checkOptions('Bilinear', options, ['bias']);
    const bound = 1 / Math.sqrt(in1Features);
    const { bias = true } = options;
    this.weight = parameterOf(() => uniform_(zeros(outFeatures, in1Features, in2Features), -bound, bound));
    this.bias = bias ? parameterOf(() => uniform_(zeros(outFeatures), -bound, bound)) : null;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    checkTensor('Bilinear', 'input1', x1);
    checkTensor('Bilinear', 'input2', x2);
    const { in1Features: n1, in2Features: n2, outFeatures } = this;
    const lead = x1.shape.slice(0, -1);
    if (x1.shape.at(-1) !== n1 || x2.shape.at(-1) !== n2 || !sameShape(lead, x2.shape.slice(0, -1))) {
      throw new ShapeError(
        `Bilinear: expected [...,${n1}] and [...,${n2}] of equal leading sizes, got ${show(x1.shape)} and ${show(x2.shape)}`,
        { op: 'Bilinear', argument: 'input1', got: [x1.shape, x2.shape] },
      );
    }
    return compose(() => {
      // One product gives x1ᵀ·W[o] for all o: [B, n1] · [n1, out·n2].
      const rows = x1.reshape([-1, n1]);
      const left = matmul(rows, this.weight.permute(1, 0, 2).reshape([n1, outFeatures * n2]));
      const y = left
        .reshape([-1, outFeatures, n2])
        .mul(x2.reshape([-1, 1, n2]))
        .sum(-1);
      return (this.bias === null ? y : y.add(this.bias)).reshape([...lead, outFeatures]);
    });
  }

  protected override describe(): string {
    const bias = this.bias === null ? ', bias: false' : '';
    return `${this.in1Features}, ${this.in2Features}, ${this.outFeatures}${bias}`;
  }
}
