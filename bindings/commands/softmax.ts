/** Softmax and cross-entropy of rows. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

export const softmaxCommands = {
  /** Row by row: y = softmax(x), or log 1: y = x − max − ln Σ exp(x − max). */
  softmax: { x: 'in', y: 'out', rows: 'u32', cols: 'u32', log: 'u32' },
  /** From the output y and its gradient g. gx = y·(g − Σ g·y), or log 1: gx = g − exp(y)·Σ g. */
  softmaxGrad: { y: 'in', g: 'in', gx: 'out', rows: 'u32', cols: 'u32', log: 'u32' },
  /**
   * Cross-entropy of logits x [rows, cols] with class indices target [rows] (int32, in range or equal to ignoreIndex), PyTorch's definition:
   * row loss = (1−s)·w[t]·(lse − x[t]) + s/cols·Σ_c w[c]·(lse − x[c]), s = smoothing, w = weight (0: ones); 0 for ignored rows.
   * lse [rows] = ln Σ exp(x). norm [1] = Σ over rows not ignored of w[t]. loss: reduction 0 → [rows]; 1 → [1], Σ/norm; 2 → [1], Σ.
   * All outputs are distinct memory.
   */
  crossEntropy: {
    x: 'in',
    target: 'in',
    weight: 'in',
    loss: 'out',
    lse: 'out',
    norm: 'out',
    scratch: 'scratch',
    rows: 'u32',
    cols: 'u32',
    reduction: 'u32',
    ignoreIndex: 'i32',
    smoothing: 'f32',
  },
  /** gx [rows, cols] = gradient of the above; g is [rows] for reduction 0, else [1]. */
  crossEntropyGrad: {
    x: 'in',
    target: 'in',
    weight: 'in',
    lse: 'in',
    norm: 'in',
    g: 'in',
    gx: 'out',
    rows: 'u32',
    cols: 'u32',
    reduction: 'u32',
    ignoreIndex: 'i32',
    smoothing: 'f32',
  },
} as const satisfies CommandRows;

const table = 'rows * cols';

export const softmaxCosts: Costs<typeof softmaxCommands> = {
  softmax: { elements: table, work: 'elements * 8' },
  softmaxGrad: { elements: table, work: 'elements * 4' },
  crossEntropy: { elements: table, work: 'elements * 4' },
  crossEntropyGrad: { elements: table, work: 'elements * 4' },
};
