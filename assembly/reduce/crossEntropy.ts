/**
 * Cross-entropy of logits with class indices, as the command table defines it after PyTorch. Forward: one row at a time,
 * its maximum, Σ exp, then the loss as ln Σ − (x[t] − max), which loses nothing to a large maximum. Ignored rows give loss 0
 * and gradient 0. Classes that are impossible (−∞) are allowed. Outputs are distinct memory; no alignment is needed.
 */
import { CrossEntropyCommand, CrossEntropyGradCommand } from '../generated/commands';
import { madd } from '../simd/madd';
import { exp4, log4 } from '../simd/math';
import { Drop, expSum, rowMax } from './expSum';
import { lane0, loadLanes, storeLanes } from './lanes';
import { Sum } from './ops';
import { reduceRun } from './run';
import { firstOf, sharers } from './share';

const NONE: u32 = 0;
const MEAN: u32 = 1;
/** Rows whose losses are added up by themselves, before they go to the total. */
const BLOCK: u32 = 64;

// @ts-ignore: decorator
@inline
function weightAt(weight: usize, target: i32): f32 {
  return weight ? load<f32>(weight + (<usize>target << 2)) : 1;
}

/** Σ_c w[c]·(log − (x[c] − max)): the negative log-likelihoods of all classes. */
function smoothRow(x: usize, weight: usize, cols: u32, log: f32, max: f32): f32 {
  let sum: f64 = 0;
  for (let c: u32 = 0; c < cols; c++) {
    const at = <usize>c << 2;
    sum += weightAt(weight, c) * (log - (load<f32>(x + at) - max));
  }
  return <f32>sum;
}

/** Rows [first, last): their lse, their losses if `reduction` is 0; returns the sum of the losses. */
function lossRows(c: CrossEntropyCommand, first: u32, last: u32): f64 {
  const cols = c.cols;
  const bytes = <usize>cols << 2;
  const weight = <usize>c.weight << 2;
  const s = c.smoothing;
  const share = s / <f32>cols;
  let sum: f64 = 0;
  for (let r = first; r < last; r++) {
    const at = <usize>r << 2;
    const x = (<usize>c.x << 2) + <usize>r * bytes;
    const greatest = rowMax(x, bytes);
    const max = lane0(greatest);
    const log = lane0(log4(expSum<Drop>(x, 0, bytes, greatest)));
    store<f32>((<usize>c.lse << 2) + at, max + log);
    const target = load<i32>((<usize>c.target << 2) + at);
    let loss: f32 = 0;
    if (target != c.ignoreIndex) {
      loss = weightAt(weight, target) * (log - (load<f32>(x + (<usize>target << 2)) - max));
      if (s != 0) loss = (1 - s) * loss + share * smoothRow(x, weight, cols, log, max);
    }
    if (c.reduction == NONE) store<f32>((<usize>c.loss << 2) + at, loss);
    sum += loss;
  }
  return sum;
}

/** Σ w[t] over the rows that are not ignored. */
function targetWeight(c: CrossEntropyCommand): f64 {
  const weight = <usize>c.weight << 2;
  const target = <usize>c.target << 2;
  let sum: f64 = 0;
  for (let r: u32 = 0; r < c.rows; r++) {
    const t = load<i32>(target + (<usize>r << 2));
    if (t != c.ignoreIndex) sum += weightAt(weight, t);
  }
  return sum;
}

export function crossEntropyKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CrossEntropyCommand>(cmd);
  const norm: f64 = thread == 0 ? targetWeight(c) : 0;
  if (thread == 0) store<f32>(<usize>c.norm << 2, <f32>norm);

  if (c.reduction == NONE) {
    const workers = sharers(<u64>c.rows * c.cols, threads);
    lossRows(c, firstOf(c.rows, thread, workers), firstOf(c.rows, thread + 1, workers));
    return;
  }
  // With a barrier and a place for the sums of the blocks, threads share the blocks and thread 0 adds their sums up.
  if (thread != 0) return;
  let sum: f64 = 0;
  for (let r: u32 = 0; r < c.rows; r += BLOCK) sum += lossRows(c, r, min(r + BLOCK, c.rows));
  store<f32>(<usize>c.loss << 2, <f32>(c.reduction == MEAN ? sum / norm : sum));
}

/** gx[c] = a·exp(x[c] − lse) − b·w[c]. */
// @ts-ignore: decorator
@inline
function gradStep<W>(x: usize, gx: usize, lse: v128, a: v128, b: v128, weight: usize): void {
  const p = exp4(f32x4.sub(loadLanes<W>(x), lse));
  const w = weight ? f32x4.mul(b, loadLanes<W>(weight)) : b;
  storeLanes<W>(gx, f32x4.sub(f32x4.mul(a, p), w));
}

function gradRow(x: usize, gx: usize, bytes: usize, lse: v128, a: v128, b: v128, weight: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) gradStep<v128>(x + i, gx + i, lse, a, b, weight ? weight + i : 0);
  for (; i < bytes; i += 4) gradStep<f32>(x + i, gx + i, lse, a, b, weight ? weight + i : 0);
}

export function crossEntropyGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CrossEntropyGradCommand>(cmd);
  const cols = c.cols;
  const bytes = <usize>cols << 2;
  const weight = <usize>c.weight << 2;
  const s = c.smoothing;
  const share = s / <f32>cols;
  const allWeights: f32 = weight ? lane0(reduceRun<Sum>(weight, cols)) : <f32>cols;
  const workers = sharers(<u64>c.rows * cols, threads);
  const last = firstOf(c.rows, thread + 1, workers);
  let scale: f32 = c.reduction == NONE ? 0 : load<f32>(<usize>c.g << 2);
  if (c.reduction == MEAN) scale /= load<f32>(<usize>c.norm << 2);
  for (let r = firstOf(c.rows, thread, workers); r < last; r++) {
    const at = <usize>r << 2;
    const gx = (<usize>c.gx << 2) + <usize>r * bytes;
    const target = load<i32>((<usize>c.target << 2) + at);
    if (target == c.ignoreIndex) {
      memory.fill(gx, 0, bytes);
      continue;
    }
    if (c.reduction == NONE) scale = load<f32>((<usize>c.g << 2) + at);
    const own = scale * (1 - s) * weightAt(weight, target);
    const b = scale * share;
    const lse = v128.load32_splat((<usize>c.lse << 2) + at);
    gradRow((<usize>c.x << 2) + <usize>r * bytes, gx, bytes, lse, f32x4.splat(own + b * allWeights), f32x4.splat(b), weight);
    const hit = gx + (<usize>target << 2);
    store<f32>(hit, load<f32>(hit) - own);
  }
}
