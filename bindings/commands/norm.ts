/** Rows of the command table for normalisation; see table.ts for the field kinds. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

const view = { outer: 'u32', channels: 'u32', spatial: 'u32', groupChannels: 'u32' } as const;

/**
 * `normalize` and what follows see x as [outer, channels, spatial], with a weight and a bias a channel (0: 1 and 0), n elements
 * for each mean and rstd. Their number of x[o, c, s] is (o·channels + c) / groupChannels, rounded down: GroupNorm,
 * InstanceNorm (groupChannels 1), LayerNorm (spatial 1, groupChannels = channels). groupChannels 0: it is c, BatchNorm.
 * Below, x̂ = (x − mean)·rstd.
 */
export const normCommands = {
  /**
   * mean [groups] and rstd [groups] = 1/√(variance + eps) of x [outer, groups, size] over outer and size, n elements for each.
   * runningMean and runningVariance (0: none) become (1 − f)·old + f·new, with the variance times n/(n − 1);
   * f = momentum, or 1/tracked[0] (int32; 0: none). Outputs are distinct memory.
   */
  moments: {
    x: 'in',
    mean: 'out',
    rstd: 'out',
    runningMean: 'inout',
    runningVariance: 'inout',
    tracked: 'in',
    outer: 'u32',
    groups: 'u32',
    size: 'u32',
    eps: 'f32',
    momentum: 'f32',
  },
  /** y = x̂·weight + bias. */
  normalize: { x: 'in', mean: 'in', rstd: 'in', weight: 'in', bias: 'in', y: 'out', ...view },
  /** sums [channels] = Σ g and products [channels] = Σ g·x̂, over outer and spatial. */
  normSums: { x: 'in', g: 'in', mean: 'in', rstd: 'in', sums: 'out', products: 'out', ...view },
  /**
   * gx = the gradient of normalize(x, moments of x) for g: rstd·(g·weight − a − x̂·b), with a and b the means of g·weight and of
   * g·weight·x̂ over the elements that share a mean. For groupChannels 0 they come from sums and products as normSums
   * gives them; without these (0) the statistics do not depend on x: a = b = 0.
   */
  normGrad: {
    x: 'in',
    g: 'in',
    mean: 'in',
    rstd: 'in',
    weight: 'in',
    sums: 'in',
    products: 'in',
    gx: 'out',
    ...view,
  },
  /**
   * y = x·rstd·weight for each row of x [rows, cols], with rstd [rows] = 1/√(mean of x² + eps) and a weight for each column
   * (0: 1). y may be x.
   */
  rmsNorm: { x: 'in', weight: 'in', y: 'out', rstd: 'out', rows: 'u32', cols: 'u32', eps: 'f32' },
} as const satisfies CommandRows;

const normalized = 'outer * channels * spatial';

export const normCosts: Costs<typeof normCommands> = {
  moments: { elements: 'outer * groups * size', work: 'elements * 3' },
  normalize: { elements: normalized },
  normSums: { elements: normalized, work: 'elements * 2' },
  normGrad: { elements: normalized, work: 'elements * 2' },
  rmsNorm: { elements: 'rows * cols', work: 'elements * 2' },
};
