/**
 * The gradients of softmax, gx = y·(g − Σ g·y), and of log-softmax, gx = g − exp(y)·Σ g, from their outputs y, row by row.
 * gx may be y or g; no alignment is needed.
 */
import { SoftmaxGradCommand } from '../generated/commands';
import { madd } from '../simd/madd';
import { exp4 } from '../simd/math';
import { foldAdd, loadLanes, loadTail, storeLanes, storeTail } from './lanes';
import { firstOf } from './share';

class Product {}
class Plain {}

/** Bytes of a row that one set of accumulators takes. */
const CHUNK: usize = 16384;

/** Σ g, or Σ g·y, in every lane. */
// @ts-ignore: decorator
@inline
function rowSum<Terms>(y: usize, g: usize, bytes: usize): v128 {
  let i: usize = 0;
  const zero = f32x4.splat(0);
  let total = zero;
  while (i + 32 <= bytes) {
    const end = min(bytes, i + CHUNK);
    let a = zero;
    let b = zero;
    for (; i + 32 <= end; i += 32) {
      a = plus<Terms>(a, v128.load(g + i), y + i);
      b = plus<Terms>(b, v128.load(g + i, 16), y + i + 16);
    }
    total = f32x4.add(total, f32x4.add(a, b));
  }
  for (; i + 16 <= bytes; i += 16) total = plus<Terms>(total, v128.load(g + i), y + i);
  if (i < bytes) {
    const tail = loadTail(g + i, bytes - i, zero);
    if (idof<Terms>() == idof<Product>()) total = madd(tail, loadTail(y + i, bytes - i, zero), total);
    else total = f32x4.add(total, tail);
  }
  return foldAdd(total);
}

// @ts-ignore: decorator
@inline
function plus<Terms>(sum: v128, g: v128, y: usize): v128 {
  if (idof<Terms>() == idof<Product>()) return madd(g, v128.load(y), sum);
  return f32x4.add(sum, g);
}

// @ts-ignore: decorator
@inline
function softmaxGradStep<W>(y: usize, g: usize, gx: usize, sum: v128): void {
  storeLanes<W>(gx, f32x4.mul(loadLanes<W>(y), f32x4.sub(loadLanes<W>(g), sum)));
}

// @ts-ignore: decorator
@inline
function logSoftmaxGrad4(y: v128, g: v128, sum: v128): v128 {
  return f32x4.sub(g, f32x4.mul(exp4(y), sum));
}

function softmaxGradRow(y: usize, g: usize, gx: usize, bytes: usize): void {
  const sum = rowSum<Product>(y, g, bytes);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) softmaxGradStep<v128>(y + i, g + i, gx + i, sum);
  for (; i < bytes; i += 4) softmaxGradStep<f32>(y + i, g + i, gx + i, sum);
}

function logSoftmaxGradRow(y: usize, g: usize, gx: usize, bytes: usize): void {
  const sum = rowSum<Plain>(y, g, bytes);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(gx + i, logSoftmaxGrad4(v128.load(y + i), v128.load(g + i), sum));
  if (i == bytes) return;
  const left = bytes - i;
  storeTail(gx + i, left, logSoftmaxGrad4(loadTail(y + i, left, sum), loadTail(g + i, left, sum), sum));
}

export function softmaxGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<SoftmaxGradCommand>(cmd);
  const bytes = <usize>c.cols << 2;
  const first = firstOf(c.rows, thread, threads);
  const last = firstOf(c.rows, thread + 1, threads);
  const log = c.log;
  for (let r = first; r < last; r++) {
    const at = <usize>r * bytes;
    const y = (<usize>c.y << 2) + at;
    const g = (<usize>c.g << 2) + at;
    const gx = (<usize>c.gx << 2) + at;
    if (log) logSoftmaxGradRow(y, g, gx, bytes);
    else softmaxGradRow(y, g, gx, bytes);
  }
}
