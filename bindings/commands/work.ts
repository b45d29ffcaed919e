/**
 * What each command costs: its work, in elements of a simple loop in cache, about 0.15 ns each; the factors are rounded measurements.
 * The build makes two functions from this: the one that decides whether threads share a command (assembly/generated/work.ts), and
 * the one that decides, where `device` is 'auto', between CPU and GPU (src/generated/work.ts).
 */
import { recurrentKinds } from './recurrent.ts';
import { binaryFns, type Opcode } from './table.ts';

/**
 * Expressions over the command's fields that mean the same in AssemblyScript, where they are u64, and in TypeScript. Beside fields
 * they may have `points`, the product of `shape`'s first `ndim` sizes; `max`; and `isLong`, whether a function of one element is a polynomial.
 */
export interface WorkRow {
  /** Elements that are gone through. Not given for products and packing, whose cost on a GPU has another form (src/program/cost.ts). */
  elements?: string;
  /** May name `elements`, and is as many where it is not given. */
  work?: string;
}

/** Whether the field is one of these names of a list. */
const isOne = (field: string, list: readonly string[], names: readonly string[]) =>
  names.map((name) => `${field} == ${list.indexOf(name)}`).join(' || ');

const isPower = isOne('fn', binaryFns, ['pow', 'powI']);
const isLongGradient = isOne('fn', binaryFns, ['geluGrad', 'geluTanhGrad', 'siluGrad']);
const isLstm = isOne('kind', recurrentKinds, ['lstm']);
const isGru = isOne('kind', recurrentKinds, ['gru']);

const gates = `steps * batch * hiddenSize * (${isLstm} ? 4 : ${isGru} ? 3 : 1)`;
const reduced = 'outer * size * inner';
const indexed = 'outer * count * inner';
const table = 'rows * cols';
const plane = 'planes * height * width';
const resized = 'planes * outHeight * outWidth';
const normalized = 'outer * channels * spatial';
const convWork = {
  work: 'batch * outChannels * outHeight * outWidth * (inChannels / groups) * kernelHeight * kernelWidth / 4',
};
const winogradWork = { work: 'batch * outHeight * outWidth * outChannels * inChannels / 2' };

/** Of all commands; a strip or a group costs what its commands do. */
export const workRows: Record<Exclude<Opcode, 'strip' | 'group'>, WorkRow> = {
  copy: { elements: 'points' },
  fill: { elements: 'n' },
  unary: { elements: 'n', work: 'elements * (isLong(fn) ? 4 : 1)' },
  binary: { elements: 'points', work: `elements * (${isPower} ? 16 : ${isLongGradient} ? 6 : 1)` },
  where: { elements: 'points' },
  reduce: { elements: reduced },
  argReduce: { elements: reduced, work: 'elements * 2' },
  cumsum: { elements: reduced, work: 'elements * 4' },
  softmax: { elements: table, work: 'elements * 8' },
  softmaxGrad: { elements: table, work: 'elements * 4' },
  crossEntropy: { elements: table, work: 'elements * 4' },
  crossEntropyGrad: { elements: table, work: 'elements * 4' },
  gemm: { work: 'batch * m * n * max(k, 1) / 4' },
  qgemm: { work: 'm * n * k / 4' },
  takeRows: { elements: indexed },
  addRows: { elements: indexed },
  gather: { elements: indexed, work: 'elements * 4' },
  scatterAdd: { elements: indexed, work: 'elements * 4' },
  sort: { elements: table, work: 'elements * (byInsertion != 0 ? 16 : 64)' },
  check: { elements: 'n' },
  sgd: { elements: 'index != 0 ? count * inner : n', work: 'elements * 2' },
  adam: { elements: 'n', work: 'elements * 4' },
  adaptive: { elements: 'n', work: 'elements * 4' },
  random: { elements: 'n', work: 'elements * 8' },
  // Adaptive windows (kernelHeight 0) share the plane; windows of 2 × 2 have loops of their own, with indices too.
  maxPool: {
    elements: plane,
    work: `(kernelHeight * kernelWidth != 0 ? ${resized} * kernelHeight * kernelWidth : elements)
      * (indices != 0 && kernelHeight * kernelWidth != 4 ? 3 : 1)`,
  },
  // On a GPU the outputs of a plane look for each other.
  maxPoolGrad: {
    elements: 'planes * inSize + planes * outSize * 8',
    work: 'planes * inSize / 4 + planes * outSize * 4',
  },
  avgPool: { elements: plane, work: 'elements * 2' },
  avgPoolGrad: { elements: plane, work: 'elements * 8' },
  moments: { elements: 'outer * groups * size', work: 'elements * 3' },
  normalize: { elements: normalized },
  normSums: { elements: normalized, work: 'elements * 2' },
  normGrad: { elements: normalized, work: 'elements * 2' },
  resize: { elements: resized, work: 'elements * 8' },
  resizeGrad: { elements: resized, work: 'elements * 16' },
  conv: convWork,
  convInputGrad: convWork,
  convWeightGrad: convWork,
  im2col: { elements: 'inChannels * kernelHeight * kernelWidth * batch * outHeight * outWidth' },
  winogradWeights: { work: 'outChannels * inChannels * 64' },
  winogradWeightGrad: { work: 'outChannels * inChannels * 64' },
  winogradConv: winogradWork,
  winogradGrad: winogradWork,
  pack: { work: 'k * n' },
  recurrent: { work: `${gates} * (inputSize + hiddenSize + 16) / 4` },
  recurrentGrad: { work: `${gates} * (hiddenSize + 8) / 4` },
};
