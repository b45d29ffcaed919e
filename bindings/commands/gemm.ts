/** The matrix product. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/** Activations that gemm's epilogue applies. */
export const activations = ['none', 'relu', 'sigmoid', 'tanh'] as const;

export const gemmCommands = {
  /**
   * C = activation(alpha·A·B + beta·C + bias), batch times. A[i, p] is at a + i·aRow + p·aCol, and so on; C's columns are adjacent.
   * beta 0 does not read C. bias (0: none) has n elements and is the same for all batches. k 0: A·B is 0. C overlaps no input.
   */
  gemm: {
    a: 'in',
    b: 'in',
    c: 'inout',
    bias: 'in',
    scratch: 'scratch',
    batch: 'u32',
    m: 'u32',
    n: 'u32',
    k: 'u32',
    aRow: 'i32',
    aCol: 'i32',
    aBatch: 'i32',
    bRow: 'i32',
    bCol: 'i32',
    bBatch: 'i32',
    cRow: 'i32',
    cBatch: 'i32',
    alpha: 'f32',
    beta: 'f32',
    activation: 'u32',
    tile: 'tile',
  },
} as const satisfies CommandRows;

export const gemmCosts: Costs<typeof gemmCommands> = {
  gemm: { products: [{ m: 'm', n: 'n', k: 'k', batch: 'batch' }] },
};
