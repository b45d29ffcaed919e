/** Convolution and batch normalisation merged into one layer, for inference. */

import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import { noMore } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { Conv2d } from './conv.ts';
import { BatchNorm2d } from './norm.ts';
import { parameterOf } from './parameter.ts';

/**
 * A new convolution that computes what `bn`, in evaluation mode, makes of the output of `conv`: weights weight·s, bias
 * (bias − mean)·s + bn.bias, s = bn.weight/√(variance + eps). `conv` and `bn` stay as they are.
 *
 * @throws ArgumentError without running statistics; ShapeError if the channels differ
 * @example
 * const [conv, norm] = [new nn.Conv2d(3, 16, 3), new nn.BatchNorm2d(16)];
 * const fast = nn.utils.fuseConvBn(conv, norm);
 */
export function fuseConvBn(conv: Conv2d, bn: BatchNorm2d): Conv2d {
  if (arguments.length > 2) noMore('fuseConvBn', 2, arguments);
  const op = 'fuseConvBn';
  if (!isInstance(conv, Conv2d)) refuse(ArgumentError, op, 'conv must be a Conv2d', { argument: 'conv' });
  if (!isInstance(bn, BatchNorm2d)) refuse(ArgumentError, op, 'bn must be a BatchNorm2d', { argument: 'bn' });
  const { weight, bias, outChannels } = conv;
  const { running_mean: mean, running_var: variance } = bn;
  if (mean === null || variance === null) refuse(ArgumentError, op, 'bn has no running statistics', { argument: 'bn' });
  if (bn.numFeatures !== outChannels)
    refuse(ShapeError, op, `conv gives ${outChannels} channels, bn takes ${bn.numFeatures}`, {
      argument: 'bn',
      got: bn.numFeatures,
      expected: outChannels,
    });
  const scale = () => {
    const rstd = variance.add(bn.eps).rsqrt();
    return bn.weight === null ? rstd : rstd.mul(bn.weight);
  };
  const shift = () => {
    const scaled = (bias === null ? mean.neg() : bias.sub(mean)).mul(scale());
    return bn.bias === null ? scaled : scaled.add(bn.bias);
  };
  // The same layer, stride and all, with other parameters.
  const fused: Conv2d = Object.assign(Object.create(Conv2d.prototype), conv);
  noGrad(() => {
    fused.weight = parameterOf(() => weight.mul(scale().reshape(-1, 1, 1, 1)));
    fused.bias = parameterOf(shift);
  });
  return fused;
}
