/**
 * C = activation(alpha·A·B + beta·C + bias). A row of A·B is summed in doubles, in order of p, and rounded once when it
 * is stored. Where B's rows are contiguous the row is built by adding rows of B (i-p-j); else, and for one column, each
 * element is a dot product (i-j-p). C overlaps no input.
 */
import { activations } from '../../bindings/commands/table.ts';
import { fieldsOf } from './fields.ts';
import type { Heap, ReferenceKernel } from './heap.ts';
import { scratchDoubles } from './scratch.ts';
import { sigmoid } from './special.ts';

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

/** row[j] = Σ_p A[p]·B[p, j], B's columns adjacent. */
function addRowsOfB(
  f: Floats,
  a: number,
  aCol: number,
  b: number,
  bRow: number,
  row: Float64Array,
  n: number,
  k: number,
): void {
  row.fill(0, 0, n);
  for (let p = 0; p < k; p++, b += bRow) {
    const factor = f[a + p * aCol]!;
    for (let j = 0; j < n; j++) row[j]! += factor * f[b + j]!;
  }
}

/** The sum of a[p]·b[p]; steps are strides. */
function dot(f: Floats, a: number, aStep: number, b: number, bStep: number, k: number): number {
  let sum = 0;
  for (let p = 0; p < k; p++, a += aStep, b += bStep) sum += f[a]! * f[b]!;
  return sum;
}

const G = fieldsOf('gemm');

/** C = activation(alpha·A·B + beta·C + bias), batch times. */
export const gemm: ReferenceKernel = ({ f }, words, floats, at) => {
  const bias = words[at + G.bias]!;
  const batch = words[at + G.batch]!;
  const m = words[at + G.m]!;
  const n = words[at + G.n]!;
  const k = words[at + G.k]!;
  const aCol = words[at + G.aCol]!;
  const bRow = words[at + G.bRow]!;
  const bCol = words[at + G.bCol]!;
  const alpha = floats[at + G.alpha]!;
  const beta = floats[at + G.beta]!;
  const finish = activationOf[words[at + G.activation]!]!;
  const byRows = bCol === 1 && n > 1;
  const row = scratchDoubles(n);
  for (let s = 0; s < batch; s++) {
    const b = words[at + G.b]! + s * words[at + G.bBatch]!;
    for (let i = 0; i < m; i++) {
      const a = words[at + G.a]! + s * words[at + G.aBatch]! + i * words[at + G.aRow]!;
      const c = words[at + G.c]! + s * words[at + G.cBatch]! + i * words[at + G.cRow]!;
      if (byRows) addRowsOfB(f, a, aCol, b, bRow, row, n, k);
      else for (let j = 0; j < n; j++) row[j] = dot(f, a, aCol, b + j * bCol, bRow, k);
      if (alpha !== 1) for (let j = 0; j < n; j++) row[j]! *= alpha;
      if (beta !== 0) for (let j = 0; j < n; j++) row[j]! += beta * f[c + j]!;
      if (bias !== 0) for (let j = 0; j < n; j++) row[j]! += f[bias + j]!;
      finish(row, n);
      for (let j = 0; j < n; j++) f[c + j] = row[j]!;
    }
  }
};
