/** softmax, log-softmax, their gradients, and cross-entropy: row by row. */
import { readerOf } from '../../../bindings/commands/fields.ts';
import { type GpuKernel, type GpuKernels, THREADS } from '../launch.ts';
import { joins, launchRows } from './rows.ts';

const readCrossEntropy = readerOf('crossEntropy');
const readCrossEntropyGrad = readerOf('crossEntropyGrad');
const readSoftmax = readerOf('softmax');
const readSoftmaxGrad = readerOf('softmaxGrad');

/** Sets `largest` and `sum` of exp(x − largest) for the row at `start`. */
const expSum = `
var largest = -infinity();
for (var e = lane; e < size; e += lanes) { largest = maximum(largest, f(start + e)); }
largest = allMax(largest, lane);
var sum = 0.0;
for (var e = lane; e < size; e += lanes) { sum += exponential(f(start + e) - largest); }
sum = allSum(sum, lane);`;

const softmax: GpuKernel = (words, at, planner) => {
  const command = readSoftmax(words, at);
  const log = command.log === 1;
  launchRows(planner, {
    key: `softmax ${log}`,
    values: { x: command.x, y: command.y },
    rows: command.rows,
    size: command.cols,
    joins,
    body: `
let start = x + row * size;
${expSum}
${log ? 'let logSum = logarithm(sum);' : ''}
for (var e = lane; e < size; e += lanes) {
  let centred = f(start + e) - largest;
  put(y + row * size + e, ${log ? 'centred - logSum' : 'exponential(centred) / sum'});
}`,
  });
};

const softmaxGrad: GpuKernel = (words, at, planner) => {
  const command = readSoftmaxGrad(words, at);
  const log = command.log === 1;
  launchRows(planner, {
    key: `softmaxGrad ${log}`,
    values: { y: command.y, g: command.g, gx: command.gx },
    rows: command.rows,
    size: command.cols,
    joins: { Sum: joins.Sum },
    body: `
let start = row * size;
var sum = 0.0;
for (var e = start + lane; e < start + size; e += lanes) { sum += ${log ? 'f(g + e)' : 'f(g + e) * f(y + e)'}; }
sum = allSum(sum, lane);
for (var e = start + lane; e < start + size; e += lanes) {
  put(gx + e, ${log ? 'f(g + e) - exponential(f(y + e)) * sum' : 'f(y + e) * (f(g + e) - sum)'});
}`,
  });
};

/** The weight of class c. */
const weightSource =
  'fn weightOf(weight: u32, c: u32) -> f32 { if (weight == 0u) { return 1.0; } return f(weight + c); }';
/** The row's class, kept inside the row for any index. */
const labelSource =
  'let label = min(heap[targets + row], size - 1u);\nlet counts = heap[targets + row] != ignoreIndex;';

const crossEntropy: GpuKernel = (words, at, planner) => {
  const command = readCrossEntropy(words, at);
  const { rows, reduction, loss, norm } = command;
  const parts = planner.scratch(2 * rows);
  launchRows(planner, {
    key: 'crossEntropy',
    values: {
      x: command.x,
      targets: command.target,
      weight: command.weight,
      loss: reduction === 0 ? loss : parts,
      norms: parts + rows,
      lse: command.lse,
      ignoreIndex: command.ignoreIndex,
      smoothing: command.smoothing,
    },
    rows,
    size: command.cols,
    joins,
    outside: weightSource,
    body: `
let start = x + row * size;
${expSum}
let logSum = largest + logarithm(sum);
let s = bitcast<f32>(smoothing);
var spread = 0.0;
if (s != 0.0) {
  for (var e = lane; e < size; e += lanes) { spread += weightOf(weight, e) * (logSum - f(start + e)); }
}
spread = allSum(spread, lane);
${labelSource}
if (lane == 0u) {
  let w = weightOf(weight, label);
  put(lse + row, logSum);
  put(norms + row, select(0.0, w, counts));
  var rowLoss = (1.0 - s) * w * (logSum - f(start + label));
  if (s != 0.0) { rowLoss += s / f32(size) * spread; }
  put(loss + row, select(0.0, rowLoss, counts));
}`,
  });
  launchRows(planner, {
    key: 'crossEntropy total',
    values: { parts, norm, loss, count: rows, reduction },
    rows: 1,
    size: rows,
    joins: { Sum: joins.Sum },
    lanes: THREADS,
    body: `
var weights = 0.0;
var losses = 0.0;
for (var e = lane; e < count; e += lanes) {
  weights += f(parts + count + e);
  if (reduction != 0u) { losses += f(parts + e); }
}
weights = allSum(weights, lane);
losses = allSum(losses, lane);
if (lane == 0u) {
  put(norm, weights);
  if (reduction == 1u) { put(loss, select(losses / weights, notANumber(), weights == 0.0 && losses == 0.0)); }
  if (reduction == 2u) { put(loss, losses); }
}`,
  });
};

const crossEntropyGrad: GpuKernel = (words, at, planner) => {
  const command = readCrossEntropyGrad(words, at);
  launchRows(planner, {
    key: 'crossEntropyGrad',
    values: {
      x: command.x,
      targets: command.target,
      weight: command.weight,
      lse: command.lse,
      norm: command.norm,
      g: command.g,
      gx: command.gx,
      reduction: command.reduction,
      ignoreIndex: command.ignoreIndex,
      smoothing: command.smoothing,
    },
    rows: command.rows,
    size: command.cols,
    joins: { Sum: joins.Sum },
    outside: weightSource,
    body: `
let s = bitcast<f32>(smoothing);
var weightSum = 0.0;
if (s != 0.0) {
  for (var e = lane; e < size; e += lanes) { weightSum += weightOf(weight, e); }
}
weightSum = allSum(weightSum, lane);
${labelSource}
var scale = f(g + select(0u, row, reduction == 0u));
if (reduction == 1u) { scale /= f(norm); }
let onTarget = (1.0 - s) * weightOf(weight, label);
for (var e = lane; e < size; e += lanes) {
  let p = exponential(f(x + row * size + e) - f(lse + row));
  var gradient = onTarget * select(p, p - 1.0, e == label);
  if (s != 0.0) { gradient += s / f32(size) * (p * weightSum - weightOf(weight, e)); }
  put(gx + row * size + e, select(0.0, scale * gradient, counts));
}`,
  });
};

export const softmaxKernels = { softmax, softmaxGrad, crossEntropy, crossEntropyGrad } satisfies GpuKernels;
