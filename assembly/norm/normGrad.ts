/**
 * The gradients of normalize as the command table defines them: sums for each channel for weight and bias, and the gradient for
 * x. Sums go on in double precision after some thousand terms. gx may be g or x; no alignment is needed.
 */
import { NormGradCommand, NormSumsCommand } from '../generated/commands';
import { loadLanes, storeLanes } from '../reduce/lanes';
import { firstElementOf, firstOf } from '../reduce/share';
import { madd } from '../simd/madd';
import { at } from './normalize';
import { COLUMN_ROWS, demote, high, low, Product, runSums, Weighted } from './sums';

/** The sums of a channel whose elements form runs. */
function channelSums(c: NormSumsCommand, channel: u32): void {
  const bytes = <usize>c.spatial << 2;
  const channels = c.channels;
  const shared = c.groupChannels;
  const step = bytes * channels;
  const x = (<usize>c.x << 2) + bytes * channel;
  const g = (<usize>c.g << 2) + bytes * channel;
  let sums = f64x2.splat(0);
  if (shared == 0) {
    sums = runSums<Product>(x, g, 0, load<f32>(at(c.mean, channel)), bytes, step, c.outer);
    sums = f64x2.mul(sums, f64x2.replace_lane(f64x2.splat(1), 1, load<f32>(at(c.rstd, channel))));
  } else {
    for (let o: u32 = 0; o < c.outer; o++) {
      const s = (o * channels + channel) / shared;
      const run = runSums<Product>(x + step * o, g + step * o, 0, load<f32>(at(c.mean, s)), bytes, 0, 1);
      const scale = f64x2.replace_lane(f64x2.splat(1), 1, load<f32>(at(c.rstd, s)));
      sums = f64x2.add(sums, f64x2.mul(run, scale));
    }
  }
  store<f32>(at(c.sums, channel), <f32>f64x2.extract_lane(sums, 0));
  store<f32>(at(c.products, channel), <f32>f64x2.extract_lane(sums, 1));
}

/** The sums of four columns (or one) from `channel` on. */
// @ts-ignore: decorator
@inline
function columnSums<W>(c: NormSumsCommand, channel: u32): void {
  const bytes = <usize>c.channels << 2;
  const shared = c.groupChannels;
  const rows = c.outer;
  const zero = f64x2.splat(0);
  let sums0 = zero;
  let sums1 = zero;
  let products0 = zero;
  let products1 = zero;
  let x = at(c.x, channel);
  let g = at(c.g, channel);
  let mean = shared == 0 ? loadLanes<W>(at(c.mean, channel)) : zero;
  let rstd = shared == 0 ? loadLanes<W>(at(c.rstd, channel)) : zero;
  let r: u32 = 0;
  while (r < rows) {
    const end = min(rows, r + COLUMN_ROWS);
    let sum = zero;
    let product = zero;
    for (; r < end; r++) {
      if (shared != 0) {
        const s = r * (c.channels / shared) + channel / shared;
        mean = v128.load32_splat(at(c.mean, s));
        rstd = v128.load32_splat(at(c.rstd, s));
      }
      const v = loadLanes<W>(g);
      sum = f32x4.add(sum, v);
      product = madd(f32x4.mul(v, rstd), f32x4.sub(loadLanes<W>(x), mean), product);
      x += bytes;
      g += bytes;
    }
    sums0 = f64x2.add(sums0, low(sum));
    sums1 = f64x2.add(sums1, high(sum));
    products0 = f64x2.add(products0, low(product));
    products1 = f64x2.add(products1, high(product));
  }
  storeLanes<W>(at(c.sums, channel), demote(sums0, sums1));
  storeLanes<W>(at(c.products, channel), demote(products0, products1));
}

export function normSumsKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<NormSumsCommand>(cmd);
  const channels = c.channels;
  if (c.spatial != 1) {
    const last = firstOf(channels, thread + 1, threads);
    for (let channel = firstOf(channels, thread, threads); channel < last; channel++) channelSums(c, channel);
    return;
  }
  // Four columns share a mean only where groups are whole vectors.
  const isWide = c.groupChannels % 4 == 0 || c.groupChannels == channels;
  const last = firstElementOf(channels, thread + 1, threads);
  let channel = firstElementOf(channels, thread, threads);
  if (isWide) for (; channel + 4 <= last; channel += 4) columnSums<v128>(c, channel);
  for (; channel < last; channel++) columnSums<f32>(c, channel);
}

/** gx = g·scale + (x − mean)·slope + shift. */
// @ts-ignore: decorator
@inline
function step<W>(x: usize, g: usize, gx: usize, mean: v128, scale: v128, slope: v128, shift: v128): void {
  const rest = madd(f32x4.sub(loadLanes<W>(x), mean), slope, shift);
  storeLanes<W>(gx, madd(loadLanes<W>(g), scale, rest));
}

function run(
  x: usize,
  g: usize,
  gx: usize,
  bytes: usize,
  mean: f32,
  scale: f32,
  slope: f32,
  shift: f32,
): void {
  const m = f32x4.splat(mean);
  const a = f32x4.splat(scale);
  const b = f32x4.splat(slope);
  const d = f32x4.splat(shift);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) step<v128>(x + i, g + i, gx + i, m, a, b, d);
  for (; i < bytes; i += 4) step<f32>(x + i, g + i, gx + i, m, a, b, d);
}

/** BatchNorm: planes of `spatial` elements. */
function planes(c: NormGradCommand, first: u32, last: u32): void {
  const bytes = <usize>c.spatial << 2;
  const channels = c.channels;
  const n = <f32>c.outer * <f32>c.spatial;
  for (let p = first; p < last; p++) {
    const channel = p % channels;
    const rstd = load<f32>(at(c.rstd, channel));
    const scale = c.weight ? rstd * load<f32>(at(c.weight, channel)) : rstd;
    const slope = c.sums ? -scale * rstd * load<f32>(at(c.products, channel)) / n : 0;
    const shift = c.sums ? -scale * load<f32>(at(c.sums, channel)) / n : 0;
    const start = bytes * p;
    const mean = load<f32>(at(c.mean, channel));
    run((<usize>c.x << 2) + start, (<usize>c.g << 2) + start, (<usize>c.gx << 2) + start, bytes, mean, scale, slope, shift);
  }
}

/** BatchNorm without spatial dimensions: four columns (or one) from `channel` on. */
// @ts-ignore: decorator
@inline
function columns<W>(c: NormGradCommand, channel: u32): void {
  const n = f32x4.splat(<f32>c.outer);
  const mean = loadLanes<W>(at(c.mean, channel));
  const rstd = loadLanes<W>(at(c.rstd, channel));
  const scale = c.weight ? f32x4.mul(rstd, loadLanes<W>(at(c.weight, channel))) : rstd;
  let slope = f32x4.splat(0);
  let shift = slope;
  if (c.sums) {
    const share = f32x4.neg(f32x4.div(scale, n));
    slope = f32x4.mul(f32x4.mul(share, rstd), loadLanes<W>(at(c.products, channel)));
    shift = f32x4.mul(share, loadLanes<W>(at(c.sums, channel)));
  }
  const bytes = <usize>c.channels << 2;
  let i: usize = <usize>channel << 2;
  for (let o = c.outer; o != 0; o--) {
    step<W>((<usize>c.x << 2) + i, (<usize>c.g << 2) + i, (<usize>c.gx << 2) + i, mean, scale, slope, shift);
    i += bytes;
  }
}

// @ts-ignore: decorator
@inline
function rowStep<W>(c: NormGradCommand, i: usize, w: usize, mean: v128, rstd: v128, slope: v128, shift: v128): void {
  const scale = w ? f32x4.mul(rstd, loadLanes<W>(w)) : rstd;
  step<W>((<usize>c.x << 2) + i, (<usize>c.g << 2) + i, (<usize>c.gx << 2) + i, mean, scale, slope, shift);
}

/** Row number r, whose elements share a mean. */
function row(c: NormGradCommand, r: u32): void {
  const length = c.groupChannels;
  const channel = (r % (c.channels / length)) * length;
  const spatial = <usize>c.spatial << 2;
  const bytes = spatial * length;
  const start = bytes * r;
  const x = (<usize>c.x << 2) + start;
  const g = (<usize>c.g << 2) + start;
  const mean = load<f32>(at(c.mean, r));
  const rstd = load<f32>(at(c.rstd, r));
  const w = c.weight ? at(c.weight, channel) : 0;
  const n = <f64>length * <f64>c.spatial;
  let sums = f64x2.splat(0);
  if (spatial == 4) {
    sums = w ? runSums<Weighted>(x, g, w, mean, bytes, 0, 1) : runSums<Product>(x, g, 0, mean, bytes, 0, 1);
  } else {
    for (let k: u32 = 0; k < length; k++) {
      const part = runSums<Product>(x + spatial * k, g + spatial * k, 0, mean, spatial, 0, 1);
      sums = f64x2.add(sums, f64x2.mul(part, f64x2.splat(w ? load<f32>(w + (<usize>k << 2)) : 1)));
    }
  }
  const shift = <f32>(-<f64>rstd * f64x2.extract_lane(sums, 0) / n);
  const slope = <f32>(-<f64>rstd * <f64>rstd * <f64>rstd * f64x2.extract_lane(sums, 1) / n);
  if (spatial == 4) {
    const m = f32x4.splat(mean);
    const a = f32x4.splat(rstd);
    const b = f32x4.splat(slope);
    const d = f32x4.splat(shift);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) rowStep<v128>(c, start + i, w ? w + i : 0, m, a, b, d);
    for (; i < bytes; i += 4) rowStep<f32>(c, start + i, w ? w + i : 0, m, a, b, d);
    return;
  }
  const gx = (<usize>c.gx << 2) + start;
  for (let k: u32 = 0; k < length; k++) {
    const scale = w ? rstd * load<f32>(w + (<usize>k << 2)) : rstd;
    const from = spatial * k;
    run(x + from, g + from, gx + from, spatial, mean, scale, slope, shift);
  }
}

export function normGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<NormGradCommand>(cmd);
  if (c.groupChannels != 0) {
    const all = c.outer * (c.channels / c.groupChannels);
    const last = firstOf(all, thread + 1, threads);
    for (let r = firstOf(all, thread, threads); r < last; r++) row(c, r);
  } else if (c.spatial != 1) {
    const all = c.outer * c.channels;
    planes(c, firstOf(all, thread, threads), firstOf(all, thread + 1, threads));
  } else {
    const last = firstElementOf(c.channels, thread + 1, threads);
    let channel = firstElementOf(c.channels, thread, threads);
    for (; channel + 4 <= last; channel += 4) columns<v128>(c, channel);
    for (; channel < last; channel++) columns<f32>(c, channel);
  }
}
