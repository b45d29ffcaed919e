/**
 * What convolutions share: checks, and three primitives, each bilinear, on one geometry: the convolution of x and w, and its gradients with
 * respect to either, which are each other's gradients again.
 */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { ConvGeometry } from '../../bindings/wasm/winograd.ts';
import { emitConv, emitConvInputGrad, emitConvWeightGrad } from '../emit/conv.ts';
import { commonExecutor } from '../emit/emit.ts';
import { isGradEnabled } from '../tape/mode.ts';
import { record } from '../tape/record.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { checkFloat, checkTensor } from './check.ts';
import { compose } from './compose.ts';

export function checkConvOperands(op: string, x: Tensor, weight: Tensor, bias: Tensor | null): void {
  const operands: [string, Tensor][] = [
    ['input', x],
    ['weight', weight],
    ...(bias === null ? [] : [['bias', bias] as [string, Tensor]]),
  ];
  for (const [argument, operand] of operands) {
    checkFloat(op, argument, operand);
  }
  for (const [argument, operand] of operands.slice(0, 2)) {
    if (operand.ndim !== 4)
      refuse(
        ShapeError,
        op,
        `${argument} must be ${argument === 'input' ? '[N,C,H,W] or [C,H,W]' : 'four-dimensional'}, got ${show(operand.shape)}`,
        { argument, got: operand.shape },
      );
  }
  commonExecutor(op, ...(operands.map(([, operand]) => operand) as [Tensor, ...Tensor[]]));
}

export function checkGroups(op: string, groups: number, name: string, channels: number): void {
  if (!(Number.isInteger(groups) && groups >= 1))
    refuse(ArgumentError, op, `groups must be a whole number from 1 on, got ${String(groups)}`, {
      argument: 'groups',
      got: groups,
    });
  if (channels % groups !== 0)
    refuse(ShapeError, op, `${channels} ${name} channels cannot be divided into ${groups} groups`, {
      argument: 'groups',
      got: groups,
      expected: channels,
    });
}

export function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias !== null && (bias.ndim !== 1 || bias.numel !== channels))
    refuse(ShapeError, op, `bias must be [${channels}], one value an output channel, got ${show(bias.shape)}`, {
      argument: 'bias',
      got: bias.shape,
      expected: [channels],
    });
}

/** Elements that a kernel spans. */
export const extent = (kernel: number, dilation: number) => (kernel - 1) * dilation + 1;

/** An input without the batch, which has so many dimensions, goes through `fn` as a batch of one. */
export function batched(op: string, x: Tensor, ndim: number, fn: (x: Tensor) => Tensor): Tensor | null {
  checkTensor(op, 'input', x);
  return x.ndim === ndim ? compose(() => fn(x.unsqueeze(0)).squeeze(0)) : null;
}

/** The primitive: shapes are right here. */
export function convolve(x: Tensor, w: Tensor, bias: Tensor | null, geometry: ConvGeometry): Tensor {
  const constant = tracing !== null && !isGradEnabled();
  const y = emitConv(x, w, bias, geometry, constant);
  return record('conv', bias === null ? [x, w] : [x, w, bias], y, { geometry });
}

/** Gradient of `convolve` with respect to x, plus bias. */
export function convInputGrad(g: Tensor, w: Tensor, bias: Tensor | null, geometry: ConvGeometry): Tensor {
  const y = emitConvInputGrad(g, w, bias, geometry);
  return record('convInputGrad', bias === null ? [g, w] : [g, w, bias], y, { geometry });
}

/** Gradient of `convolve` with respect to w. */
export function convWeightGrad(x: Tensor, g: Tensor, geometry: ConvGeometry): Tensor {
  return record('convWeightGrad', [x, g], emitConvWeightGrad(x, g, geometry), { geometry });
}
