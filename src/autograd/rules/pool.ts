/** Gradient rules of pooling and resizing: linear maps, or linear once the largest elements are chosen. */

import type { PoolGeometry } from '../../emit/pool.ts';
import type { ResizeGeometry } from '../../emit/resize.ts';
import * as ops from '../../ops/index.ts';
import type { Rules } from '../rules.ts';

export interface PoolAttributes {
  maxPool: undefined;
  maxPoolGrad: undefined;
  avgPool: PoolGeometry;
  avgPoolGrad: PoolGeometry;
  resize: ResizeGeometry;
  resizeGrad: ResizeGeometry;
}

export const poolRules: Rules<PoolAttributes> = {
  maxPool: { saves: { inputs: [1] }, backward: (g, c) => [ops.maxPoolGrad(g, c.input(1), c.shape(0))] },
  maxPoolGrad: { saves: { inputs: [1] }, backward: (h, c) => [ops.takeFromPlanes(h, c.input(1))] },
  avgPool: { backward: (g, c) => [ops.avgPoolGrad(g, c.attributes)] },
  avgPoolGrad: { backward: (h, c) => [ops.avgPoolBy(h, c.attributes)] },
  resize: { backward: (g, c) => [ops.resizeGrad(g, c.attributes)] },
  resizeGrad: { backward: (h, c) => [ops.resizePlanes(h, c.attributes)] },
};
