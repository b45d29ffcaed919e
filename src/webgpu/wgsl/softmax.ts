/** softmax, log-softmax, their gradients, and cross-entropy: row by row. */
import { fieldsOf } from '../../../bindings/commands/fields.ts';
import { type GpuKernel, type GpuKernels, THREADS } from '../launch.ts';
import { joins, launchRows } from './rows.ts';

const S = fieldsOf('softmax');

/** Sets `largest` and `sum` of exp(x − largest) for the row at `start`. */
const expSum = `
var largest = -infinity();
for (var e = lane; e < size; e += lanes) { largest = maximum(largest, f(start + e)); }
largest = allMax(largest, lane);
var sum = 0.0;
for (var e = lane; e < size; e += lanes) { sum += exponential(f(start + e) - largest); }
sum = allSum(sum, lane);`;

const softmax: GpuKernel = (words, at, planner) => {
  const log = words[at + S.log] === 1;
  launchRows(planner, {
    key: `softmax ${log}`,
    values: { x: words[at + S.x]!, y: words[at + S.y]! },
    rows: words[at + S.rows]!,
    size: words[at + S.cols]!,
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

const G = fieldsOf('softmaxGrad');

const softmaxGrad: GpuKernel = (words, at, planner) => {
  const log = words[at + G.log] === 1;
  launchRows(planner, {
    key: `softmaxGrad ${log}`,
    values: { y: words[at + G.y]!, g: words[at + G.g]!, gx: words[at + G.gx]! },
    rows: words[at + G.rows]!,
    size: words[at + G.cols]!,
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

const C = fieldsOf('crossEntropy');

/** The weight of class c. */
const weightSource =
  'fn weightOf(weight: u32, c: u32) -> f32 { if (weight == 0u) { return 1.0; } return f(weight + c); }';
/** The row's class, kept inside the row whatever the index is. */
const labelSource =
  'let label = min(heap[targets + row], size - 1u);\nlet counts = heap[targets + row] != ignoreIndex;';

const crossEntropy: GpuKernel = (words, at, planner) => {
  const rows = words[at + C.rows]!;
  const reduction = words[at + C.reduction]!;
  const loss = words[at + C.loss]!;
  const norm = words[at + C.norm]!;
  const parts = planner.scratch(2 * rows);
  launchRows(planner, {
    key: 'crossEntropy',
    values: {
      x: words[at + C.x]!,
      targets: words[at + C.target]!,
      weight: words[at + C.weight]!,
      loss: reduction === 0 ? loss : parts,
      norms: parts + rows,
      lse: words[at + C.lse]!,
      ignoreIndex: words[at + C.ignoreIndex]!,
      smoothing: words[at + C.smoothing]!,
    },
    rows,
    size: words[at + C.cols]!,
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

const D = fieldsOf('crossEntropyGrad');

const crossEntropyGrad: GpuKernel = (words, at, planner) => {
  launchRows(planner, {
    key: 'crossEntropyGrad',
    values: {
      x: words[at + D.x]!,
      targets: words[at + D.target]!,
      weight: words[at + D.weight]!,
      lse: words[at + D.lse]!,
      norm: words[at + D.norm]!,
      g: words[at + D.g]!,
      gx: words[at + D.gx]!,
      reduction: words[at + D.reduction]!,
      ignoreIndex: words[at + D.ignoreIndex]!,
      smoothing: words[at + D.smoothing]!,
    },
    rows: words[at + D.rows]!,
    size: words[at + D.cols]!,
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
