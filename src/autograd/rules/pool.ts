/** Gradient rules of pooling and resizing, which are linear, or linear once the largest elements have been chosen. */
import * as ops from '../../ops/index.ts';
import type { Rules } from './rule.ts';

export const poolRules: Rules<'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad' | 'resize' | 'resizeGrad'> = {
  maxPool: (g, c) => [ops.maxPoolGrad(g, c.input(1), c.shape(0))],
  maxPoolGrad: (h, c) => [ops.takeFromPlanes(h, c.input(1))],
  avgPool: (g, c) => [ops.avgPoolGrad(g, c.attributes)],
  avgPoolGrad: (h, c) => [ops.avgPoolBy(h, c.attributes)],
  resize: (g, c) => [ops.resizeGrad(g, c.attributes)],
  resizeGrad: (h, c) => [ops.resizePlanes(h, c.attributes)],
};
