/**
 * y = (x − mean)·rstd·weight + bias, as the command table defines it. Three ways through x: planes with one factor each,
 * columns (BatchNorm without spatial dimensions), and rows with a weight for each element. y may be x; no alignment is needed.
 */
import { NormalizeCommand } from '../generated/commands';
import { loadLanes, storeLanes } from '../reduce/lanes';
import { firstElementOf, firstOf } from '../reduce/share';
import { madd } from '../simd/madd';

// @ts-ignore: decorator
@inline
export function at(base: u32, index: u32): usize {
  return (<usize>base + <usize>index) << 2;
}

// @ts-ignore: decorator
@inline
function step<W>(x: usize, y: usize, mean: v128, scale: v128, shift: v128): void {
  storeLanes<W>(y, madd(f32x4.sub(loadLanes<W>(x), mean), scale, shift));
}

/** Planes of `spatial` elements, number `first` to `last` − 1. */
function planes(c: NormalizeCommand, first: u32, last: u32): void {
  const bytes = <usize>c.spatial << 2;
  const channels = c.channels;
  const shared = c.groupChannels;
  for (let p = first; p < last; p++) {
    const channel = p % channels;
    const s = shared == 0 ? channel : p / shared;
    const mean = v128.load32_splat(at(c.mean, s));
    let factor = load<f32>(at(c.rstd, s));
    if (c.weight) factor *= load<f32>(at(c.weight, channel));
    const scale = f32x4.splat(factor);
    const shift = f32x4.splat(c.bias ? load<f32>(at(c.bias, channel)) : 0);
    const x = (<usize>c.x << 2) + bytes * p;
    const y = (<usize>c.y << 2) + bytes * p;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) step<v128>(x + i, y + i, mean, scale, shift);
    for (; i < bytes; i += 4) step<f32>(x + i, y + i, mean, scale, shift);
  }
}

/** Four columns (or one) from channel `channel` on. */
// @ts-ignore: decorator
@inline
function columns<W>(c: NormalizeCommand, channel: u32): void {
  const mean = loadLanes<W>(at(c.mean, channel));
  let scale = loadLanes<W>(at(c.rstd, channel));
  if (c.weight) scale = f32x4.mul(scale, loadLanes<W>(at(c.weight, channel)));
  const shift = c.bias ? loadLanes<W>(at(c.bias, channel)) : f32x4.splat(0);
  const bytes = <usize>c.channels << 2;
  let x = at(c.x, channel);
  let y = at(c.y, channel);
  for (let o = c.outer; o != 0; o--) {
    step<W>(x, y, mean, scale, shift);
    x += bytes;
    y += bytes;
  }
}

// @ts-ignore: decorator
@inline
function rowStep<W>(x: usize, y: usize, w: usize, b: usize, mean: v128, rstd: v128): void {
  const scale = w ? f32x4.mul(rstd, loadLanes<W>(w)) : rstd;
  step<W>(x, y, mean, scale, b ? loadLanes<W>(b) : f32x4.splat(0));
}

/** Rows of one mean each, with a weight for each element: number `first` to `last` − 1. */
function rows(c: NormalizeCommand, first: u32, last: u32): void {
  const length = c.groupChannels;
  const groups = c.channels / length;
  const bytes = <usize>length << 2;
  for (let r = first; r < last; r++) {
    const channel = (r % groups) * length;
    const w = c.weight ? at(c.weight, channel) : 0;
    const b = c.bias ? at(c.bias, channel) : 0;
    const mean = v128.load32_splat(at(c.mean, r));
    const rstd = v128.load32_splat(at(c.rstd, r));
    const x = (<usize>c.x << 2) + bytes * r;
    const y = (<usize>c.y << 2) + bytes * r;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) rowStep<v128>(x + i, y + i, w ? w + i : 0, b ? b + i : 0, mean, rstd);
    for (; i < bytes; i += 4) rowStep<f32>(x + i, y + i, w ? w + i : 0, b ? b + i : 0, mean, rstd);
  }
}

export function normalizeKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<NormalizeCommand>(cmd);
  if (c.spatial != 1) {
    const all = c.outer * c.channels;
    planes(c, firstOf(all, thread, threads), firstOf(all, thread + 1, threads));
  } else if (c.groupChannels == 0) {
    const last = firstElementOf(c.channels, thread + 1, threads);
    let channel = firstElementOf(c.channels, thread, threads);
    for (; channel + 4 <= last; channel += 4) columns<v128>(c, channel);
    for (; channel < last; channel++) columns<f32>(c, channel);
  } else {
    const all = c.outer * (c.channels / c.groupChannels);
    rows(c, firstOf(all, thread, threads), firstOf(all, thread + 1, threads));
  }
}
