/**
 * Packing for convolution. A panel of B holds eight (or four) positions for each tap of each channel, as GEMM's panels do: p counts
 * the taps of channel 0, then those of channel 1, …. What a position meets at a tap is the same in all channels but for
 * the channel's place, so that it is found once and then walked through the channels: four positions are one masked vector
 * wherever they lie in one or two runs. Nothing outside the tensor is read.
 */
import { ConvJob, LANE_COL, LANE_OFFSET, LANE_RESULT, laneTable } from './job';

/** A row that no image has. */
const NOWHERE: i32 = -(1 << 30);

/** How four positions lie in the image. */
const SCATTERED: u32 = 0;
/** In one run, or in two: the first lanes run from lane 0, the last ones up to lane 3. */
const RUNS: u32 = 1;
/** Every other element of a run. */
const EVERY_OTHER: u32 = 2;

/** Fills the tables for the columns j … j + columns − 1 of B; lanes behind them lie nowhere. */
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

/** One lane after the other, of the four whose tables begin at `lanes`: any geometry, any place. */
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
 * Four positions for p = pc … pc + depth − 1: the lanes whose tables begin at `lanes`. `step` is the distance of neighbours in
 * p in the panel.
 */
function packFour(job: ConvJob, lanes: usize, dst: usize, step: usize, pc: u32, depth: u32): void {
  const rows = v128.load(lanes);
  const cols = v128.load(lanes, LANE_COL);
  const height = i32x4.splat(job.height);
  const width = i32x4.splat(job.width);
  const o0 = load<i32>(lanes, LANE_OFFSET);
  const o1 = load<i32>(lanes + 4, LANE_OFFSET);
  const o2 = load<i32>(lanes + 8, LANE_OFFSET);
  const o3 = load<i32>(lanes + 12, LANE_OFFSET);
  let kind = SCATTERED;
  let first = i32x4.splat(-1);
  let second: usize = <usize>o0;
  let reach: usize = 16;
  if (job.mulCol == 1) {
    // Lanes that go on from lane 0; the others must go on to lane 3.
    const run1 = o1 == o0 + 4;
    const run2 = run1 && o2 == o0 + 8;
    const run3 = run2 && o3 == o0 + 12;
    const back2 = o2 == o3 - 4;
    const back1 = back2 && o1 == o3 - 8;
    if (run3 || run2 || (run1 && back2) || back1) kind = RUNS;
    if (!run3) {
      second = <usize>(o3 - 12);
      first = i32x4.replace_lane(i32x4.replace_lane(i32x4(-1, 0, 0, 0), 1, -i32(run1)), 2, -i32(run2));
    }
  } else if (job.mulCol == 2 && o1 == o0 + 8 && o2 == o0 + 16 && o3 == o0 + 24) {
    kind = EVERY_OTHER;
    reach = 32;
  }
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
    const rowsInside = i32x4.lt_u(i32x4.add(rows, i32x4.splat(dy)), height);
    for (let tapCol: u32 = 0; tapCol < job.tapCols; tapCol++, tap++) {
      const c0 = from0 + u32(tap < fromRest);
      const c1 = end0 + u32(tap < endRest);
      if (c0 >= c1) continue;
      let count = c1 - c0;
      const dx = <i32>tapCol * job.stepCol;
      const inside = v128.and(rowsInside, i32x4.lt_u(i32x4.add(cols, i32x4.splat(dx)), width));
      let to = dst + <usize>(c0 * taps + tap - pc) * step;
      if (!v128.any_true(inside)) {
        packZeros(to, toStep, count);
        continue;
      }
      const from = job.image + <usize>c0 * channelStride + <usize>(dy * rowStride + (dx << 2));
      let a = from + <usize>o0;
      let b = from + second;
      const last = job.high - reach - <usize>(count - 1) * channelStride;
      if (kind == SCATTERED || a < job.low || a > last || b < job.low || b > last) {
        packScattered(job, lanes, to, toStep, from, dy, dx, count);
      } else if (kind == EVERY_OTHER) {
        for (; count != 0; count--) {
          v128.store(to, v128.and(inside, i32x4.shuffle(v128.load(a), v128.load(a, 16), 0, 2, 4, 6)));
          a += channelStride;
          to += toStep;
        }
      } else if (a == b) {
        for (; count != 0; count--) {
          v128.store(to, v128.and(inside, v128.load(a)));
          a += channelStride;
          to += toStep;
        }
      } else {
        for (; count != 0; count--) {
          v128.store(to, v128.and(inside, v128.bitselect(v128.load(a), v128.load(b), first)));
          a += channelStride;
          b += channelStride;
          to += toStep;
        }
      }
    }
  }
}

/** The panel of the columns j … j + columns − 1 of B, `width` (4 or 8) wide, for p = pc … pc + depth − 1. */
export function packStrip(job: ConvJob, dst: usize, j: u32, columns: u32, width: u32, pc: u32, depth: u32): void {
  placeLanes(job, j, columns);
  const lanes = laneTable(job);
  packFour(job, lanes, dst, width << 2, pc, depth);
  if (width == 8) packFour(job, lanes + 16, dst + 16, width << 2, pc, depth);
}

/** A panel of `rows` rows of A from row i on, for p = pc … pc + depth − 1. */
export function packRows(job: ConvJob, dst: usize, i: u32, rows: u32, pc: u32, depth: u32): void {
  if (depth == 0) return;
  const aRow = job.aRow;
  const taps = job.tapRows * job.tapCols;
  let channel = pc / taps;
  let row = (pc - channel * taps) / job.tapCols;
  let col = pc - channel * taps - row * job.tapCols;
  const base = job.a + <usize>i * aRow;
  for (; depth != 0; depth--) {
    let src = base + <usize>channel * job.aChannel + <usize>row * job.aTapRow + <usize>col * job.aTapCol;
    for (let r = rows; r != 0; r--) {
      store<f32>(dst, load<f32>(src));
      src += aRow;
      dst += 4;
    }
    if (++col == job.tapCols) {
      col = 0;
      if (++row == job.tapRows) {
        row = 0;
        channel++;
      }
    }
  }
}
