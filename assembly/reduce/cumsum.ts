/**
 * cumsum: running sums along the middle dimension, forward or backward. float32 sums run in double precision, as
 * PyTorch's do on a CPU; int32 sums wrap. Each element is read before it is written, so y may be x. No alignment is needed.
 */
import { CumsumCommand } from '../generated/commands';
import { firstElementOf, firstOf } from './share';

// Columns of `size` elements; the step in bytes is negative for backward.

// @ts-ignore: decorator
@inline
function oneFloat(x: usize, y: usize, size: u32, step: isize): void {
  let sum: f64 = 0;
  for (let r: u32 = 0; r < size; r++) {
    sum += load<f32>(x);
    store<f32>(y, <f32>sum);
    x += step;
    y += step;
  }
}

// @ts-ignore: decorator
@inline
function oneInt(x: usize, y: usize, size: u32, step: isize): void {
  let sum: i32 = 0;
  for (let r: u32 = 0; r < size; r++) {
    sum += load<i32>(x);
    store<i32>(y, sum);
    x += step;
    y += step;
  }
}

// @ts-ignore: decorator
@inline
function fourFloats(x: usize, y: usize, size: u32, step: isize): void {
  let low = f64x2.splat(0);
  let high = low;
  for (let r: u32 = 0; r < size; r++) {
    const v = v128.load(x);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
    v128.store(y, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
    x += step;
    y += step;
  }
}

// @ts-ignore: decorator
@inline
function fourInts(x: usize, y: usize, size: u32, step: isize): void {
  let sum = i32x4.splat(0);
  for (let r: u32 = 0; r < size; r++) {
    sum = i32x4.add(sum, v128.load(x));
    v128.store(y, sum);
    x += step;
    y += step;
  }
}

/** All columns of one matrix; x and y are at the row to begin with. */
function columns(x: usize, y: usize, size: u32, step: isize, bytes: usize, integer: bool): void {
  let i: usize = 0;
  if (integer) {
    for (; i + 16 <= bytes; i += 16) fourInts(x + i, y + i, size, step);
    for (; i < bytes; i += 4) oneInt(x + i, y + i, size, step);
  } else {
    for (; i + 16 <= bytes; i += 16) fourFloats(x + i, y + i, size, step);
    for (; i < bytes; i += 4) oneFloat(x + i, y + i, size, step);
  }
}

export function cumsumKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CumsumCommand>(cmd);
  const size = c.size;
  if (size == 0) return;
  const stride = <usize>c.inner << 2;
  const matrix = <usize>size * stride;
  const start = c.reverse ? matrix - stride : <usize>0;
  const step = c.reverse ? -(<isize>stride) : <isize>stride;
  const byColumns = c.outer < threads;
  const from = byColumns ? firstElementOf(c.inner, thread, threads) : 0;
  const to = byColumns ? firstElementOf(c.inner, thread + 1, threads) : c.inner;
  const last = byColumns ? c.outer : firstOf(c.outer, thread + 1, threads);
  for (let o: u32 = byColumns ? 0 : firstOf(c.outer, thread, threads); o < last; o++) {
    const at = <usize>o * matrix + start + (<usize>from << 2);
    columns((<usize>c.x << 2) + at, (<usize>c.y << 2) + at, size, step, <usize>(to - from) << 2, c.integer != 0);
  }
}
