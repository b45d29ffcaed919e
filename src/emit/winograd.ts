/** Winograd's commands for convolutions of 3×3 with stride 1 and their gradients. When they pay is decided in bindings/wasm/winograd.ts. */
import type { Executor } from '../../bindings/executor.ts';
import {
  Activation,
  encodeWinogradConv,
  encodeWinogradGrad,
  encodeWinogradWeightGrad,
  encodeWinogradWeights,
} from '../../bindings/generated/encode.ts';
import {
  type ConvGeometry,
  fitsWinograd,
  winogradFilters,
  winogradGradPays,
  winogradPays,
} from '../../bindings/wasm/winograd.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, empty } from './emit.ts';

/** Whether the kernel can do the convolution in this direction, and the executor has it. */
const canDo = (executor: Executor, g: ConvGeometry, channels: number, width: number): boolean =>
  executor.device === 'wasm' && fitsWinograd(g, channels, width);

/** Whether a convolution is done by Winograd's command. */
export function usesWinograd(executor: Executor, g: ConvGeometry, constant: boolean): boolean {
  return (
    canDo(executor, g, g.inChannels, g.width) &&
    winogradPays(g.batch, g.inChannels, g.outChannels, g.outHeight, g.outWidth, constant)
  );
}

/** The same for its input gradient, which is a convolution of y's gradient with the rotated filters. */
export function gradUsesWinograd(executor: Executor, g: ConvGeometry): boolean {
  return (
    canDo(executor, g, g.outChannels, g.outWidth) &&
    winogradPays(g.batch, g.outChannels, g.inChannels, g.height, g.width)
  );
}

/** The same for its weight gradient. */
export function weightGradUsesWinograd(executor: Executor, g: ConvGeometry): boolean {
  return (
    canDo(executor, g, g.inChannels, g.width) &&
    winogradGradPays(g.batch, g.inChannels, g.outChannels, g.outHeight, g.outWidth)
  );
}

/** w [outChannels, inChannels, 3, 3] in Winograd's form; `transposed`: w is [inChannels, outChannels, 3, 3], to be rotated. */
function emitWeights(w: Tensor, outChannels: number, inChannels: number, transposed: boolean): Tensor {
  const { executor } = w;
  const u = empty(executor, [winogradFilters(outChannels, inChannels)], 'float32');
  encodeWinogradWeights(executor.program, {
    w: w.address,
    u: u.address,
    outChannels,
    inChannels,
    transposed: transposed ? 1 : 0,
  });
  executor.run();
  return u;
}

/** y = conv(x, w) + bias, all contiguous, y not empty; `transposed`: w is [inChannels, outChannels, 3, 3], to be rotated. */
function emitConv(x: Tensor, w: Tensor, bias: Tensor | null, y: Tensor, g: ConvGeometry, transposed: boolean): void {
  const u = emitWeights(w, g.outChannels, g.inChannels, transposed);
  encodeWinogradConv(x.executor.program, {
    ...g,
    x: x.address,
    u: u.address,
    bias: addressOf(bias),
    y: y.address,
    activation: Activation.none,
  });
  x.executor.run();
  u.dispose();
}

/** y = conv(x, w) + bias, all contiguous, y not empty. */
export function emitWinogradConv(x: Tensor, w: Tensor, bias: Tensor | null, y: Tensor, g: ConvGeometry): void {
  emitConv(x, w, bias, y, g, false);
}

/** gx = the gradient of conv(x, w) from that of its result, plus bias. */
export function emitWinogradInputGrad(grad: Tensor, w: Tensor, bias: Tensor | null, gx: Tensor, g: ConvGeometry): void {
  const back: ConvGeometry = {
    ...g,
    inChannels: g.outChannels,
    height: g.outHeight,
    width: g.outWidth,
    outChannels: g.inChannels,
    outHeight: g.height,
    outWidth: g.width,
    padTop: 2 - g.padTop,
    padLeft: 2 - g.padLeft,
  };
  emitConv(grad, w, bias, gx, back, true);
}

/** gw = the gradient of conv(x, w) with respect to w, from that of its result. */
export function emitWinogradWeightGrad(x: Tensor, grad: Tensor, gw: Tensor, g: ConvGeometry): void {
  const { inChannels, outChannels } = g;
  const { executor } = x;
  const u = empty(executor, [winogradFilters(outChannels, inChannels)], 'float32');
  encodeWinogradGrad(executor.program, { ...g, x: x.address, u: u.address, g: grad.address });
  executor.run();
  encodeWinogradWeightGrad(executor.program, { u: u.address, w: gw.address, outChannels, inChannels });
  executor.run();
  u.dispose();
}
