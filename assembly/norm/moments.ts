/**
 * Mean and 1/√(variance + ε) of x [outer, groups, size] for each group, and the update of the running statistics. In two
 * passes: the mean first, then the squared distances from it, so that a large mean costs no digits. Each thread takes
 * groups of its own. No alignment is needed.
 */
import { MomentsCommand } from '../generated/commands';
import { firstElementOf, firstOf } from '../reduce/share';
import { loadLanes } from '../reduce/lanes';
import { COLUMN_ROWS, demote, high, low, runSums, Spread } from './sums';

/** Stores a group's statistics: `variance` is biased, n elements. */
function storeMoments(c: MomentsCommand, group: u32, mean: f64, variance: f64, n: f64): void {
  const at = <usize>group << 2;
  store<f32>((<usize>c.mean << 2) + at, <f32>mean);
  store<f32>((<usize>c.rstd << 2) + at, <f32>(1 / sqrt(variance + <f64>c.eps)));
  if (!c.runningMean) return;
  const share = c.tracked ? 1 / <f64>load<i32>(<usize>c.tracked << 2) : <f64>c.momentum;
  const runningMean = (<usize>c.runningMean << 2) + at;
  const runningVariance = (<usize>c.runningVariance << 2) + at;
  store<f32>(runningMean, <f32>((1 - share) * <f64>load<f32>(runningMean) + share * mean));
  const unbiased = variance * (n / (n - 1));
  store<f32>(runningVariance, <f32>((1 - share) * <f64>load<f32>(runningVariance) + share * unbiased));
}

/** A group whose elements form runs. */
function groupMoments(c: MomentsCommand, group: u32): void {
  const bytes = <usize>c.size << 2;
  const step = bytes * c.groups;
  const x = (<usize>c.x << 2) + bytes * group;
  const n = <f64>c.outer * <f64>c.size;
  let mean: f64 = 0;
  let squares: f64 = 0;
  // First the distances from 0, then those from the mean, whose sum corrects the rounding of the mean.
  for (let pass = 0; pass < 2; pass++) {
    const sums = runSums<Spread>(x, 0, 0, <f32>mean, bytes, step, c.outer);
    const rest = f64x2.extract_lane(sums, 0) / n;
    mean = <f64><f32>mean + rest;
    squares = f64x2.extract_lane(sums, 1) / n - rest * rest;
  }
  storeMoments(c, group, mean, max(squares, 0), n);
}

/** The means, over four columns (or one), of the distances from m or of their squares; `step` bytes from row to row. */
// @ts-ignore: decorator
@inline
function columnMean<W>(x: usize, step: usize, rows: u32, m: v128, isSquare: bool): v128 {
  const zero = f64x2.splat(0);
  let a = zero;
  let b = zero;
  let r: u32 = 0;
  while (r < rows) {
    const end = min(rows, r + COLUMN_ROWS);
    let sum = f32x4.splat(0);
    for (; r < end; r++) {
      const d = f32x4.sub(loadLanes<W>(x), m);
      sum = f32x4.add(sum, isSquare ? f32x4.mul(d, d) : d);
      x += step;
    }
    a = f64x2.add(a, low(sum));
    b = f64x2.add(b, high(sum));
  }
  const n = f64x2.splat(<f64>rows);
  return demote(f64x2.div(a, n), f64x2.div(b, n));
}

/** Groups of one column each: four of them (or one) from `group` on. */
// @ts-ignore: decorator
@inline
function columnMoments<W>(c: MomentsCommand, group: u32): void {
  const x = (<usize>c.x << 2) + (<usize>group << 2);
  const step = <usize>c.groups << 2;
  const rows = c.outer;
  const rough = columnMean<W>(x, step, rows, f32x4.splat(0), false);
  const rest = columnMean<W>(x, step, rows, rough, false);
  const squares = columnMean<W>(x, step, rows, rough, true);
  const mean = f32x4.add(rough, rest);
  const variance = f32x4.max(f32x4.sub(squares, f32x4.mul(rest, rest)), f32x4.splat(0));
  const n = <f64>rows;
  storeMoments(c, group, f32x4.extract_lane(mean, 0), f32x4.extract_lane(variance, 0), n);
  if (sizeof<W>() != 16) return;
  storeMoments(c, group + 1, f32x4.extract_lane(mean, 1), f32x4.extract_lane(variance, 1), n);
  storeMoments(c, group + 2, f32x4.extract_lane(mean, 2), f32x4.extract_lane(variance, 2), n);
  storeMoments(c, group + 3, f32x4.extract_lane(mean, 3), f32x4.extract_lane(variance, 3), n);
}

export function momentsKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<MomentsCommand>(cmd);
  if (c.size == 1) {
    const last = firstElementOf(c.groups, thread + 1, threads);
    let group = firstElementOf(c.groups, thread, threads);
    for (; group + 4 <= last; group += 4) columnMoments<v128>(c, group);
    for (; group < last; group++) columnMoments<f32>(c, group);
    return;
  }
  const last = firstOf(c.groups, thread + 1, threads);
  for (let group = firstOf(c.groups, thread, threads); group < last; group++) groupMoments(c, group);
}
