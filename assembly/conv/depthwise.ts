/**
 * Convolution where every group has one input channel (and one or more output channels): plane by plane (plane.ts). Threads
 * share planes.
 */
import { Activation, ConvCommand, ConvInputGradCommand, ConvWeightGradCommand } from '../generated/commands';
import { finishRow } from '../gemm/epilogue';
import { shareStart } from '../gemm/gemm';
import { packedBAddress } from '../scratch';
import { madd } from '../simd/madd';
import { bandColumns, bandRows, fillBand, partLength } from './band';
import { ConvJob, jobIn } from './job';
import { setPhase } from './phase';
import { convolvePlane } from './plane';

/** A job's geometry is that of the forward convolution. */
function setForward(g: ConvCommand, job: ConvJob): void {
  job.height = g.height;
  job.width = g.width;
  job.gridHeight = g.outHeight;
  job.gridWidth = g.outWidth;
  job.mulRow = g.strideHeight;
  job.mulCol = g.strideWidth;
  job.baseRow = -(<i32>g.padTop);
  job.baseCol = -(<i32>g.padLeft);
  job.stepRow = g.dilationHeight;
  job.stepCol = g.dilationWidth;
  job.tapRows = g.kernelHeight;
  job.tapCols = g.kernelWidth;
  job.aTapRow = <usize>g.kernelWidth << 2;
  job.aTapCol = 4;
  job.cGridRow = <usize>g.outWidth << 2;
  job.cGridCol = 4;
}

export function depthwiseForward(g: ConvCommand, thread: u32, threads: u32): void {
  const inPlane: usize = <usize>(g.height * g.width) << 2;
  const outSize = g.outHeight * g.outWidth;
  const taps = g.kernelHeight * g.kernelWidth;
  const multiplier = g.outChannels / g.groups;
  const planes = g.batch * g.outChannels;
  const job = jobIn(packedBAddress(g.scratch, thread));
  setForward(g, job);
  const end = shareStart(planes, 1, thread + 1, threads);
  for (let p = shareStart(planes, 1, thread, threads); p < end; p++) {
    const image = p / g.outChannels;
    const channel = p - image * g.outChannels;
    const bias: f32 = g.bias == 0 ? 0 : load<f32>(<usize>(g.bias + channel) << 2);
    job.image = (<usize>g.x << 2) + <usize>(image * g.inChannels + channel / multiplier) * inPlane;
    job.a = <usize>(g.w + channel * taps) << 2;
    job.c = <usize>(g.y + p * outSize) << 2;
    convolvePlane(job, bias, false);
    if (g.activation != Activation.none) finishRow(job.c, 0, 0, outSize, g.activation);
  }
}

export function depthwiseInputGrad(g: ConvInputGradCommand, thread: u32, threads: u32): void {
  const size = g.height * g.width;
  const outPlane: usize = <usize>(g.outHeight * g.outWidth) << 2;
  const taps = g.kernelHeight * g.kernelWidth;
  const multiplier = g.outChannels / g.groups;
  const planes = g.batch * g.inChannels;
  const job = jobIn(packedBAddress(g.scratch, thread));
  job.height = g.outHeight;
  job.width = g.outWidth;
  const rows = min(g.strideHeight, g.height);
  const cols = min(g.strideWidth, g.width);
  const end = shareStart(planes, 1, thread + 1, threads);
  for (let p = shareStart(planes, 1, thread, threads); p < end; p++) {
    const image = p / g.inChannels;
    const channel = p - image * g.inChannels;
    const bias: f32 = g.bias == 0 ? 0 : load<f32>(<usize>(g.bias + channel) << 2);
    for (let o: u32 = 0; o < multiplier; o++) {
      const filter = channel * multiplier + o;
      job.image = (<usize>g.g << 2) + <usize>(image * g.outChannels + filter) * outPlane;
      for (let row: u32 = 0; row < rows; row++) {
        for (let col: u32 = 0; col < cols; col++) {
          const first = setPhase(g, job, row, col);
          job.a = <usize>(g.w + filter * taps + first) << 2;
          job.c = <usize>(g.gx + p * size + row * g.width + col) << 2;
          convolvePlane(job, bias, o > 0);
        }
      }
    }
    if (g.activation != Activation.none) finishRow(<usize>(g.gx + p * size) << 2, 0, 0, size, g.activation);
  }
}

// @ts-ignore: decorator
@inline
function sumOf(x: v128): f32 {
  const low = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
  return low + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** Σ g[j]·x[j] over `count` elements. */
function dot(g: usize, x: usize, count: u32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; count >= 16; count -= 16) {
    s0 = madd(v128.load(g), v128.load(x), s0);
    s1 = madd(v128.load(g, 16), v128.load(x, 16), s1);
    s2 = madd(v128.load(g, 32), v128.load(x, 32), s2);
    s3 = madd(v128.load(g, 48), v128.load(x, 48), s3);
    g += 64;
    x += 64;
  }
  for (; count >= 4; count -= 4) {
    s0 = madd(v128.load(g), v128.load(x), s0);
    g += 16;
    x += 16;
  }
  let sum = sumOf(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; count != 0; count--) {
    sum += load<f32>(g) * load<f32>(x);
    g += 4;
    x += 4;
  }
  return sum;
}

/** gw[r, t] += Σ over the plane of g[i, j]·(what position (i, j) meets at the tap), row by row of each band. */
function addPlane(job: ConvJob, gradient: usize, gw: usize): void {
  const bandCols = bandColumns(job);
  const mul = <u32>job.mulCol;
  for (let jc: u32 = 0; jc < job.gridWidth; jc += bandCols) {
    const cols = min(bandCols, job.gridWidth - jc);
    const part = partLength(job, cols);
    const most = bandRows(job, cols);
    for (let ic: u32 = 0; ic < job.gridHeight; ic += most) {
      const rows = min(most, job.gridHeight - ic);
      fillBand(job, ic, rows, jc, cols);
      let to = gw;
      for (let r: u32 = 0; r < job.tapRows; r++) {
        for (let t: u32 = 0; t < job.tapCols; t++) {
          const at = t * <u32>job.stepCol;
          const first = r * job.stepRow * mul * part + (at % mul) * part + at / mul;
          let sum = load<f32>(to);
          for (let i: u32 = 0; i < rows; i++) {
            const from = gradient + (<usize>((ic + i) * job.gridWidth + jc) << 2);
            sum += dot(from, job.room + (<usize>(first + i * job.mulRow * mul * part) << 2), cols);
          }
          store<f32>(to, sum);
          to += 4;
        }
      }
    }
  }
}

/** The same, element by element in the image itself: for kernels that no band has room for. */
function addPlaneDirectly(job: ConvJob, gradient: usize, gw: usize): void {
  for (let r: u32 = 0; r < job.tapRows; r++) {
    for (let t: u32 = 0; t < job.tapCols; t++) {
      let sum = load<f32>(gw);
      for (let i: u32 = 0; i < job.gridHeight; i++) {
        const y = <i32>i * job.mulRow + job.baseRow + <i32>r * job.stepRow;
        if (<u32>y >= <u32>job.height) continue;
        for (let j: u32 = 0; j < job.gridWidth; j++) {
          const x = <i32>j * job.mulCol + job.baseCol + <i32>t * job.stepCol;
          if (<u32>x >= <u32>job.width) continue;
          const factor = load<f32>(gradient + (<usize>(i * job.gridWidth + j) << 2));
          sum += factor * load<f32>(job.image + (<usize>(y * job.width + x) << 2));
        }
      }
      store<f32>(gw, sum);
      gw += 4;
    }
  }
}

export function depthwiseWeightGrad(g: ConvWeightGradCommand, thread: u32, threads: u32): void {
  const inPlane: usize = <usize>(g.height * g.width) << 2;
  const outPlane: usize = <usize>(g.outHeight * g.outWidth) << 2;
  const taps = g.kernelHeight * g.kernelWidth;
  const multiplier = g.outChannels / g.groups;
  const job = jobIn(packedBAddress(g.scratch, thread));
  setForward(changetype<ConvCommand>(changetype<usize>(g)), job);
  const inBands = bandColumns(job) != 0;
  const end = shareStart(g.outChannels, 1, thread + 1, threads);
  for (let o = shareStart(g.outChannels, 1, thread, threads); o < end; o++) {
    const gw = <usize>(g.gw + o * taps) << 2;
    for (let tap: usize = 0; tap < <usize>taps << 2; tap += 4) store<f32>(gw + tap, 0);
    for (let image: u32 = 0; image < g.batch; image++) {
      const gradient = (<usize>g.g << 2) + <usize>(image * g.outChannels + o) * outPlane;
      job.image = (<usize>g.x << 2) + <usize>(image * g.inChannels + o / multiplier) * inPlane;
      if (inBands) addPlane(job, gradient, gw);
      else addPlaneDirectly(job, gradient, gw);
    }
  }
}
