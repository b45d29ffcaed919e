/**
 * Packing for convolution. A panel of B holds eight (or four) positions for each tap of each channel, as GEMM's panels do: p counts
 * the taps of channel 0, then those of channel 1, …. What a position meets at a tap has the same place in every channel, so
 * it is found once and then followed through the channels: four positions are one masked vector wherever they form one or
 * two runs. Nothing outside the tensor is read.
 */
import { ConvJob, LANE_COL, LANE_OFFSET, LANE_RESULT, laneTable } from './job';

/** A row outside every image. */
const NOWHERE: i32 = -(1 << 30);

/** Fills the tables for the columns j … j + columns − 1 of B; further lanes are NOWHERE. */
export function placeLanes(job: ConvJob, j: u32, columns: u32): void {
  const size = job.gridHeight * job.gridWidth;
  let image = j / size;
  let row = (j - image * size) / job.gridWidth;
  let col = j - image * size - row * job.gridWidth;
  const table = laneTable(job);
  const rowStride: i32 = job.width << 2;
  let offset: i32 = 0;
  for (let lane: u32 = 0; lane < 8; lane++) {
    const at = table + (lane << 2);
    if (lane >= columns) {
      offset += job.mulCol << 2;
      store<i32>(at, NOWHERE);
      store<i32>(at, NOWHERE, LANE_COL);
      store<i32>(at, offset, LANE_OFFSET);
      continue;
    }
    const y = <i32>row * job.mulRow + job.baseRow;
    const x = <i32>col * job.mulCol + job.baseCol;
    offset = <i32>(<usize>image * job.imageStride) + y * rowStride + (x << 2);
    store<i32>(at, y);
    store<i32>(at, x, LANE_COL);
    store<i32>(at, offset, LANE_OFFSET);
    const result = <usize>image * job.cImage + <usize>row * job.cGridRow + <usize>col * job.cGridCol;
    store<u32>(at, <u32>result, LANE_RESULT);
    if (++col == job.gridWidth) {
      col = 0;
      if (++row == job.gridHeight) {
        row = 0;
        image++;
      }
    }
  }
}

/** `count` vectors of zeros. */
function packZeros(dst: usize, step: usize, count: u32): void {
  const zero = i32x4.splat(0);
  for (; count != 0; count--) {
    v128.store(dst, zero);
    dst += step;
  }
}

/** Four lanes one by one, whose tables begin at `lanes`: any geometry, any place. */
function packScattered(
  job: ConvJob,
  lanes: usize,
  dst: usize,
  step: usize,
  from: usize,
  dy: i32,
  dx: i32,
  count: u32,
): void {
  const channelStride = job.channelStride;
  for (let lane: usize = 0; lane < 16; lane += 4) {
    const y = load<i32>(lanes + lane) + dy;
    const x = load<i32>(lanes + lane, LANE_COL) + dx;
    const inside = <u32>y < <u32>job.height && <u32>x < <u32>job.width;
    let src = from + <usize>load<i32>(lanes + lane, LANE_OFFSET);
    let to = dst + lane;
    for (let c = count; c != 0; c--) {
      store<f32>(to, inside ? load<f32>(src) : 0);
      src += channelStride;
      to += step;
    }
  }
}

/**
 * The runs that four positions form in the image, one column apart: the length of the first run if the others form a second
 * one, 4 if all form one, 0 if they are more scattered.
 */
function firstRun(lanes: usize): u32 {
  const o0 = load<i32>(lanes, LANE_OFFSET);
  const o1 = load<i32>(lanes + 4, LANE_OFFSET);
  const o2 = load<i32>(lanes + 8, LANE_OFFSET);
  const o3 = load<i32>(lanes + 12, LANE_OFFSET);
  if (o1 != o0 + 4) return o1 == o3 - 8 && o2 == o3 - 4 ? 1 : 0;
  if (o2 != o0 + 8) return o2 == o3 - 4 ? 2 : 0;
  return o3 != o0 + 12 ? 3 : 4;
}

/** From the image to where the second run would begin at lane 0. */
// @ts-ignore: decorator
@inline
function secondOffset(lanes: usize, run: u32): usize {
  return run == 4 ? <usize>load<i32>(lanes, LANE_OFFSET) : <usize>(load<i32>(lanes + 12, LANE_OFFSET) - 12);
}

/** The lanes before `run`. */
// @ts-ignore: decorator
@inline
function lanesBefore(run: u32): v128 {
  return i32x4.gt_s(i32x4.splat(run), i32x4(0, 1, 2, 3));
}

/** The lanes that meet the image `dy` rows and `dx` columns further on. */
// @ts-ignore: decorator
@inline
function lanesInside(job: ConvJob, lanes: usize, dy: i32, dx: i32): v128 {
  const rows = i32x4.add(v128.load(lanes), i32x4.splat(dy));
  const cols = i32x4.add(v128.load(lanes, LANE_COL), i32x4.splat(dx));
  return v128.and(i32x4.lt_u(rows, i32x4.splat(job.height)), i32x4.lt_u(cols, i32x4.splat(job.width)));
}

/** `count` channels of eight positions in two runs. */
// @ts-ignore: decorator
@inline
function copyRuns(to: usize, toStep: usize, a: usize, b: usize, channelStride: usize, count: u32): void {
  for (; count != 0; count--) {
    v128.store(to, v128.load(a));
    v128.store(to, v128.load(b), 16);
    a += channelStride;
    b += channelStride;
    to += toStep;
  }
}

/** `count` channels of eight positions in up to four runs; the masks select from each. */
// @ts-ignore: decorator
@inline
function packRuns(
  to: usize, toStep: usize, a0: usize, b0: usize, a1: usize, b1: usize, channelStride: usize, count: u32,
  inside0: v128, inside1: v128, first0: v128, first1: v128,
): void {
  const mask0 = v128.and(inside0, first0);
  const rest0 = v128.andnot(inside0, first0);
  const mask1 = v128.and(inside1, first1);
  const rest1 = v128.andnot(inside1, first1);
  for (; count != 0; count--) {
    v128.store(to, v128.or(v128.and(mask0, v128.load(a0)), v128.and(rest0, v128.load(b0))));
    v128.store(to, v128.or(v128.and(mask1, v128.load(a1)), v128.and(rest1, v128.load(b1))), 16);
    a0 += channelStride;
    b0 += channelStride;
    a1 += channelStride;
    b1 += channelStride;
    to += toStep;
  }
}

/** `count` channels of four positions two columns apart. */
// @ts-ignore: decorator
@inline
function packEveryOther(to: usize, toStep: usize, from: usize, channelStride: usize, count: u32, inside: v128): void {
  for (; count != 0; count--) {
    v128.store(to, v128.and(inside, i32x4.shuffle(v128.load(from), v128.load(from, 16), 0, 2, 4, 6)));
    from += channelStride;
    to += toStep;
  }
}

/**
 * The panel of the columns j … j + columns − 1 of B, `width` (4 or 8) wide, for p = pc … pc + depth − 1. A panel of four has only
 * the first half of the lanes.
 */
export function packStrip(job: ConvJob, dst: usize, j: u32, columns: u32, width: u32, pc: u32, depth: u32): void {
  placeLanes(job, j, columns);
  const lanes = laneTable(job);
  const whole = width == 8;
  const run0 = job.mulCol == 1 ? firstRun(lanes) : 0;
  const run1 = job.mulCol == 1 && whole ? firstRun(lanes + 16) : 0;
  const inRuns = run0 != 0 && run1 != 0;
  const first0 = lanesBefore(run0);
  const first1 = lanesBefore(run1);
  const oneRun = run0 == 4 && run1 == 4;
  const offset0 = <usize>load<i32>(lanes, LANE_OFFSET);
  const offset1 = <usize>load<i32>(lanes + 16, LANE_OFFSET);
  const second0 = secondOffset(lanes, run0);
  const second1 = secondOffset(lanes + 16, run1);
  const everyOther = job.mulCol == 2;
  const even0 = everyOther && load<i32>(lanes + 12, LANE_OFFSET) == <i32>offset0 + 24;
  const even1 = everyOther && load<i32>(lanes + 28, LANE_OFFSET) == <i32>offset1 + 24;
  const step: usize = <usize>width << 2;
  const taps = job.tapRows * job.tapCols;
  const channelStride = job.channelStride;
  const from0 = pc / taps;
  const fromRest = pc - from0 * taps;
  const end0 = (pc + depth) / taps;
  const endRest = pc + depth - end0 * taps;
  const toStep: usize = <usize>taps * step;
  const rowStride: i32 = job.width << 2;
  let tap: u32 = 0;
  for (let tapRow: u32 = 0; tapRow < job.tapRows; tapRow++) {
    const dy = <i32>tapRow * job.stepRow;
    for (let tapCol: u32 = 0; tapCol < job.tapCols; tapCol++, tap++) {
      const c0 = from0 + u32(tap < fromRest);
      const c1 = end0 + u32(tap < endRest);
      if (c0 >= c1) continue;
      const count = c1 - c0;
      const dx = <i32>tapCol * job.stepCol;
      const to = dst + <usize>(c0 * taps + tap - pc) * step;
      const from = job.image + <usize>c0 * channelStride + <usize>(dy * rowStride + (dx << 2));
      const inside0 = lanesInside(job, lanes, dy, dx);
      const inside1 = lanesInside(job, lanes + 16, dy, dx);
      const a0 = from + offset0;
      const a1 = from + offset1;
      const span = <usize>(count - 1) * channelStride;
      if (inRuns) {
        const b0 = from + second0;
        const b1 = from + second1;
        const last = job.high - 16 - span;
        if (min(min(a0, b0), min(a1, b1)) >= job.low && max(max(a0, b0), max(a1, b1)) <= last) {
          if (oneRun && i32x4.all_true(v128.and(inside0, inside1))) {
            copyRuns(to, toStep, a0, a1, channelStride, count);
          } else {
            packRuns(to, toStep, a0, b0, a1, b1, channelStride, count, inside0, inside1, first0, first1);
          }
          continue;
        }
      }
      const last = job.high - 32 - span;
      if (!v128.any_true(inside0)) packZeros(to, toStep, count);
      else if (even0 && a0 >= job.low && a0 <= last) packEveryOther(to, toStep, a0, channelStride, count, inside0);
      else packScattered(job, lanes, to, toStep, from, dy, dx, count);
      if (!whole) continue;
      if (!v128.any_true(inside1)) packZeros(to + 16, toStep, count);
      else if (even1 && a1 >= job.low && a1 <= last) packEveryOther(to + 16, toStep, a1, channelStride, count, inside1);
      else packScattered(job, lanes + 16, to + 16, toStep, from, dy, dx, count);
    }
  }
}

/** The taps tap … end − 1 of one channel for `rows` rows of A from row i on, as a part of a panel. */
export function packTaps(job: ConvJob, dst: usize, i: u32, rows: u32, channel: u32, tap: u32, end: u32): void {
  const aRow = job.aRow;
  const base = job.a + <usize>i * aRow + <usize>channel * job.aChannel;
  let row = tap / job.tapCols;
  let col = tap - row * job.tapCols;
  for (; tap < end; tap++) {
    let src = base + <usize>row * job.aTapRow + <usize>col * job.aTapCol;
    for (let r = rows; r != 0; r--) {
      store<f32>(dst, load<f32>(src));
      src += aRow;
      dst += 4;
    }
    if (++col == job.tapCols) {
      col = 0;
      row++;
    }
  }
}
