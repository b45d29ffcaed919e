/** Commands of resizing: x is contiguous, and its last two dimensions are the planes. */
import { encodeResize, encodeResizeGrad, ResizeMode } from '../../bindings/generated/encode.ts';
import { numelOf } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { empty } from './emit.ts';

/** A resizing of planes: the fields of its commands. */
export interface ResizeGeometry {
  height: number;
  width: number;
  outHeight: number;
  outWidth: number;
  scaleHeight: number;
  scaleWidth: number;
  mode: ResizeMode;
}

/** x resized. */
export function emitResize(x: Tensor, geometry: ResizeGeometry): Tensor {
  const { executor } = x;
  const lead = x.shape.slice(0, -2);
  const y = empty(executor, [...lead, geometry.outHeight, geometry.outWidth], 'float32');
  if (y.numel > 0) {
    encodeResize(executor.program, {
      ...geometry,
      mode: ResizeMode[geometry.mode],
      x: x.address,
      y: y.address,
      planes: numelOf(lead),
    });
    executor.run();
  }
  return y;
}

/** Gradient of the above. */
export function emitResizeGrad(g: Tensor, geometry: ResizeGeometry): Tensor {
  const { executor } = g;
  const lead = g.shape.slice(0, -2);
  const gx = empty(executor, [...lead, geometry.height, geometry.width], 'float32');
  if (gx.numel > 0) {
    encodeResizeGrad(executor.program, {
      ...geometry,
      mode: ResizeMode[geometry.mode],
      g: g.address,
      gx: gx.address,
      planes: numelOf(lead),
    });
    executor.run();
  }
  return gx;
}
