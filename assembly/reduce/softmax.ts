/**
 * softmax and log-softmax of rows. Stable: the row's maximum is subtracted first. A row with NaN or +∞, or of nothing but −∞,
 * gives NaN, as in PyTorch. y may be x; no alignment is needed.
 */
import { SoftmaxCommand } from '../generated/commands';
import { log4 } from '../simd/math';
import { Drop, expSum, Keep, rowMax } from './expSum';
import { loadLanes, storeLanes } from './lanes';
import { loadQuad, QUAD, quadExpSum, quadMax, quadRows, spread0, spread1, spread2, spread3, storeQuad } from './quad';
import { firstBlockOf } from './share';

export { softmaxGradKernel } from './softmaxGrad';

/** y = the terms in y, scaled. */
// @ts-ignore: decorator
@inline
function scaleRow(y: usize, bytes: usize, factor: v128): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), factor));
  for (; i < bytes; i += 4) storeLanes<f32>(y + i, f32x4.mul(loadLanes<f32>(y + i), factor));
}

// @ts-ignore: decorator
@inline
function shiftRow(x: usize, y: usize, bytes: usize, max: v128, log: v128): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.sub(f32x4.sub(v128.load(x + i), max), log));
  for (; i < bytes; i += 4) storeLanes<f32>(y + i, f32x4.sub(f32x4.sub(loadLanes<f32>(x + i), max), log));
}

function softmaxRow(x: usize, y: usize, bytes: usize): void {
  scaleRow(y, bytes, f32x4.div(f32x4.splat(1), expSum<Keep>(x, y, bytes, rowMax(x, bytes))));
}

function logSoftmaxRow(x: usize, y: usize, bytes: usize): void {
  const max = rowMax(x, bytes);
  shiftRow(x, y, bytes, max, log4(expSum<Drop>(x, 0, bytes, max)));
}

/** Four rows: those of y, whole vectors first, then the columns that are left. */
function softmaxQuad(x: usize, y: usize, bytes: usize): void {
  const factor = f32x4.div(f32x4.splat(1), quadExpSum<Keep>(x, y, bytes, quadMax(x, bytes)));
  const whole = bytes & ~15;
  scaleRow(y, whole, spread0(factor));
  scaleRow(y + bytes, whole, spread1(factor));
  scaleRow(y + (bytes << 1), whole, spread2(factor));
  scaleRow(y + bytes * 3, whole, spread3(factor));
  for (let i = whole; i < bytes; i += 4) storeQuad(y + i, bytes, f32x4.mul(loadQuad(y + i, bytes), factor));
}

function logSoftmaxQuad(x: usize, y: usize, bytes: usize): void {
  const max = quadMax(x, bytes);
  const log = log4(quadExpSum<Drop>(x, 0, bytes, max));
  const whole = bytes & ~15;
  shiftRow(x, y, whole, spread0(max), spread0(log));
  shiftRow(x + bytes, y + bytes, whole, spread1(max), spread1(log));
  shiftRow(x + (bytes << 1), y + (bytes << 1), whole, spread2(max), spread2(log));
  shiftRow(x + bytes * 3, y + bytes * 3, whole, spread3(max), spread3(log));
  for (let i = whole; i < bytes; i += 4) {
    storeQuad(y + i, bytes, f32x4.sub(f32x4.sub(loadQuad(x + i, bytes), max), log));
  }
}

export function softmaxKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<SoftmaxCommand>(cmd);
  const bytes = <usize>c.cols << 2;
  if (bytes == 0) return;
  const last = firstBlockOf(c.rows, QUAD, thread + 1, threads);
  const lastQuad = min(last, quadRows(c.rows, c.cols));
  const log = c.log;
  const x = <usize>c.x << 2;
  const y = <usize>c.y << 2;
  let r = firstBlockOf(c.rows, QUAD, thread, threads);
  for (; r < lastQuad; r += QUAD) {
    const at = <usize>r * bytes;
    if (log) logSoftmaxQuad(x + at, y + at, bytes);
    else softmaxQuad(x + at, y + at, bytes);
  }
  for (; r < last; r++) {
    const at = <usize>r * bytes;
    if (log) logSoftmaxRow(x + at, y + at, bytes);
    else softmaxRow(x + at, y + at, bytes);
  }
}
