/**
 * A band of a plane, copied into scratch with its padding, so that vectors need no check for the edge of the image: `rows`
 * source rows, and of each row the columns that `cols` positions meet. Where positions are s columns apart, a row is laid out
 * in s parts, each with every s-th column: adjacent positions then meet adjacent elements at every tap.
 */
import { PACKED_A_OFFSET } from '../scratch';
import { ConvJob } from './job';
import { copyRun, endInside, firstInside, zeroRun } from './im2col';

/** The most elements of a band: it takes the room for GEMM's panels. */
const CAPACITY: u32 = (<u32>PACKED_A_OFFSET >> 2);
/** Elements of a band that stays in the first-level cache: 24 KiB. */
export const CACHED: u32 = 6 * 1024;
/** The fewest columns that are worth a band. */
const FEWEST: u32 = 16;

/** From the first tap of a dimension to the last, in elements. */
// @ts-ignore: decorator
@inline
export function reachOf(taps: u32, step: i32): u32 {
  return taps == 0 ? 0 : (taps - 1) * <u32>step;
}

/** Elements of one part of a row: room for sixteen positions at a time. */
// @ts-ignore: decorator
@inline
export function partLength(job: ConvJob, cols: u32): u32 {
  return ((cols + 15) & ~15) + reachOf(job.tapCols, job.stepCol) / <u32>job.mulCol;
}

/** How many rows of positions, `cols` wide, have room in a band; 0 if not even one has. */
export function bandRows(job: ConvJob, cols: u32): u32 {
  const row = <u64>partLength(job, cols) * job.mulCol;
  const fit = <u32>min<u64>(CAPACITY / row, <u64>(1 << 20));
  const reach = reachOf(job.tapRows, job.stepRow);
  return fit <= reach ? 0 : (fit - reach - 1) / job.mulRow + 1;
}

/** Columns of positions in a band: all, or as many as leave room for one row; 0 if no band has room for a row. */
export function bandColumns(job: ConvJob): u32 {
  let cols = job.gridWidth;
  while (bandRows(job, cols) == 0) {
    if (cols <= FEWEST) return 0;
    cols = (cols + 1) >> 1;
  }
  return cols;
}

/** Copies what the positions (i, j) … (i + rows − 1, j + cols − 1) meet, one part after the other. */
export function fillBand(job: ConvJob, i: u32, rows: u32, j: u32, cols: u32): void {
  const part = partLength(job, cols);
  const step: usize = <usize>job.mulCol << 2;
  const first = <i32>i * job.mulRow + job.baseRow;
  const end = first + (<i32>rows - 1) * job.mulRow + <i32>reachOf(job.tapRows, job.stepRow) + 1;
  for (let q: i32 = 0; q < job.mulCol; q++) {
    const x = <i32>j * job.mulCol + job.baseCol + q;
    const low = firstInside(x, job.mulCol, part);
    const high = max(low, endInside(x, job.mulCol, job.width, part));
    let dst = job.room + (<usize>(<u32>q * part) << 2);
    for (let y = first; y < end; y++) {
      if (<u32>y < <u32>job.height) {
        zeroRun(dst, low);
        if (low < high) {
          const src = job.image + (<usize>(y * job.width + x + <i32>low * job.mulCol) << 2);
          copyRun(dst + (<usize>low << 2), src, step, high - low);
        }
        zeroRun(dst + (<usize>high << 2), part - high);
      } else zeroRun(dst, part);
      dst += <usize>part * step;
    }
  }
}
