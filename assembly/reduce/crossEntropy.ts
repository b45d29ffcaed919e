/**
 * Cross-entropy of logits with class indices, as the command table defines it after PyTorch. For a row: its maximum, Σ exp,
 * then the loss as ln Σ − (x[t] − max), which loses nothing to a large maximum. Ignored rows give loss 0. Classes that are
 * impossible (−∞) are allowed. Outputs are distinct memory; no alignment is needed.
 */
import { CrossEntropyCommand } from '../generated/commands';
import { log4 } from '../simd/math';
import { Drop, expSum, rowMax } from './expSum';
import { foldAdd, lane0, loadLanes } from './lanes';
import { QUAD, quadExpSum, quadMax, quadRows } from './quad';
import { MEAN, NONE, weightAt } from './reduction';
import { firstBlockOf, sharers } from './share';

export { crossEntropyGradKernel } from './crossEntropyGrad';

/** Rows whose losses are added up by themselves, before they go to the total. */
const BLOCK: u32 = 64;
/** Bytes of a row that one single-precision accumulator takes. */
const CHUNK: usize = 16384;

/** w[c]·(log − (x[c] − max)). */
// @ts-ignore: decorator
@inline
function allLosses<W>(x: usize, weight: usize, log: v128, max: v128): v128 {
  const loss = f32x4.sub(log, f32x4.sub(loadLanes<W>(x), max));
  return weight ? f32x4.mul(loadLanes<W>(weight), loss) : loss;
}

/** Σ_c w[c]·(log − (x[c] − max)): the negative log-likelihoods of all classes. */
function smoothRow(x: usize, weight: usize, bytes: usize, log: f32, max: f32): f32 {
  const log4 = f32x4.splat(log);
  const max4 = f32x4.splat(max);
  const whole = bytes & ~15;
  let sum: f64 = 0;
  let i: usize = 0;
  while (i < whole) {
    const end = min(whole, i + CHUNK);
    let a = f32x4.splat(0);
    for (; i < end; i += 16) a = f32x4.add(a, allLosses<v128>(x + i, weight ? weight + i : 0, log4, max4));
    sum += lane0(foldAdd(a));
  }
  for (; i < bytes; i += 4) sum += lane0(allLosses<f32>(x + i, weight ? weight + i : 0, log4, max4));
  return <f32>sum;
}

/** The loss of row r, from its maximum and ln Σ exp(x − max); stores what belongs to the row. */
function rowLoss(c: CrossEntropyCommand, r: u32, max: f32, log: f32): f32 {
  const at = <usize>r << 2;
  const bytes = <usize>c.cols << 2;
  store<f32>((<usize>c.lse << 2) + at, max + log);
  const target = load<i32>((<usize>c.target << 2) + at);
  let loss: f32 = 0;
  if (target != c.ignoreIndex) {
    const x = (<usize>c.x << 2) + <usize>r * bytes;
    const weight = <usize>c.weight << 2;
    const s = c.smoothing;
    loss = weightAt(weight, target) * (log - (load<f32>(x + (<usize>target << 2)) - max));
    if (s != 0) loss = (1 - s) * loss + (s / <f32>c.cols) * smoothRow(x, weight, bytes, log, max);
  }
  if (c.reduction == NONE) store<f32>((<usize>c.loss << 2) + at, loss);
  return loss;
}

/** Rows [first, last), first in whole quads: returns the sum of their losses. */
function lossRows(c: CrossEntropyCommand, first: u32, last: u32): f64 {
  const bytes = <usize>c.cols << 2;
  const lastQuad = min(last, quadRows(c.rows, c.cols));
  let x = (<usize>c.x << 2) + <usize>first * bytes;
  let sum: f64 = 0;
  let r = first;
  for (; r < lastQuad; r += QUAD) {
    const max = quadMax(x, bytes);
    const log = log4(quadExpSum<Drop>(x, 0, bytes, max));
    sum += rowLoss(c, r, f32x4.extract_lane(max, 0), f32x4.extract_lane(log, 0));
    sum += rowLoss(c, r + 1, f32x4.extract_lane(max, 1), f32x4.extract_lane(log, 1));
    sum += rowLoss(c, r + 2, f32x4.extract_lane(max, 2), f32x4.extract_lane(log, 2));
    sum += rowLoss(c, r + 3, f32x4.extract_lane(max, 3), f32x4.extract_lane(log, 3));
    x += bytes << 2;
  }
  for (; r < last; r++) {
    const max = rowMax(x, bytes);
    sum += rowLoss(c, r, lane0(max), lane0(log4(expSum<Drop>(x, 0, bytes, max))));
    x += bytes;
  }
  return sum;
}

/** Σ w[t] over the rows that are not ignored. */
function targetWeight(c: CrossEntropyCommand): f64 {
  const weight = <usize>c.weight << 2;
  const target = <usize>c.target << 2;
  const ignored = c.ignoreIndex;
  const rows = c.rows;
  let sum: f64 = 0;
  for (let r: u32 = 0; r < rows; r++) {
    const t = load<i32>(target + (<usize>r << 2));
    if (t != ignored) sum += weightAt(weight, t);
  }
  return sum;
}

export function crossEntropyKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CrossEntropyCommand>(cmd);
  const norm: f64 = thread == 0 ? targetWeight(c) : 0;
  if (thread == 0) store<f32>(<usize>c.norm << 2, <f32>norm);

  if (c.reduction == NONE) {
    const workers = sharers(<u64>c.rows * c.cols, threads);
    lossRows(c, firstBlockOf(c.rows, QUAD, thread, workers), firstBlockOf(c.rows, QUAD, thread + 1, workers));
    return;
  }
  // With a barrier and a place for the sums of the blocks, threads share the blocks and thread 0 adds their sums up.
  if (thread != 0) return;
  let sum: f64 = 0;
  for (let r: u32 = 0; r < c.rows; r += BLOCK) sum += lossRows(c, r, min(r + BLOCK, c.rows));
  store<f32>(<usize>c.loss << 2, <f32>(c.reduction == MEAN ? sum / norm : sum));
}
