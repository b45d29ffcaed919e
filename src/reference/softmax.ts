/**
 * softmax, log-softmax and their gradients, row by row. Sums and exponentials are doubles until they are stored. The
 * maximum is subtracted first, so a row that is all −∞, or holds +∞ or NaN, gives NaN, as in PyTorch.
 */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';
import { scratchDoubles } from './scratch.ts';

const readSoftmax = readerOf('softmax');
const readSoftmaxGrad = readerOf('softmaxGrad');

type Floats = Heap['f'];

function rowMax(f: Floats, x: number, cols: number): number {
  let max = -Infinity;
  for (let c = 0; c < cols; c++) max = Math.max(max, f[x + c]!);
  return max;
}

/** max + ln Σ exp(x − max). */
export function logSumExp(f: Floats, x: number, cols: number): number {
  const max = rowMax(f, x, cols);
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += Math.exp(f[x + c]! - max);
  return max + Math.log(sum);
}

function softmaxRow(f: Floats, x: number, y: number, cols: number): void {
  const max = rowMax(f, x, cols);
  const powers = scratchDoubles(cols);
  let sum = 0;
  for (let c = 0; c < cols; c++) {
    const power = Math.exp(f[x + c]! - max);
    powers[c] = power;
    sum += power;
  }
  for (let c = 0; c < cols; c++) f[y + c] = powers[c]! / sum;
}

function logSoftmaxRow(f: Floats, x: number, y: number, cols: number): void {
  const max = rowMax(f, x, cols);
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += Math.exp(f[x + c]! - max);
  const logSum = Math.log(sum);
  for (let c = 0; c < cols; c++) f[y + c] = f[x + c]! - max - logSum;
}

/** y = softmax(x) or log-softmax(x). */
const softmax: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readSoftmax(words, at);
  const { x, y, rows, cols } = command;
  const row = command.log === 1 ? logSoftmaxRow : softmaxRow;
  for (let r = 0; r < rows; r++) row(f, x + r * cols, y + r * cols, cols);
};

/** gx = y·(g − Σ g·y). */
function softmaxGradRow(f: Floats, y: number, g: number, gx: number, cols: number): void {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += f[g + c]! * f[y + c]!;
  for (let c = 0; c < cols; c++) f[gx + c] = f[y + c]! * (f[g + c]! - sum);
}

/** gx = g − exp(y)·Σ g. */
function logSoftmaxGradRow(f: Floats, y: number, g: number, gx: number, cols: number): void {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += f[g + c]!;
  for (let c = 0; c < cols; c++) f[gx + c] = f[g + c]! - Math.exp(f[y + c]!) * sum;
}

/** gx from the output y and its gradient g. */
const softmaxGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readSoftmaxGrad(words, at);
  const { y, g, gx, rows, cols } = command;
  const row = command.log === 1 ? logSoftmaxGradRow : softmaxGradRow;
  for (let r = 0; r < rows; r++) row(f, y + r * cols, g + r * cols, gx + r * cols, cols);
};

export const softmaxKernels = { softmax, softmaxGrad } satisfies ReferenceKernels;
