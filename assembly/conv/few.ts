/**
 * Convolution of few input channels, such as a network's first one: its products are so short that packing panels for GEMM
 * would cost more than computing them. A band of rows of all channels (band.ts) stays in the cache; eight positions of four
 * filters are summed in registers over all taps, whose places in the band are in a table. Each sum starts from the bias and
 * runs over channels, rows, columns.
 *
 * Threads share the rows of all images.
 */
import { Activation, ConvCommand } from '../generated/commands';
import { finishRow } from '../gemm/epilogue';
import { shareStart } from '../gemm/gemm';
import { PACKED_A_OFFSET } from '../scratch';
import { madd } from '../simd/madd';
import { fillBand, partLength, reachOf } from './band';
import { ConvJob } from './job';

const FILTERS: u32 = 4;
const POSITIONS: u32 = 8;
/** Above this many taps, counted over all channels, GEMM is faster. */
const MOST_TAPS: u32 = 64;
const MOST_CHANNELS: u32 = 4;
/** Elements of a band, unless one row of positions needs more: 64 KiB. */
const BAND: u32 = 16 * 1024;

/** Elements of one channel's band for `rows` rows of positions. */
function bandElements(job: ConvJob, rows: u32): u32 {
  return ((rows - 1) * job.mulRow + reachOf(job.tapRows, job.stepRow) + 1) * partLength(job, job.gridWidth) * job.mulCol;
}

/** Whether the convolution, whose geometry is in the job, is computed by this file. */
export function hasFewChannels(g: ConvCommand, job: ConvJob): bool {
  if (g.groups != 1 || g.inChannels > MOST_CHANNELS || job.k > MOST_TAPS || job.k == 0) return false;
  if (g.outChannels < FILTERS || g.outWidth < POSITIONS || g.outHeight == 0) return false;
  return <u64>bandElements(job, 1) * g.inChannels <= BAND * 4;
}

/** Writes where each tap is in the band, in bytes: one word a tap. Returns the table's address. */
function placeTaps(job: ConvJob, channels: u32, channel: u32): usize {
  const table = job.room + PACKED_A_OFFSET;
  const mul = <u32>job.mulCol;
  const part = partLength(job, job.gridWidth);
  let at = table;
  for (let c: u32 = 0; c < channels; c++) {
    for (let r: u32 = 0; r < job.tapRows; r++) {
      for (let t: u32 = 0; t < job.tapCols; t++) {
        const col = t * <u32>job.stepCol;
        store<u32>(at, (c * channel + r * <u32>job.stepRow * mul * part + (col % mul) * part + col / mul) << 2);
        at += 4;
      }
    }
  }
  return table;
}

// @ts-ignore: decorator
@inline
function relu(x: v128, on: bool): v128 {
  const zero = f32x4.splat(0);
  // pmax keeps a NaN in its first operand; adding 0 turns −0 into 0.
  return on ? f32x4.add(f32x4.pmax(x, zero), zero) : x;
}

/** Eight positions of four filters, `row` bytes apart. */
function tile(
  taps: usize,
  count: u32,
  src: usize,
  w: usize,
  row: usize,
  bias: usize,
  dst: usize,
  plane: usize,
  isRelu: bool,
): void {
  let a0 = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias);
  let b0 = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias, 4);
  let c0 = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias, 8);
  let d0 = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias, 12);
  let a1 = a0;
  let b1 = b0;
  let c1 = c0;
  let d1 = d0;
  const second = w + row;
  const third = second + row;
  const fourth = third + row;
  const end = <usize>count << 2;
  for (let p: usize = 0; p < end; p += 4) {
    const from = src + load<u32>(taps + p);
    const x0 = v128.load(from);
    const x1 = v128.load(from, 16);
    const fa = v128.load32_splat(w + p);
    a0 = madd(fa, x0, a0);
    a1 = madd(fa, x1, a1);
    const fb = v128.load32_splat(second + p);
    b0 = madd(fb, x0, b0);
    b1 = madd(fb, x1, b1);
    const fc = v128.load32_splat(third + p);
    c0 = madd(fc, x0, c0);
    c1 = madd(fc, x1, c1);
    const fd = v128.load32_splat(fourth + p);
    d0 = madd(fd, x0, d0);
    d1 = madd(fd, x1, d1);
  }
  v128.store(dst, relu(a0, isRelu));
  v128.store(dst, relu(a1, isRelu), 16);
  dst += plane;
  v128.store(dst, relu(b0, isRelu));
  v128.store(dst, relu(b1, isRelu), 16);
  dst += plane;
  v128.store(dst, relu(c0, isRelu));
  v128.store(dst, relu(c1, isRelu), 16);
  dst += plane;
  v128.store(dst, relu(d0, isRelu));
  v128.store(dst, relu(d1, isRelu), 16);
}

/** Rows i … i + rows − 1 of four filters, `w`, `bias` and `y` being the first one's. The bands are filled. */
function fourFilters(job: ConvJob, taps: usize, w: usize, bias: usize, y: usize, rows: u32, plane: usize): void {
  const width = job.gridWidth;
  const bytes = <usize>width << 2;
  const bandRow: usize = <usize>(partLength(job, width) * job.mulCol * job.mulRow) << 2;
  const isRelu = job.activation == Activation.relu;
  let src = job.room;
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: u32 = 0; j < width; j += POSITIONS) {
      // The last eight overlap those before them.
      const at = <usize>min(j, width - POSITIONS) << 2;
      tile(taps, job.k, src + at, w, job.aRow, bias, y + at, plane, isRelu);
    }
    if (!isRelu && job.activation != Activation.none) {
      for (let f: u32 = 0; f < FILTERS; f++) finishRow(y + <usize>f * plane, 0, 0, width, job.activation);
    }
    src += bandRow;
    y += bytes;
  }
}

/** A thread's share of the convolution that the job describes. */
export function convOfFewChannels(g: ConvCommand, job: ConvJob, thread: u32, threads: u32): void {
  const height = job.gridHeight;
  const plane = job.cRow;
  let most: u32 = 1;
  while (most < height && bandElements(job, most + 1) * g.inChannels <= BAND) most++;
  const channel = bandElements(job, most);
  const taps = placeTaps(job, g.inChannels, channel);
  const room = job.room;
  const end = shareStart(g.batch * height, 1, thread + 1, threads);
  for (let row = shareStart(g.batch * height, 1, thread, threads); row < end; ) {
    const image = row / height;
    const i = row - image * height;
    const rows = min(min(most, height - i), end - row);
    job.image = job.low + <usize>image * job.imageStride;
    for (let c: u32 = 0; c < g.inChannels; c++) {
      job.room = room + (<usize>(c * channel) << 2);
      fillBand(job, i, rows, 0, job.gridWidth);
      job.image += job.channelStride;
    }
    job.room = room;
    const y = job.c + <usize>image * job.cImage + <usize>i * job.cGridRow;
    for (let f: u32 = 0; f < g.outChannels; f += FILTERS) {
      // The last four overlap those before them, whose sums are computed anew: no activation is applied twice.
      const first = min(f, g.outChannels - FILTERS);
      const bias: usize = job.bias == 0 ? 0 : job.bias + (<usize>first << 2);
      fourFilters(job, taps, job.a + <usize>first * job.aRow, bias, y + <usize>first * plane, rows, plane);
    }
    row += rows;
  }
}
