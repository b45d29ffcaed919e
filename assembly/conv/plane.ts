/**
 * One plane convolved with one kernel: c[i, j] = start + Σ a[r, t]·image[mulRow·i + baseRow + stepRow·r, …], as a job's fields
 * say, for depthwise convolutions. Vectors of positions read bands of the plane (band.ts). Each sum runs over r, then t.
 */
import { madd } from '../simd/madd';
import { bandColumns, bandRows, CACHED, fillBand, partLength, reachOf } from './band';
import { ConvJob, edgeTile } from './job';

/** Reverses the order of taps that go backwards through the image. */
function turn(job: ConvJob): void {
  if (job.stepRow < 0) {
    const last = max(job.tapRows, 1) - 1;
    job.baseRow += <i32>last * job.stepRow;
    job.stepRow = -job.stepRow;
    job.a += <usize>last * job.aTapRow;
    job.aTapRow = 0 - job.aTapRow;
  }
  if (job.stepCol < 0) {
    const last = max(job.tapCols, 1) - 1;
    job.baseCol += <i32>last * job.stepCol;
    job.stepCol = -job.stepCol;
    job.a += <usize>last * job.aTapCol;
    job.aTapCol = 0 - job.aTapCol;
  }
}

/** Sixteen adjacent positions. `src` is what they meet at tap (0, 0), `row` the distance to the next row of taps. */
function sixteen(job: ConvJob, dst: usize, src: usize, row: usize, part: u32, start: f32, keep: bool): void {
  let s0 = keep ? v128.load(dst) : f32x4.splat(start);
  let s1 = keep ? v128.load(dst, 16) : f32x4.splat(start);
  let s2 = keep ? v128.load(dst, 32) : f32x4.splat(start);
  let s3 = keep ? v128.load(dst, 48) : f32x4.splat(start);
  const mul = <u32>job.mulCol;
  const stepPart = <u32>job.stepCol % mul;
  const advance: usize = <usize>(stepPart * part + <u32>job.stepCol / mul) << 2;
  const back: usize = <usize>(mul * part - 1) << 2;
  const tapCol = job.aTapCol;
  for (let r: u32 = 0; r < job.tapRows; r++) {
    let w = job.a + <usize>r * job.aTapRow;
    let from = src;
    let q: u32 = 0;
    for (let t = job.tapCols; t != 0; t--) {
      const factor = v128.load32_splat(w);
      s0 = madd(factor, v128.load(from), s0);
      s1 = madd(factor, v128.load(from, 16), s1);
      s2 = madd(factor, v128.load(from, 32), s2);
      s3 = madd(factor, v128.load(from, 48), s3);
      w += tapCol;
      from += advance;
      q += stepPart;
      if (q >= mul) {
        q -= mul;
        from -= back;
      }
    }
    src += row;
  }
  v128.store(dst, s0);
  v128.store(dst, s1, 16);
  v128.store(dst, s2, 32);
  v128.store(dst, s3, 48);
}

/** The same for kernels three columns wide, whose offsets within a row are passed. */
// @ts-ignore: decorator
@inline
function sixteenOfThree(
  job: ConvJob,
  dst: usize,
  src: usize,
  row: usize,
  second: usize,
  third: usize,
  start: f32,
  keep: bool,
): void {
  let s0 = keep ? v128.load(dst) : f32x4.splat(start);
  let s1 = keep ? v128.load(dst, 16) : f32x4.splat(start);
  let s2 = keep ? v128.load(dst, 32) : f32x4.splat(start);
  let s3 = keep ? v128.load(dst, 48) : f32x4.splat(start);
  const tapCol = job.aTapCol;
  const tapRow = job.aTapRow;
  let w = job.a;
  for (let r = job.tapRows; r != 0; r--) {
    const w0 = v128.load32_splat(w);
    s0 = madd(w0, v128.load(src), s0);
    s1 = madd(w0, v128.load(src, 16), s1);
    s2 = madd(w0, v128.load(src, 32), s2);
    s3 = madd(w0, v128.load(src, 48), s3);
    const w1 = v128.load32_splat(w + tapCol);
    const b = src + second;
    s0 = madd(w1, v128.load(b), s0);
    s1 = madd(w1, v128.load(b, 16), s1);
    s2 = madd(w1, v128.load(b, 32), s2);
    s3 = madd(w1, v128.load(b, 48), s3);
    const w2 = v128.load32_splat(w + tapCol * 2);
    const c = src + third;
    s0 = madd(w2, v128.load(c), s0);
    s1 = madd(w2, v128.load(c, 16), s1);
    s2 = madd(w2, v128.load(c, 32), s2);
    s3 = madd(w2, v128.load(c, 48), s3);
    src += row;
    w += tapRow;
  }
  v128.store(dst, s0);
  v128.store(dst, s1, 16);
  v128.store(dst, s2, 32);
  v128.store(dst, s3, 48);
}

/** Copies `count` positions to the edge tile, or from it. */
function copyEdge(to: usize, toStep: usize, from: usize, fromStep: usize, count: u32): void {
  for (; count != 0; count--) {
    store<f32>(to, load<f32>(from));
    to += toStep;
    from += fromStep;
  }
}

/** One position, in the image itself: for kernels that no band has room for. */
function onePosition(job: ConvJob, dst: usize, y: i32, x: i32, start: f32, keep: bool): void {
  let sum = f32x4.splat(keep ? load<f32>(dst) : start);
  for (let r: u32 = 0; r < job.tapRows; r++) {
    const row = y + <i32>r * job.stepRow;
    if (<u32>row >= <u32>job.height) continue;
    for (let t: u32 = 0; t < job.tapCols; t++) {
      const col = x + <i32>t * job.stepCol;
      if (<u32>col >= <u32>job.width) continue;
      const w = job.a + <usize>r * job.aTapRow + <usize>t * job.aTapCol;
      const from = job.image + (<usize>(row * job.width + col) << 2);
      sum = madd(v128.load32_splat(w), v128.load32_splat(from), sum);
    }
  }
  v128.store_lane<f32>(dst, sum, 0);
}

/** The whole plane. The sums start from the values in the result if `keep` is set, else from `start`. */
export function convolvePlane(job: ConvJob, start: f32, keep: bool): void {
  turn(job);
  const bandCols = bandColumns(job);
  if (bandCols == 0) {
    for (let i: u32 = 0; i < job.gridHeight; i++) {
      for (let j: u32 = 0; j < job.gridWidth; j++) {
        const dst = job.c + <usize>i * job.cGridRow + <usize>j * job.cGridCol;
        onePosition(job, dst, <i32>i * job.mulRow + job.baseRow, <i32>j * job.mulCol + job.baseCol, start, keep);
      }
    }
    return;
  }
  const mul = <u32>job.mulCol;
  const step = <u32>job.stepCol;
  for (let jc: u32 = 0; jc < job.gridWidth; jc += bandCols) {
    const cols = min(bandCols, job.gridWidth - jc);
    const part = partLength(job, cols);
    const row: usize = <usize>(part * mul) << 2;
    const tapRow = row * job.stepRow;
    const second: usize = <usize>((step % mul) * part + step / mul) << 2;
    const third: usize = <usize>(((step * 2) % mul) * part + (step * 2) / mul) << 2;
    const tile = edgeTile(job);
    const dense = job.cGridCol == 4 && cols >= 16;
    // Unless sums go on from the result, the last sixteen may overlap those before; otherwise they go through the tile.
    const whole = dense ? (keep ? cols & ~15 : cols) : 0;
    const most = min(bandRows(job, cols), max(CACHED / (part * mul), reachOf(job.tapRows, job.stepRow) + 1));
    for (let ic: u32 = 0; ic < job.gridHeight; ic += most) {
      const rows = min(most, job.gridHeight - ic);
      fillBand(job, ic, rows, jc, cols);
      for (let i: u32 = 0; i < rows; i++) {
        const src = job.room + <usize>(i * job.mulRow) * row;
        const dst = job.c + <usize>(ic + i) * job.cGridRow + <usize>jc * job.cGridCol;
        let j: u32 = 0;
        for (; j < whole; j += 16) {
          const at = <usize>min(j, cols - 16) << 2;
          if (job.tapCols == 3) sixteenOfThree(job, dst + at, src + at, tapRow, second, third, start, keep);
          else sixteen(job, dst + at, src + at, tapRow, part, start, keep);
        }
        for (; j < cols; j += 16) {
          const to = dst + <usize>j * job.cGridCol;
          const from = src + (<usize>j << 2);
          const count = min(16, cols - j);
          if (keep) copyEdge(tile, 4, to, job.cGridCol, count);
          if (job.tapCols == 3) sixteenOfThree(job, tile, from, tapRow, second, third, start, keep);
          else sixteen(job, tile, from, tapRow, part, start, keep);
          copyEdge(to, job.cGridCol, tile, 4, count);
        }
      }
    }
  }
}
