/**
 * C = activation(alpha·A·B + beta·C + bias). A row of A·B is summed in doubles and rounded once, when it is stored.
 * Where B's rows are contiguous, the row is built by adding rows of B (i-p-j). Otherwise, and for one column, each element
 * is a dot product (i-j-p). C overlaps no input.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { activations } from '../../bindings/commands/gemm.ts';
import { sigmoid } from '../../bindings/commands/unary.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';
import { scratchDoubles } from './scratch.ts';

const readGemm = readerOf('gemm');

type Floats = Heap['f'];

const activate: Record<(typeof activations)[number], (row: Float64Array, n: number) => void> = {
  none: () => {},
  relu: (row, n) => {
    for (let j = 0; j < n; j++) row[j] = Math.max(row[j]!, 0);
  },
  sigmoid: (row, n) => {
    for (let j = 0; j < n; j++) row[j] = sigmoid(row[j]!);
  },
  tanh: (row, n) => {
    for (let j = 0; j < n; j++) row[j] = Math.tanh(row[j]!);
  },
};
const activationOf = activations.map((name) => activate[name]);

/** One row of A and all of B: where they start, their strides, their sizes. */
interface RowProduct {
  a: number;
  aCol: number;
  b: number;
  bRow: number;
  bCol: number;
  n: number;
  k: number;
}

/** row[j] = Σ_p A[p]·B[p, j], by adding rows of B, four in one pass. Needs bCol 1. */
function addRowsOfB(f: Floats, row: Float64Array, { a, aCol, b, bRow, n, k }: RowProduct): void {
  row.fill(0, 0, n);
  let p = 0;
  let b0 = b;
  for (; p + 4 <= k; p += 4, a += 4 * aCol, b0 += 4 * bRow) {
    const a0 = f[a]!;
    const a1 = f[a + aCol]!;
    const a2 = f[a + 2 * aCol]!;
    const a3 = f[a + 3 * aCol]!;
    const b1 = b0 + bRow;
    const b2 = b1 + bRow;
    const b3 = b2 + bRow;
    for (let j = 0; j < n; j++) row[j]! += a0 * f[b0 + j]! + a1 * f[b1 + j]! + a2 * f[b2 + j]! + a3 * f[b3 + j]!;
  }
  for (; p < k; p++, a += aCol, b0 += bRow) {
    const a0 = f[a]!;
    for (let j = 0; j < n; j++) row[j]! += a0 * f[b0 + j]!;
  }
}

/** row[j] = Σ_p A[p]·B[p, j], one dot product per element, four at a time. Takes any strides. */
function dotProducts(f: Floats, row: Float64Array, { a, aCol, b, bRow, bCol, n, k }: RowProduct): void {
  let j = 0;
  for (; j + 4 <= n; j += 4, b += 4 * bCol) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let p = 0, ap = a, bp = b; p < k; p++, ap += aCol, bp += bRow) {
      const factor = f[ap]!;
      sum0 += factor * f[bp]!;
      sum1 += factor * f[bp + bCol]!;
      sum2 += factor * f[bp + 2 * bCol]!;
      sum3 += factor * f[bp + 3 * bCol]!;
    }
    row[j] = sum0;
    row[j + 1] = sum1;
    row[j + 2] = sum2;
    row[j + 3] = sum3;
  }
  for (; j < n; j++, b += bCol) {
    let sum = 0;
    for (let p = 0, ap = a, bp = b; p < k; p++, ap += aCol, bp += bRow) sum += f[ap]! * f[bp]!;
    row[j] = sum;
  }
}

/** C = activation(alpha·A·B + beta·C + bias), batch times. */
const gemm: ReferenceKernel = ({ f }, words, floats, at) => {
  const command = readGemm(words, at, floats);
  const { bias, batch, m, n, k, aCol, bRow, bCol, alpha, beta } = command;
  const finish = activationOf[command.activation]!;
  const multiply = bCol === 1 && n > 1 ? addRowsOfB : dotProducts;
  const row = scratchDoubles(n);
  for (let s = 0; s < batch; s++) {
    const b = command.b + s * command.bBatch;
    for (let i = 0; i < m; i++) {
      const a = command.a + s * command.aBatch + i * command.aRow;
      const c = command.c + s * command.cBatch + i * command.cRow;
      multiply(f, row, { a, aCol, b, bRow, bCol, n, k });
      if (alpha !== 1) for (let j = 0; j < n; j++) row[j]! *= alpha;
      if (beta !== 0) for (let j = 0; j < n; j++) row[j]! += beta * f[c + j]!;
      if (bias !== 0) for (let j = 0; j < n; j++) row[j]! += f[bias + j]!;
      finish(row, n);
      for (let j = 0; j < n; j++) f[c + j] = row[j]!;
    }
  }
};

export const gemmKernels = { gemm } satisfies ReferenceKernels;
