/**
 * Cross-entropy of logits with class indices, as the command table and PyTorch define it. For a row: its maximum, Σ exp,
 * then the loss as ln Σ − (x[t] − max), which loses nothing to a large maximum. Ignored rows give loss 0. Impossible
 * classes (−∞) are allowed. Outputs are distinct memory; no alignment is needed.
 */
import { CrossEntropyCommand } from '../generated/commands';
import { within } from '../index/within';
import { SHARED_SCRATCH } from '../scratch';
import { log4 } from '../simd/math';
import { Drop, expSum, rowMax } from './expSum';
import { foldAdd, lane0, loadLanes } from './lanes';
import { QUAD, quadExpSum, quadMax, quadRows, spread0, spread1, spread2, spread3 } from './quad';
import { MEAN, NONE, weightAt } from './reduction';
import { firstBlockOf } from './share';

export { crossEntropyGradKernel } from './crossEntropyGrad';

/** Rows whose losses are summed on their own before they are added to the total. */
const BLOCK: u32 = 64;
/** Blocks whose sums the shared scratch has room for. */
const MAX_SUMS: u32 = SHARED_SCRATCH / 2;
/** Bytes of a row that one single-precision accumulator takes. */
const CHUNK: usize = 16384;

/** w[c]·(log − (x[c] − max)). */
// @ts-ignore: decorator
@inline
function allLosses<W>(x: usize, weight: usize, log: v128, max: v128): v128 {
  const loss = f32x4.sub(log, f32x4.sub(loadLanes<W>(x), max));
  return weight ? f32x4.mul(loadLanes<W>(weight), loss) : loss;
}

/** Σ_c w[c]·(log − (x[c] − max)), in lane 0: the negative log-likelihoods of all classes. */
function smoothRow(x: usize, weight: usize, bytes: usize, log: v128, max: v128): v128 {
  const whole = bytes & ~15;
  let sum: f64 = 0;
  let i: usize = 0;
  while (i < whole) {
    const end = min(whole, i + CHUNK);
    let a = f32x4.splat(0);
    for (; i < end; i += 16) a = f32x4.add(a, allLosses<v128>(x + i, weight ? weight + i : 0, log, max));
    sum += lane0(foldAdd(a));
  }
  for (; i < bytes; i += 4) sum += lane0(allLosses<f32>(x + i, weight ? weight + i : 0, log, max));
  return f32x4.splat(<f32>sum);
}

/** The loss of row r, whose logits are at x; stores the row's results. */
function rowLoss(c: CrossEntropyCommand, r: u32, x: usize, bytes: usize): f32 {
  const at = <usize>r << 2;
  const max = rowMax(x, bytes);
  const log = log4(expSum<Drop>(x, 0, bytes, max));
  store<f32>((<usize>c.lse << 2) + at, lane0(f32x4.add(max, log)));
  const target = load<i32>((<usize>c.target << 2) + at);
  let loss: f32 = 0;
  if (target != c.ignoreIndex) {
    const weight = <usize>c.weight << 2;
    const s = c.smoothing;
    const t = within(target, c.cols);
    loss = weightAt(weight, t) * (lane0(log) - (load<f32>(x + (<usize>t << 2)) - lane0(max)));
    if (s != 0) loss = (1 - s) * loss + (s / <f32>c.cols) * lane0(smoothRow(x, weight, bytes, log, max));
  }
  if (c.reduction == NONE) store<f32>((<usize>c.loss << 2) + at, loss);
  return loss;
}

/** x[k, t[k]] for the rows k of a quad, `bytes` from row to row; t is 0 where the row is ignored. */
// @ts-ignore: decorator
@inline
function pick(x: usize, bytes: usize, t: v128): v128 {
  const at = i32x4.shl(t, 2);
  let v = v128.load32_zero(x + i32x4.extract_lane(at, 0));
  v = v128.load32_lane(x + bytes + i32x4.extract_lane(at, 1), v, 1);
  v = v128.load32_lane(x + (bytes << 1) + i32x4.extract_lane(at, 2), v, 2);
  return v128.load32_lane(x + bytes * 3 + i32x4.extract_lane(at, 3), v, 3);
}

/** The losses of the four rows from r on, whose logits are at x; stores the rows' results. */
// @ts-ignore: decorator
@inline
function quadLoss(c: CrossEntropyCommand, r: u32, x: usize, bytes: usize): v128 {
  const at = <usize>r << 2;
  const max = quadMax(x, bytes);
  const log = log4(quadExpSum<Drop>(x, 0, bytes, max));
  v128.store((<usize>c.lse << 2) + at, f32x4.add(max, log));
  const target = v128.load((<usize>c.target << 2) + at);
  const counts = i32x4.ne(target, i32x4.splat(c.ignoreIndex));
  const t = i32x4.min_u(v128.and(target, counts), i32x4.splat(c.cols - 1));
  let loss = f32x4.sub(log, f32x4.sub(pick(x, bytes, t), max));
  const weight = <usize>c.weight << 2;
  if (weight) loss = f32x4.mul(pick(weight, 0, t), loss);
  const s = c.smoothing;
  if (s != 0) {
    let all = smoothRow(x, weight, bytes, spread0(log), spread0(max));
    all = f32x4.replace_lane(all, 1, lane0(smoothRow(x + bytes, weight, bytes, spread1(log), spread1(max))));
    all = f32x4.replace_lane(all, 2, lane0(smoothRow(x + (bytes << 1), weight, bytes, spread2(log), spread2(max))));
    all = f32x4.replace_lane(all, 3, lane0(smoothRow(x + bytes * 3, weight, bytes, spread3(log), spread3(max))));
    loss = f32x4.add(f32x4.mul(f32x4.splat(1 - s), loss), f32x4.mul(f32x4.splat(s / <f32>c.cols), all));
  }
  loss = v128.and(loss, counts);
  if (c.reduction == NONE) v128.store((<usize>c.loss << 2) + at, loss);
  return loss;
}

/** Rows [first, last), first in whole quads: returns the sum of their losses. */
function lossRows(c: CrossEntropyCommand, first: u32, last: u32): f64 {
  const bytes = <usize>c.cols << 2;
  const lastQuad = min(last, quadRows(c.rows, c.cols));
  let x = (<usize>c.x << 2) + <usize>first * bytes;
  let low = f64x2.splat(0);
  let high = low;
  let r = first;
  for (; r < lastQuad; r += QUAD) {
    const loss = quadLoss(c, r, x, bytes);
    low = f64x2.add(low, f64x2.promote_low_f32x4(loss));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(loss, loss, 2, 3, 2, 3)));
    x += bytes << 2;
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; r < last; r++) {
    sum += rowLoss(c, r, x, bytes);
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
    if (t != ignored) sum += weightAt(weight, within(t, c.cols));
  }
  return sum;
}

/** Whether threads leave the sums of their blocks in the shared scratch. */
// @ts-ignore: decorator
@inline
function byBlocks(c: CrossEntropyCommand): bool {
  return c.reduction != NONE && c.rows <= MAX_SUMS * BLOCK;
}

/** Stores loss and norm; `sum` is the sum of all losses. */
function storeTotal(c: CrossEntropyCommand, sum: f64): void {
  const norm = targetWeight(c);
  store<f32>(<usize>c.norm << 2, <f32>norm);
  if (c.reduction != NONE) store<f32>(<usize>c.loss << 2, <f32>(c.reduction == MEAN ? sum / norm : sum));
}

export function crossEntropyKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CrossEntropyCommand>(cmd);
  const rows = c.rows;
  if (c.reduction == NONE) {
    lossRows(c, firstBlockOf(rows, QUAD, thread, threads), firstBlockOf(rows, QUAD, thread + 1, threads));
    if (threads == 1) storeTotal(c, 0);
  } else if (threads == 1) {
    let sum: f64 = 0;
    for (let r: u32 = 0; r < rows; r += BLOCK) sum += lossRows(c, r, min(r + BLOCK, rows));
    storeTotal(c, sum);
  } else if (byBlocks(c)) {
    const last = firstBlockOf(rows, BLOCK, thread + 1, threads);
    let sums = (<usize>c.scratch << 2) + <usize>firstBlockOf(rows, BLOCK, thread, threads) / BLOCK * 8;
    for (let r = firstBlockOf(rows, BLOCK, thread, threads); r < last; r += BLOCK) {
      store<f64>(sums, lossRows(c, r, min(r + BLOCK, rows)));
      sums += 8;
    }
  }
}

/** Adds up the sums that the threads' parts have left, block by block as one thread does. */
export function finishCrossEntropy(cmd: usize, _threads: u32): void {
  const c = changetype<CrossEntropyCommand>(cmd);
  if (c.reduction != NONE && !byBlocks(c)) return crossEntropyKernel(cmd, 0, 1);
  let sum: f64 = 0;
  if (c.reduction != NONE) {
    const blocks = (c.rows + BLOCK - 1) / BLOCK;
    for (let i: u32 = 0; i < blocks; i++) sum += load<f64>((<usize>c.scratch << 2) + (<usize>i << 3));
  }
  storeTotal(c, sum);
}
