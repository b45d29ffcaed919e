/**
 * What convolutions share: checks, and three bilinear primitives on one geometry: the convolution of x and w, and its gradients with
 * respect to x and to w. The gradients of each are the other two.
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
import { hasDims, type TensorOf } from './sizes.ts';

/** Refuses operands of a convolution that are not float32, not four-dimensional or on several devices; returns them with their types. */
export function checkConvOperands(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
): [x: TensorOf<4>, weight: TensorOf<4>] {
  checkFloat(op, 'input', x);
  checkFloat(op, 'weight', weight);
  if (bias !== null) checkFloat(op, 'bias', bias);
  if (!hasDims(x, 4))
    refuse(ShapeError, op, `input must be [N,C,H,W] or [C,H,W], got ${show(x.shape)}`, {
      argument: 'input',
      got: x.shape,
    });
  if (!hasDims(weight, 4))
    refuse(ShapeError, op, `weight must be four-dimensional, got ${show(weight.shape)}`, {
      argument: 'weight',
      got: weight.shape,
    });
  commonExecutor(op, x, weight, ...(bias === null ? [] : [bias]));
  return [x, weight];
}

export function checkGroups(op: string, groups: number, name: string, channels: number): void {
  if (!(Number.isInteger(groups) && groups >= 1))
    refuse(ArgumentError, op, `groups must be a whole number of at least 1, got ${String(groups)}`, {
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
    refuse(ShapeError, op, `bias must be [${channels}], one value per output channel, got ${show(bias.shape)}`, {
      argument: 'bias',
      got: bias.shape,
      expected: [channels],
    });
}

/** An input with `ndim` dimensions, one too few, goes through `fn` as a batch of one; others give null. */
export function batched(op: string, x: Tensor, ndim: number, fn: (x: Tensor) => Tensor): Tensor | null {
  checkTensor(op, 'input', x);
  return x.ndim === ndim ? compose(() => fn(x.unsqueeze(0)).squeeze(0)) : null;
}

/** The convolution of x and w, plus bias. Shapes have been checked. */
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
