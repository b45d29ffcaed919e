/** From convolutions to commands. The caller has checked shapes; autograd is not known here. */
import { Activation, encodeConv, encodeConvInputGrad, encodeConvWeightGrad } from '../../bindings/generated/encode.ts';
import type { ConvGeometry } from '../../bindings/wasm/winograd.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, dense, done, empty, fillWith } from './emit.ts';
import {
  emitWinogradConv,
  emitWinogradInputGrad,
  emitWinogradWeightGrad,
  gradUsesWinograd,
  usesWinograd,
  weightGradUsesWinograd,
} from './winograd.ts';

/** Runs `emit` with contiguous operands, and frees the copies that were needed for that. */
function withDense<T extends (Tensor | null)[], R>(operands: [...T], emit: (...operands: T) => R): R {
  const copies = operands.map((operand) => (operand === null ? null : dense(operand)));
  const result = emit(...(copies as T));
  copies.forEach((copy, i) => {
    if (copy !== null) done(copy, operands[i]!);
  });
  return result;
}

/**
 * conv(x, w) + bias, by the faster of two commands. `constant`: w stays the same from one run of the program to the next, so that
 * what depends only on w costs nothing.
 */
export function emitConv(x: Tensor, w: Tensor, bias: Tensor | null, geometry: ConvGeometry, constant: boolean): Tensor {
  const { executor } = x;
  const { batch, outChannels, outHeight, outWidth } = geometry;
  const y = empty(executor, [batch, outChannels, outHeight, outWidth], 'float32');
  if (y.numel === 0) return y;
  withDense([x, w, bias], (image, weight, summand) => {
    if (usesWinograd(executor, geometry, constant)) return emitWinogradConv(image, weight, summand, y, geometry);
    encodeConv(executor.program, {
      ...geometry,
      x: image.address,
      w: weight.address,
      bias: addressOf(summand),
      y: y.address,
      activation: Activation.none,
    });
    executor.run();
  });
  return y;
}

/** Gradient of the above with respect to x, from that of its result; plus bias, one value per input channel. */
export function emitConvInputGrad(g: Tensor, w: Tensor, bias: Tensor | null, geometry: ConvGeometry): Tensor {
  const { executor } = g;
  const { batch, inChannels, height, width } = geometry;
  const gx = empty(executor, [batch, inChannels, height, width], 'float32');
  if (gx.numel === 0) return gx;
  withDense([g, w, bias], (gradient, weight, summand) => {
    if (gradUsesWinograd(executor, geometry)) return emitWinogradInputGrad(gradient, weight, summand, gx, geometry);
    encodeConvInputGrad(executor.program, {
      ...geometry,
      g: gradient.address,
      w: weight.address,
      bias: addressOf(summand),
      gx: gx.address,
      activation: Activation.none,
    });
    executor.run();
  });
  return gx;
}

/** Gradient with respect to w. */
export function emitConvWeightGrad(x: Tensor, g: Tensor, geometry: ConvGeometry): Tensor {
  const { executor } = x;
  const { inChannels, outChannels, kernelHeight, kernelWidth, groups } = geometry;
  const gw = empty(executor, [outChannels, inChannels / groups, kernelHeight, kernelWidth], 'float32');
  if (gw.numel === 0) return gw;
  if (geometry.batch === 0) {
    fillWith(gw, 0);
    return gw;
  }
  withDense([x, g], (image, gradient) => {
    if (weightGradUsesWinograd(executor, geometry)) return emitWinogradWeightGrad(image, gradient, gw, geometry);
    encodeConvWeightGrad(executor.program, {
      ...geometry,
      x: image.address,
      g: gradient.address,
      gw: gw.address,
    });
    executor.run();
  });
  return gw;
}
