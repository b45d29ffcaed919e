/**
 * Every public operation with arguments drawn for a tensor, and the shape that its result must have: null if the call
 * must be refused. The shapes are derived here from the definitions, not by the library.
 */
import { type Tensor, tensor } from '../../src/index.ts';
import { arithmeticEdges } from './edgeArithmetic.ts';
import { type EdgeOp, numel, type Sizes } from './edgeCall.ts';
import { inPlaceEdges } from './edgeInPlace.ts';
import { shapeEdges } from './edgeShapes.ts';
import type { Source } from './source.ts';

/** All public operations except those that create tensors, and all methods that change a tensor in place. */
export const edgeOps: Record<string, EdgeOp> = { ...arithmeticEdges, ...shapeEdges, ...inPlaceEdges };

/** x of this shape, element type and layout; floats include NaN and infinite ones. */
export function drawTensor(source: Source, shape: Sizes, dtype: string, special: boolean): Tensor {
  const numbers = special ? [NaN, Infinity, -Infinity, -0, 0, 1, -2.5, 3] : [-2.5, -1, -0, 0, 0.5, 1, 2, 3];
  const ints = [-3, -1, 0, 1, 2, 3];
  const pool = dtype === 'float32' ? numbers : dtype === 'int32' ? ints : [0, 1];
  const values = Float32Array.from({ length: numel(shape) }, () => source.pick(pool));
  return tensor(values, { shape: [...shape], dtype: dtype as 'int32' });
}
