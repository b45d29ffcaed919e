/** Commands of pooling: x is contiguous, and its last two dimensions are the planes. The caller has checked the geometry. */
import { encodeAvgPool, encodeAvgPoolGrad, encodeMaxPool, encodeMaxPoolGrad } from '../../bindings/generated/encode.ts';
import { numelOf, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { addressOf, empty } from './emit.ts';

/** A pooling of planes of height × width: the fields of its commands. kernelHeight 0: adaptive. */
export interface PoolGeometry {
  height: number;
  width: number;
  outHeight: number;
  outWidth: number;
  kernelHeight: number;
  kernelWidth: number;
  strideHeight: number;
  strideWidth: number;
  padHeight: number;
  padWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  /** For avgPool: whether elements in the padding count. */
  countPad: 0 | 1;
}

const planesOf = (shape: Shape): number => numelOf(shape.slice(0, -2));
const outputShape = (shape: Shape, { outHeight, outWidth }: PoolGeometry): number[] => [
  ...shape.slice(0, -2),
  outHeight,
  outWidth,
];

/** Largest elements of the windows, and their indices if they are wanted. */
export function emitMaxPool(x: Tensor, geometry: PoolGeometry, withIndices: boolean): [Tensor, Tensor | null] {
  const { executor } = x;
  const shape = outputShape(x.shape, geometry);
  const y = empty(executor, shape, 'float32');
  const indices = withIndices ? empty(executor, shape, 'int32') : null;
  if (y.numel > 0) {
    encodeMaxPool(executor.program, {
      ...geometry,
      x: x.address,
      y: y.address,
      indices: addressOf(indices),
      planes: planesOf(shape),
    });
    executor.run();
  }
  return [y, indices];
}

/** Gradient of the above for an input of `shape`. */
export function emitMaxPoolGrad(g: Tensor, indices: Tensor, shape: Shape): Tensor {
  const { executor } = g;
  const gx = empty(executor, shape, 'float32');
  if (gx.numel > 0) {
    const planes = planesOf(shape);
    encodeMaxPoolGrad(executor.program, {
      g: g.address,
      indices: indices.address,
      gx: gx.address,
      planes,
      inSize: gx.numel / planes,
      outSize: g.numel / planes,
    });
    executor.run();
  }
  return gx;
}

/** Means of the windows. */
export function emitAvgPool(x: Tensor, geometry: PoolGeometry): Tensor {
  const { executor } = x;
  const shape = outputShape(x.shape, geometry);
  const y = empty(executor, shape, 'float32');
  if (y.numel > 0) {
    encodeAvgPool(executor.program, { ...geometry, x: x.address, y: y.address, planes: planesOf(shape) });
    executor.run();
  }
  return y;
}

/** Gradient of the above. */
export function emitAvgPoolGrad(g: Tensor, geometry: PoolGeometry): Tensor {
  const { executor } = g;
  const shape = [...g.shape.slice(0, -2), geometry.height, geometry.width];
  const gx = empty(executor, shape, 'float32');
  if (gx.numel > 0) {
    encodeAvgPoolGrad(executor.program, { ...geometry, g: g.address, gx: gx.address, planes: planesOf(shape) });
    executor.run();
  }
  return gx;
}
