/**
 * Max pooling, plane by plane. Where windows are inside the plane, four outputs of a row are computed at a time; the others
 * one by one. Each thread takes planes of its own. x, y and indices are distinct memory; no alignment is needed.
 */
import { MaxPoolCommand, MaxPoolGradCommand } from '../generated/commands';
import { firstOf } from '../reduce/share';
import { endWhole, firstInside, firstWhole, tap4, windowEnd, windowStart } from './windows';

const LANES: u32 = 4;

/** Lane by lane the larger one, NaN if either is. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 {
  return v128.or(f32x4.pmax(a, b), f32x4.pmax(b, a));
}

/** Whether b takes the place of a. */
// @ts-ignore: decorator
@inline
function wins(b: v128, a: v128): v128 {
  return v128.or(f32x4.gt(b, a), f32x4.ne(b, b));
}

/** The flat index of the largest element in rows top, top + down … below `bottom`, columns left, left + along … before `right`. */
function largestIn(x: usize, width: u32, top: i32, bottom: i32, down: i32, left: i32, right: i32, along: i32): u32 {
  let best = -f32(Infinity);
  let at = <u32>top * width + <u32>left;
  for (let h = top; h < bottom; h += down) {
    for (let w = left; w < right; w += along) {
      const i = <u32>h * width + <u32>w;
      const v = load<f32>(x + (<usize>i << 2));
      if (v > best || v != v) {
        best = v;
        at = i;
      }
    }
  }
  return at;
}

/** The largest elements of four windows in a row, the first of them at p, `rows` rows `down` bytes apart. */
// @ts-ignore: decorator
@inline
function largest4(p: usize, rows: u32, down: usize, columns: u32, along: usize, stride: u32): v128 {
  let best = f32x4.splat(-f32(Infinity));
  for (let h = rows; h != 0; h--) {
    let q = p;
    for (let w = columns; w != 0; w--) {
      best = larger(best, tap4(q, stride));
      q += along;
    }
    p += down;
  }
  return best;
}

/** The largest of three adjacent elements in four windows, one or two elements apart. */
// @ts-ignore: decorator
@inline
function triple4(p: usize, stride: u32): v128 {
  if (stride == 1) return larger(larger(v128.load(p), v128.load(p, 4)), v128.load(p, 8));
  const low = v128.load(p);
  const high = v128.load(p, 16);
  const even = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
  const odd = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
  return larger(larger(even, odd), v128.shuffle<f32>(even, v128.load(p, 20), 1, 2, 3, 7));
}

/** Outputs [first, last) of a row of windows three adjacent elements wide, one or two elements apart. At least four. */
// @ts-ignore: decorator
@inline
function tripleRow(start: usize, rows: u32, down: usize, stride: u32, first: u32, last: u32, y: usize): void {
  for (let o = first; o < last; o += LANES) {
    if (o + LANES > last) o = last - LANES;
    let p = start + (<usize>(o * stride) << 2);
    let best = triple4(p, stride);
    for (let h = rows - 1; h != 0; h--) {
      p += down;
      best = larger(best, triple4(p, stride));
    }
    v128.store(y + (<usize>o << 2), best);
  }
}

/** The same with the indices, which count from the plane's start at x; stores both. */
// @ts-ignore: decorator
@inline
function largestAt4(x: usize, p: usize, c: MaxPoolCommand, rows: u32, y: usize, indices: usize): void {
  const along = <usize>c.dilationWidth << 2;
  const down = (<usize>c.dilationHeight * c.width) << 2;
  const stride = c.strideWidth;
  const step = i32x4.splat(<i32>c.dilationWidth);
  const first = <i32>((p - x) >> 2);
  let row = i32x4.add(i32x4.splat(first), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(<i32>stride)));
  let best = f32x4.splat(-f32(Infinity));
  let at = row;
  for (let h = rows; h != 0; h--) {
    let q = p;
    let here = row;
    for (let w = c.kernelWidth; w != 0; w--) {
      const v = tap4(q, stride);
      const better = wins(v, best);
      best = v128.bitselect(v, best, better);
      at = v128.bitselect(here, at, better);
      here = i32x4.add(here, step);
      q += along;
    }
    p += down;
    row = i32x4.add(row, i32x4.splat(<i32>(down >> 2)));
  }
  v128.store(y, best);
  v128.store(indices, at);
}

/** The last two columns of four adjacent windows of 2×2 at p; `narrow`: of three windows, and nothing beyond them is read. */
// @ts-ignore: decorator
@inline
function farHalf(p: usize, narrow: bool): v128 {
  return narrow ? v128.load64_zero(p, 16) : v128.load(p, 16);
}

/** Four adjacent windows of 2×2, whose upper rows start at p. */
// @ts-ignore: decorator
@inline
function quarter4(p: usize, down: usize, narrow: bool): v128 {
  const low = larger(v128.load(p), v128.load(p + down));
  const high = larger(farHalf(p, narrow), farHalf(p + down, narrow));
  return larger(v128.shuffle<f32>(low, high, 0, 2, 4, 6), v128.shuffle<f32>(low, high, 1, 3, 5, 7));
}

/** Four lanes, or the first three. */
// @ts-ignore: decorator
@inline
function storeLanes(to: usize, lanes: v128, narrow: bool): void {
  if (!narrow) return v128.store(to, lanes);
  v128.store64_lane(to, lanes, 0);
  v128.store32_lane(to + 8, lanes, 2);
}

/** The same as quarter4 with the indices, which count from the plane's start at x; stores both. */
// @ts-ignore: decorator
@inline
function quarterAt4(x: usize, p: usize, down: usize, narrow: bool, y: usize, indices: usize): void {
  const up0 = v128.load(p);
  const up1 = farHalf(p, narrow);
  const low0 = v128.load(p + down);
  const low1 = farHalf(p + down, narrow);
  const a = v128.shuffle<f32>(up0, up1, 0, 2, 4, 6);
  const b = v128.shuffle<f32>(up0, up1, 1, 3, 5, 7);
  const c = v128.shuffle<f32>(low0, low1, 0, 2, 4, 6);
  const d = v128.shuffle<f32>(low0, low1, 1, 3, 5, 7);
  const first = i32x4.add(i32x4.splat(<i32>((p - x) >> 2)), i32x4(0, 2, 4, 6));
  const right = wins(b, a);
  const upper = v128.bitselect(b, a, right);
  const upperAt = i32x4.sub(first, right);
  const lowerRight = wins(d, c);
  const lower = v128.bitselect(d, c, lowerRight);
  const lowerAt = i32x4.sub(i32x4.add(first, i32x4.splat(<i32>(down >> 2))), lowerRight);
  const below = wins(lower, upper);
  storeLanes(y, v128.bitselect(lower, upper, below), narrow);
  storeLanes(indices, v128.bitselect(lowerAt, upperAt, below), narrow);
}

/** A plane of adjacent 2×2 windows, at least four a row; the last four outputs of a row overlap those before them. */
function quarterPlane(x: usize, y: usize, rows: u32, columns: u32, down: usize): void {
  const last = (<usize>(columns - LANES)) << 2;
  for (let r = rows; r != 0; r--) {
    const end = y + last;
    let p = x;
    for (; y < end; y += 16) {
      v128.store(y, quarter4(p, down, false));
      p += 32;
    }
    v128.store(end, quarter4(x + (last << 1), down, false));
    y = end + 16;
    x += down << 1;
  }
}

/** The same with indices. */
function quarterPlaneAt(x: usize, y: usize, indices: usize, rows: u32, columns: u32, down: usize): void {
  const last = (<usize>(columns - LANES)) << 2;
  let row = x;
  for (let r = rows; r != 0; r--) {
    let at: usize = 0;
    for (; at < last; at += 16) quarterAt4(x, row + (at << 1), down, false, y + at, indices + at);
    quarterAt4(x, row + (last << 1), down, false, y + last, indices + last);
    y += last + 16;
    indices += last + 16;
    row += down << 1;
  }
}

/** The same for rows of three outputs. Where `indices` is 0, only the values. */
function quarterPlaneOf3(x: usize, y: usize, indices: usize, rows: u32, down: usize): void {
  let row = x;
  for (let r = rows; r != 0; r--) {
    if (indices) quarterAt4(x, row, down, true, y, indices);
    else storeLanes(y, quarter4(row, down, true), true);
    y += 12;
    if (indices) indices += 12;
    row += down << 1;
  }
}

/** Outputs [first, last) of row `o`, whose windows are inside in width and cover the rows `top` to `bottom`. At least four. */
function wholeRow(
  c: MaxPoolCommand,
  x: usize,
  top: i32,
  rows: u32,
  first: u32,
  last: u32,
  y: usize,
  indices: usize,
): void {
  const stride = c.strideWidth;
  const down = (<usize>c.dilationHeight * c.width) << 2;
  const along = <usize>c.dilationWidth << 2;
  const start = x + ((<usize>top * c.width - c.padWidth) << 2);
  if (!indices && c.kernelWidth == 3 && along == 4 && stride <= 2) {
    if (stride == 1) tripleRow(start, rows, down, 1, first, last, y);
    else tripleRow(start, rows, down, 2, first, last, y);
    return;
  }
  for (let o = first; o < last; o += LANES) {
    // The last four overlap those before them.
    if (o + LANES > last) o = last - LANES;
    const p = start + (<usize>(o * stride) << 2);
    const at = <usize>o << 2;
    if (indices) largestAt4(x, p, c, rows, y + at, indices + at);
    else v128.store(y + at, largest4(p, rows, down, c.kernelWidth, along, stride));
  }
}

/** Outputs [first, last) of a row, one by one. */
function singles(
  c: MaxPoolCommand,
  x: usize,
  top: i32,
  bottom: i32,
  first: u32,
  last: u32,
  y: usize,
  indices: usize,
): void {
  const kernel = c.kernelWidth;
  const isAdaptive = c.kernelHeight == 0;
  const along = isAdaptive ? 1 : <i32>c.dilationWidth;
  const down = isAdaptive ? 1 : <i32>c.dilationHeight;
  const width = c.width;
  for (let o = first; o < last; o++) {
    const start = windowStart(o, width, c.outWidth, isAdaptive ? 0 : kernel, c.strideWidth, c.padWidth);
    const end = isAdaptive
      ? windowEnd(o, start, width, c.outWidth, 0, 0)
      : min(start + <i32>(kernel - 1) * along + 1, <i32>width);
    const at = largestIn(x, width, top, bottom, down, firstInside(start, along), end, along);
    store<f32>(y + (<usize>o << 2), load<f32>(x + (<usize>at << 2)));
    if (indices) store<u32>(indices + (<usize>o << 2), at);
  }
}

/** Whether windows are 2×2, adjacent and all inside, and there are three or more in a row. */
function isQuarter(c: MaxPoolCommand): bool {
  const isSquare = c.kernelHeight == 2 && c.kernelWidth == 2 && c.dilationHeight == 1 && c.dilationWidth == 1;
  const isDense = c.strideHeight == 2 && c.strideWidth == 2 && c.padHeight == 0 && c.padWidth == 0;
  return isSquare && isDense && c.outHeight << 1 <= c.height && c.outWidth << 1 <= c.width && c.outWidth >= LANES - 1;
}

function maxPlane(c: MaxPoolCommand, x: usize, y: usize, indices: usize): void {
  const kernel = c.kernelHeight;
  const height = c.height;
  const outWidth = c.outWidth;
  if (isQuarter(c)) {
    const below = <usize>c.width << 2;
    if (outWidth < LANES) quarterPlaneOf3(x, y, indices, c.outHeight, below);
    else if (indices) quarterPlaneAt(x, y, indices, c.outHeight, outWidth, below);
    else quarterPlane(x, y, c.outHeight, outWidth, below);
    return;
  }
  const down = kernel == 0 ? 1 : <i32>c.dilationHeight;
  let first: u32 = 0;
  let last: u32 = 0;
  if (kernel != 0) {
    first = firstWhole(outWidth, c.strideWidth, c.padWidth);
    last = endWhole(c.width, outWidth, c.strideWidth, c.padWidth, (c.kernelWidth - 1) * c.dilationWidth);
  }
  if (last < first + LANES) first = last = 0;
  const bytes = <usize>outWidth << 2;
  for (let o: u32 = 0; o < c.outHeight; o++) {
    const start = windowStart(o, height, c.outHeight, kernel, c.strideHeight, c.padHeight);
    const bottom = kernel == 0
      ? windowEnd(o, start, height, c.outHeight, 0, 0)
      : min(start + <i32>(kernel - 1) * down + 1, <i32>height);
    const top = firstInside(start, down);
    if (first != 0) singles(c, x, top, bottom, 0, first, y, indices);
    if (last != 0) wholeRow(c, x, top, <u32>((bottom - top + down - 1) / down), first, last, y, indices);
    if (last != outWidth) singles(c, x, top, bottom, last, outWidth, y, indices);
    y += bytes;
    if (indices) indices += bytes;
  }
}

export function maxPoolKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<MaxPoolCommand>(cmd);
  const inBytes = (<usize>c.height * c.width) << 2;
  const outBytes = (<usize>c.outHeight * c.outWidth) << 2;
  const last = firstOf(c.planes, thread + 1, threads);
  const indices = <usize>c.indices << 2;
  for (let p = firstOf(c.planes, thread, threads); p < last; p++) {
    const at = <usize>p * outBytes;
    maxPlane(c, (<usize>c.x << 2) + <usize>p * inBytes, (<usize>c.y << 2) + at, indices ? indices + at : 0);
  }
}

export function maxPoolGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<MaxPoolGradCommand>(cmd);
  const inBytes = <usize>c.inSize << 2;
  const outBytes = <usize>c.outSize << 2;
  const last = firstOf(c.planes, thread + 1, threads);
  for (let p = firstOf(c.planes, thread, threads); p < last; p++) {
    const gx = (<usize>c.gx << 2) + <usize>p * inBytes;
    const g = (<usize>c.g << 2) + <usize>p * outBytes;
    const indices = (<usize>c.indices << 2) + <usize>p * outBytes;
    memory.fill(gx, 0, inBytes);
    for (let i: usize = 0; i < outBytes; i += 4) {
      const to = gx + (<usize>load<u32>(indices + i) << 2);
      store<f32>(to, load<f32>(to) + load<f32>(g + i));
    }
  }
}
