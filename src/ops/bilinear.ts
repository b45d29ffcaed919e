/** The bilinear map. */
import { refuse, ShapeError } from '../../bindings/errors.ts';
import { noMore } from '../options.ts';
import { numelOf, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { matmul } from './linalg.ts';
import { hasDims } from './sizes.ts';

/**
 * y[o] = x1ᵀ·W[o]·x2 + b[o]: x1 [..., in1], x2 [..., in2], weight [out, in1, in2], bias [out] → [..., out].
 *
 * @throws ShapeError if the sizes do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 * @example
 * F.bilinear(randn(128, 20), randn(128, 30), randn(40, 20, 30)).shape; // [128, 40]
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (arguments.length > 4) noMore('bilinear', 4, arguments);
  checkTensor('bilinear', 'input1', x1);
  checkTensor('bilinear', 'input2', x2);
  checkTensor('bilinear', 'weight', weight);
  if (!hasDims(weight, 3))
    refuse(ShapeError, 'bilinear', `weight must be [out,in1,in2], got ${show(weight.shape)}`, {
      argument: 'weight',
      got: weight.shape,
    });
  const [outFeatures, n1, n2] = weight.shape;
  const lead = x1.shape.slice(0, -1);
  if (x1.shape.at(-1) !== n1 || x2.shape.at(-1) !== n2 || !sameShape(lead, x2.shape.slice(0, -1))) {
    refuse(
      ShapeError,
      'bilinear',
      `expected [...,${n1}] and [...,${n2}] of equal leading sizes, got ${show(x1.shape)} and ${show(x2.shape)}`,
      { argument: 'input1', got: [x1.shape, x2.shape] },
    );
  }
  if (bias !== null) {
    checkTensor('bilinear', 'bias', bias);
    if (!sameShape(bias.shape, [outFeatures]))
      refuse(ShapeError, 'bilinear', `bias must be [${outFeatures}], got ${show(bias.shape)}`, {
        argument: 'bias',
        got: bias.shape,
        expected: [outFeatures],
      });
  }
  return compose(() => {
    // One product gives x1ᵀ·W[o] for all o: [B, n1] · [n1, out·n2].
    const count = numelOf(lead);
    const rows = x1.reshape([count, n1]);
    const left = matmul(rows, weight.permute(1, 0, 2).reshape([n1, outFeatures * n2]));
    const y = left
      .reshape([count, outFeatures, n2])
      .mul(x2.reshape([count, 1, n2]))
      .sum(-1);
    return (bias === null ? y : y.add(bias)).reshape([...lead, outFeatures]);
  });
}
