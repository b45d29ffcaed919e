/**
 * Average pooling and its gradient, plane by plane. Where windows are inside the plane in width, four outputs of a row are
 * computed at a time; the others one by one. Each thread takes planes of its own. x and y are distinct memory.
 */
import { AvgPoolCommand, AvgPoolGradCommand } from '../generated/commands';
import { firstOf } from '../reduce/share';
import { endWhole, firstWhole, tap4, windowEnd, windowStart } from './windows';

const LANES: u32 = 4;

/** Sum of the rows top to bottom, columns left to right. */
function sumOf(x: usize, width: u32, top: i32, bottom: i32, left: i32, right: i32): f32 {
  let sum: f32 = 0;
  for (let h = top; h < bottom; h++) {
    for (let w = left; w < right; w++) sum += load<f32>(x + (<usize>(<u32>h * width + <u32>w) << 2));
  }
  return sum;
}

/** Sums of four windows in a row, the first of them at p. */
// @ts-ignore: decorator
@inline
function sum4(p: usize, rows: i32, down: usize, columns: u32, stride: u32): v128 {
  let sum = f32x4.splat(0);
  for (let h = rows; h > 0; h--) {
    let q = p;
    for (let w = columns; w != 0; w--) {
      sum = f32x4.add(sum, tap4(q, stride));
      q += 4;
    }
    p += down;
  }
  return sum;
}

/** One row of outputs, whose windows cover the rows top to bottom; `tall` is how many rows count, padding included where it does. */
function avgRow(c: AvgPoolCommand, x: usize, y: usize, top: i32, bottom: i32, tall: i32): void {
  const width = c.width;
  const outWidth = c.outWidth;
  const kernel = c.kernelHeight == 0 ? 0 : c.kernelWidth;
  const stride = c.strideWidth;
  const pad = c.padWidth;
  let first: u32 = 0;
  let last: u32 = 0;
  if (kernel != 0) {
    first = firstWhole(outWidth, stride, pad);
    last = endWhole(width, outWidth, stride, pad, kernel - 1);
    if (last < first + LANES) first = last = 0;
  }
  for (let o: u32 = 0; o < outWidth; o++) {
    if (o == first) o = last;
    if (o >= outWidth) break;
    const start = windowStart(o, width, outWidth, kernel, stride, pad);
    const end = windowEnd(o, start, width, outWidth, kernel, pad);
    const left = max(start, 0);
    const right = min(end, <i32>width);
    const count = tall * (c.countPad ? end - start : right - left);
    store<f32>(y + (<usize>o << 2), sumOf(x, width, top, bottom, left, right) / <f32>count);
  }
  if (last == 0) return;
  const count = f32x4.splat(<f32>(tall * <i32>kernel));
  const bytes = <usize>width << 2;
  const p = x + <usize>top * bytes - (<usize>pad << 2);
  for (let o = first; o < last; o += LANES) {
    // The last four overlap those before them.
    if (o + LANES > last) o = last - LANES;
    const sum = sum4(p + (<usize>(o * stride) << 2), bottom - top, bytes, kernel, stride);
    v128.store(y + (<usize>o << 2), f32x4.div(sum, count));
  }
}

export function avgPoolKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<AvgPoolCommand>(cmd);
  const height = c.height;
  const outHeight = c.outHeight;
  const kernel = c.kernelHeight;
  const last = firstOf(c.planes, thread + 1, threads);
  for (let p = firstOf(c.planes, thread, threads); p < last; p++) {
    const x = (<usize>c.x << 2) + ((<usize>p * height * c.width) << 2);
    let y = (<usize>c.y << 2) + ((<usize>p * outHeight * c.outWidth) << 2);
    for (let o: u32 = 0; o < outHeight; o++) {
      const start = windowStart(o, height, outHeight, kernel, c.strideHeight, c.padHeight);
      const end = windowEnd(o, start, height, outHeight, kernel, c.padHeight);
      const top = max(start, 0);
      const bottom = min(end, <i32>height);
      avgRow(c, x, y, top, bottom, c.countPad ? end - start : bottom - top);
      y += <usize>c.outWidth << 2;
    }
  }
}

/** Adds v to the rows top to bottom, columns left to right. */
// @ts-ignore: decorator
@inline
function addTo(gx: usize, width: u32, top: i32, bottom: i32, left: i32, right: i32, v: f32): void {
  for (let h = top; h < bottom; h++) {
    for (let w = left; w < right; w++) {
      const at = gx + (<usize>(<u32>h * width + <u32>w) << 2);
      store<f32>(at, load<f32>(at) + v);
    }
  }
}

export function avgPoolGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<AvgPoolGradCommand>(cmd);
  const height = c.height;
  const width = c.width;
  const outHeight = c.outHeight;
  const outWidth = c.outWidth;
  const kernelHeight = c.kernelHeight;
  const kernelWidth = kernelHeight == 0 ? 0 : c.kernelWidth;
  const last = firstOf(c.planes, thread + 1, threads);
  for (let p = firstOf(c.planes, thread, threads); p < last; p++) {
    const bytes = (<usize>height * width) << 2;
    const gx = (<usize>c.gx << 2) + <usize>p * bytes;
    let g = (<usize>c.g << 2) + ((<usize>p * outHeight * outWidth) << 2);
    memory.fill(gx, 0, bytes);
    for (let o: u32 = 0; o < outHeight; o++) {
      const rowStart = windowStart(o, height, outHeight, kernelHeight, c.strideHeight, c.padHeight);
      const rowEnd = windowEnd(o, rowStart, height, outHeight, kernelHeight, c.padHeight);
      const top = max(rowStart, 0);
      const bottom = min(rowEnd, <i32>height);
      const tall = c.countPad ? rowEnd - rowStart : bottom - top;
      for (let i: u32 = 0; i < outWidth; i++) {
        const start = windowStart(i, width, outWidth, kernelWidth, c.strideWidth, c.padWidth);
        const end = windowEnd(i, start, width, outWidth, kernelWidth, c.padWidth);
        const left = max(start, 0);
        const right = min(end, <i32>width);
        const count = tall * (c.countPad ? end - start : right - left);
        addTo(gx, width, top, bottom, left, right, load<f32>(g) / <f32>count);
        g += 4;
      }
    }
  }
}
