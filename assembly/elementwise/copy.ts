/**
 * y = x through strides, and y = a constant. A copy is rows of the innermost group of dimensions, or, where x and y run along
 * different dimensions, a transposition in tiles. Contract: strides of any sign (x's may be 0), no partial overlap, addresses
 * at any multiple of 4 bytes. Elements of any type: their bits are copied.
 */
import { CopyCommand, FillCommand } from '../generated/commands';
import { groupEnd, groupSize, groupStride, lastDim, offsetOf } from './nest';
import { partStart } from './partition';
import { gather, loadTail, storeTail } from './tail';
import { STRIPE, transposeStripe } from './transpose';

/** From this many elements on, memory.copy is faster than a loop. */
const MEMORY_COPY_FROM: u32 = 256;

/** One row of n elements. */
function row(x: usize, y: usize, n: u32, xStride: i32, yStride: i32): void {
  if (xStride == 1 && yStride == 1 && n >= MEMORY_COPY_FROM) {
    memory.copy(y, x, <usize>n << 2);
    return;
  }
  const xStep = <isize>xStride << 2;
  const yStep = <isize>yStride << 2;
  if (yStride == 1) {
    for (; n >= 4; n -= 4) {
      v128.store(y, gather(x, xStride));
      x += 4 * xStep;
      y += 16;
    }
    if (n > 0 && xStride == 1) {
      storeTail(y, loadTail(x, n), n);
      return;
    }
  }
  for (; n > 0; n--) {
    store<u32>(y, load<u32>(x));
    x += xStep;
    y += yStep;
  }
}

export function copyKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CopyCommand>(cmd);
  const shape = cmd + offsetof<CopyCommand>('shape0');
  const xStrides = cmd + offsetof<CopyCommand>('xStrides0');
  const yStrides = cmd + offsetof<CopyCommand>('yStrides0');
  const total = groupSize(shape, -1, <i32>c.ndim - 1);
  if (total == 0) return;
  const last = lastDim(shape, <i32>c.ndim - 1);
  const middle = groupEnd(shape, xStrides, yStrides, yStrides, last);
  const outer = groupEnd(shape, xStrides, yStrides, yStrides, middle);
  const n = groupSize(shape, middle, last);
  const rows = groupSize(shape, outer, middle);
  const planes = total / (n * rows);
  const xStride = groupStride(xStrides, last, 1);
  const yStride = groupStride(yStrides, last, 1);
  const xRow = groupStride(xStrides, middle, 0);
  const yRow = groupStride(yStrides, middle, 0);

  const across = yStride == 1 && xRow == 1 && xStride != 1;
  const crosswise = xStride == 1 && yRow == 1 && yStride != 1;
  if (across || crosswise) {
    const length = across ? rows : n;
    const stripes = (length + STRIPE - 1) / STRIPE;
    const count = planes * stripes;
    const first = <u32>((<u64>count * thread) / threads);
    const end = <u32>((<u64>count * (thread + 1)) / threads);
    for (let s = first; s < end; s++) {
      const plane = s / stripes;
      const from = (s - plane * stripes) * STRIPE;
      const to = min(from + STRIPE, length);
      const x = (<usize>c.x + offsetOf(shape, xStrides, outer, plane)) << 2;
      const y = (<usize>c.y + offsetOf(shape, yStrides, outer, plane)) << 2;
      if (across) transposeStripe(x, y, from, to, n, xStride, yRow);
      else transposeStripe(x, y, from, to, rows, xRow, yStride);
    }
    return;
  }

  const begin = partStart(total, thread, threads);
  let left = partStart(total, thread + 1, threads) - begin;
  let r = begin / n;
  let column = begin - r * n;
  let plane = r / rows;
  r -= plane * rows;
  for (; left > 0; plane++) {
    const x = (<usize>c.x + offsetOf(shape, xStrides, outer, plane)) << 2;
    const y = (<usize>c.y + offsetOf(shape, yStrides, outer, plane)) << 2;
    for (; r < rows && left > 0; r++) {
      const count = min(n - column, left);
      const px = x + (<usize>(<i32>r * xRow + <i32>column * xStride) << 2);
      const py = y + (<usize>(<i32>r * yRow + <i32>column * yStride) << 2);
      row(px, py, count, xStride, yStride);
      left -= count;
      column = 0;
    }
    r = 0;
  }
}

/** The value's bits are stored as they are: `integer` matters to executors that do not store bits. */
export function fillKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<FillCommand>(cmd);
  const begin = partStart(c.n, thread, threads);
  let left = partStart(c.n, thread + 1, threads) - begin;
  const v = i32x4.splat(c.value);
  let y = (<usize>c.y + begin) << 2;
  for (; left >= 8; left -= 8) {
    v128.store(y, v);
    v128.store(y, v, 16);
    y += 32;
  }
  if (left >= 4) {
    v128.store(y, v);
    y += 16;
    left -= 4;
  }
  if (left > 0) storeTail(y, v, left);
}
