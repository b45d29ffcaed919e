/**
 * Cross-entropy of logits with class indices, and its gradient: PyTorch's definition with class weights, an ignored
 * index and label smoothing. With t the target of a row, w the class weights, s the smoothing:
 *
 *     loss = (1−s)·w[t]·(lse − x[t]) + s/cols · Σ_c w[c]·(lse − x[c])
 *
 * Ignored rows have loss 0 and gradient 0. The mean over no rows is NaN, as in PyTorch. Targets out of range count as the last class.
 */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';
import { logSumExp } from './softmax.ts';
import { within } from './within.ts';

const readCrossEntropy = readerOf('crossEntropy');
const readCrossEntropyGrad = readerOf('crossEntropyGrad');

const MEAN = 1;
const NO_REDUCTION = 0;

type Floats = Heap['f'];

const weightOf = (f: Floats, weight: number, c: number): number => (weight === 0 ? 1 : f[weight + c]!);

/** Σ_c w[c]·(lse − x[c]). */
function smoothLoss(f: Floats, x: number, weight: number, lse: number, cols: number): number {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += weightOf(f, weight, c) * (lse - f[x + c]!);
  return sum;
}

/** loss, lse and norm from the logits. */
const crossEntropy: ReferenceKernel = ({ f, i }, words, floats, at) => {
  const command = readCrossEntropy(words, at, floats);
  const { x, target, weight, loss, rows, cols, reduction, ignoreIndex, smoothing } = command;
  const lseAt = command.lse;
  let total = 0;
  let norm = 0;
  for (let r = 0; r < rows; r++) {
    const row = x + r * cols;
    const lse = logSumExp(f, row, cols);
    f[lseAt + r] = lse;
    let rowLoss = 0;
    const given = i[target + r]!;
    if (given !== ignoreIndex) {
      const t = within(given, cols);
      const w = weightOf(f, weight, t);
      norm += w;
      rowLoss = (1 - smoothing) * w * (lse - f[row + t]!);
      if (smoothing !== 0) rowLoss += (smoothing / cols) * smoothLoss(f, row, weight, lse, cols);
    }
    if (reduction === NO_REDUCTION) f[loss + r] = rowLoss;
    total += rowLoss;
  }
  f[command.norm] = norm;
  if (reduction !== NO_REDUCTION) f[loss] = reduction === MEAN ? total / norm : total;
};

/** gx[c] = g·((1−s)·w[t]·(p[c] − (c = t)) + s/cols·(p[c]·Σw − w[c])), p = exp(x − lse), g over norm for the mean. */
const crossEntropyGrad: ReferenceKernel = ({ f, i }, words, floats, at) => {
  const command = readCrossEntropyGrad(words, at, floats);
  const { x, target, weight, lse, g, gx, rows, cols, reduction, ignoreIndex, smoothing } = command;
  const norm = reduction === MEAN ? f[command.norm]! : 1;
  let weightSum = 0;
  for (let c = 0; c < cols; c++) weightSum += weightOf(f, weight, c);
  for (let r = 0; r < rows; r++) {
    const row = r * cols;
    const given = i[target + r]!;
    if (given === ignoreIndex) {
      f.fill(0, gx + row, gx + row + cols);
      continue;
    }
    const t = within(given, cols);
    const scale = f[reduction === NO_REDUCTION ? g + r : g]! / norm;
    const onTarget = (1 - smoothing) * weightOf(f, weight, t);
    for (let c = 0; c < cols; c++) {
      const p = Math.exp(f[x + row + c]! - f[lse + r]!);
      let grad = onTarget * (c === t ? p - 1 : p);
      if (smoothing !== 0) grad += (smoothing / cols) * (p * weightSum - weightOf(f, weight, c));
      f[gx + row + c] = scale * grad;
    }
  }
};

export const crossEntropyKernels = { crossEntropy, crossEntropyGrad } satisfies ReferenceKernels;
