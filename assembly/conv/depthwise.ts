/**
 * Convolution where every group has one input channel (and one or more output channels): direct loops over the rows of a
 * plane, vectors of eight positions where all taps of a row lie inside the image. Threads share planes.
 */
import { Activation, ConvCommand, ConvInputGradCommand, ConvWeightGradCommand } from '../generated/commands';
import { finishRow } from '../gemm/epilogue';
import { shareStart } from '../gemm/gemm';
import { madd } from '../simd/madd';
import { endInside, firstInside } from './im2col';

/** Four elements from `at` on, or every other of eight. */
// @ts-ignore: decorator
@inline
function load4(at: usize, everyOther: bool): v128 {
  return everyOther ? i32x4.shuffle(v128.load(at), v128.load(at, 16), 0, 2, 4, 6) : v128.load(at);
}

/** One position: start + Σ over the taps inside the image. */
function onePosition(
  start: f32,
  plane: usize,
  height: u32,
  width: u32,
  w: usize,
  tapRows: u32,
  tapCols: u32,
  y: i32,
  x: i32,
  stepRow: i32,
  stepCol: i32,
): f32 {
  let sum = start;
  for (let r: u32 = 0; r < tapRows; r++) {
    const row = y + <i32>r * stepRow;
    if (<u32>row >= height) continue;
    for (let t: u32 = 0; t < tapCols; t++) {
      const col = x + <i32>t * stepCol;
      if (<u32>col >= width) continue;
      sum += load<f32>(w + ((r * tapCols + t) << 2)) * load<f32>(plane + (<usize>(<u32>row * width + <u32>col) << 2));
    }
  }
  return sum;
}

/**
 * dst[i, j] = (keep ? dst[i, j] : bias) + Σ w[r, t]·plane[mulRow·i + baseRow + r·stepRow, mulCol·j + baseCol + t·stepCol] for a
 * plane of rows × cols results.
 */
function planeSum(
  dst: usize,
  rows: u32,
  cols: u32,
  plane: usize,
  height: u32,
  width: u32,
  w: usize,
  tapRows: u32,
  tapCols: u32,
  mulRow: i32,
  mulCol: i32,
  baseRow: i32,
  baseCol: i32,
  stepRow: i32,
  stepCol: i32,
  bias: f32,
  keep: bool,
): void {
  const farthest = <i32>(tapCols - 1) * stepCol;
  const everyOther = mulCol == 2;
  let low: u32 = cols;
  let high: u32 = cols;
  if (mulCol <= 2) {
    low = firstInside(baseCol + min(0, farthest), mulCol, cols);
    // A vector of every other element reads one element more than it takes.
    high = max(low, endInside(baseCol + max(0, farthest) + i32(everyOther), mulCol, width, cols));
  }
  const whole = low + ((high - low) & ~7);
  const upper: usize = everyOther ? 32 : 16;
  for (let i: u32 = 0; i < rows; i++) {
    const y = <i32>i * mulRow + baseRow;
    for (let j = low; j < whole; j += 8) {
      let s0 = keep ? v128.load(dst + (<usize>j << 2)) : f32x4.splat(bias);
      let s1 = keep ? v128.load(dst + (<usize>j << 2), 16) : f32x4.splat(bias);
      let at = w;
      for (let r: u32 = 0; r < tapRows; r++) {
        const row = y + <i32>r * stepRow;
        if (<u32>row >= height) {
          at += <usize>tapCols << 2;
          continue;
        }
        let src = plane + (<usize>(row * <i32>width + <i32>j * mulCol + baseCol) << 2);
        for (let t = tapCols; t != 0; t--) {
          const factor = v128.load32_splat(at);
          s0 = madd(factor, load4(src, everyOther), s0);
          s1 = madd(factor, load4(src + upper, everyOther), s1);
          src += <usize>(stepCol << 2);
          at += 4;
        }
      }
      v128.store(dst + (<usize>j << 2), s0);
      v128.store(dst + (<usize>j << 2), s1, 16);
    }
    for (let j: u32 = 0; j < cols; j++) {
      if (j == low) j = whole;
      if (j >= cols) break;
      const to = dst + (<usize>j << 2);
      const x = <i32>j * mulCol + baseCol;
      const start = keep ? load<f32>(to) : bias;
      store<f32>(
        to,
        onePosition(start, plane, height, width, w, tapRows, tapCols, y, x, stepRow, stepCol),
      );
    }
    dst += <usize>cols << 2;
  }
}

export function depthwiseForward(g: ConvCommand, thread: u32, threads: u32): void {
  const inPlane: usize = <usize>(g.height * g.width) << 2;
  const outSize = g.outHeight * g.outWidth;
  const taps = g.kernelHeight * g.kernelWidth;
  const multiplier = g.outChannels / g.groups;
  const planes = g.batch * g.outChannels;
  const end = shareStart(planes, 1, thread + 1, threads);
  for (let p = shareStart(planes, 1, thread, threads); p < end; p++) {
    const image = p / g.outChannels;
    const channel = p - image * g.outChannels;
    const dst = (<usize>g.y << 2) + (<usize>p * outSize << 2);
    const src = (<usize>g.x << 2) + <usize>(image * g.inChannels + channel / multiplier) * inPlane;
    const bias: f32 = g.bias == 0 ? 0 : load<f32>(<usize>(g.bias + channel) << 2);
    planeSum(
      dst, g.outHeight, g.outWidth, src, g.height, g.width,
      <usize>(g.w + channel * taps) << 2, g.kernelHeight, g.kernelWidth,
      g.strideHeight, g.strideWidth, -(<i32>g.padTop), -(<i32>g.padLeft), g.dilationHeight, g.dilationWidth,
      bias, false,
    );
    if (g.activation != Activation.none) finishRow(dst, 0, 0, outSize, g.activation);
  }
}

/** Adds what one plane of output gradients gives to its input: any stride. */
function scatterPlane(g: ConvInputGradCommand, dst: usize, src: usize, w: usize): void {
  for (let row: u32 = 0; row < g.outHeight; row++) {
    for (let r: u32 = 0; r < g.kernelHeight; r++) {
      const y = <i32>(row * g.strideHeight + r * g.dilationHeight) - <i32>g.padTop;
      if (<u32>y >= g.height) continue;
      for (let t: u32 = 0; t < g.kernelWidth; t++) {
        const shift = <i32>(t * g.dilationWidth) - <i32>g.padLeft;
        const low = firstInside(shift, g.strideWidth, g.outWidth);
        const high = endInside(shift, g.strideWidth, g.width, g.outWidth);
        const factor = load<f32>(w + ((r * g.kernelWidth + t) << 2));
        let from = src + (<usize>(row * g.outWidth + low) << 2);
        let to = dst + (<usize>(y * <i32>g.width + <i32>(low * g.strideWidth) + shift) << 2);
        for (let j = low; j < high; j++) {
          store<f32>(to, load<f32>(to) + factor * load<f32>(from));
          from += 4;
          to += <usize>g.strideWidth << 2;
        }
      }
    }
  }
}

function fillPlane(dst: usize, size: u32, value: f32): void {
  for (; size != 0; size--) {
    store<f32>(dst, value);
    dst += 4;
  }
}

export function depthwiseInputGrad(g: ConvInputGradCommand, thread: u32, threads: u32): void {
  const size = g.height * g.width;
  const outPlane: usize = <usize>(g.outHeight * g.outWidth) << 2;
  const taps = g.kernelHeight * g.kernelWidth;
  const multiplier = g.outChannels / g.groups;
  const planes = g.batch * g.inChannels;
  const strideOne = g.strideHeight * g.strideWidth == 1;
  const end = shareStart(planes, 1, thread + 1, threads);
  for (let p = shareStart(planes, 1, thread, threads); p < end; p++) {
    const image = p / g.inChannels;
    const channel = p - image * g.inChannels;
    const dst = (<usize>g.gx << 2) + (<usize>p * size << 2);
    const bias: f32 = g.bias == 0 ? 0 : load<f32>(<usize>(g.bias + channel) << 2);
    if (!strideOne) fillPlane(dst, size, bias);
    for (let o = channel * multiplier; o < (channel + 1) * multiplier; o++) {
      const src = (<usize>g.g << 2) + <usize>(image * g.outChannels + o) * outPlane;
      const w = <usize>(g.w + o * taps) << 2;
      if (strideOne) {
        planeSum(
          dst, g.height, g.width, src, g.outHeight, g.outWidth, w, g.kernelHeight, g.kernelWidth,
          1, 1, g.padTop, g.padLeft, -(<i32>g.dilationHeight), -(<i32>g.dilationWidth),
          bias, o > channel * multiplier,
        );
      } else {
        scatterPlane(g, dst, src, w);
      }
    }
    if (g.activation != Activation.none) finishRow(dst, 0, 0, size, g.activation);
  }
}

/** Σ a[j]·b[j·step/4] over `count` elements. */
function dotRun(a: usize, b: usize, step: usize, count: u32): f32 {
  let sums = f32x4.splat(0);
  const everyOther = step == 8;
  // Every other element: a vector reads one more than it takes.
  const least: u32 = everyOther ? 5 : 4;
  if (step <= 8) {
    for (; count >= least; count -= 4) {
      sums = madd(v128.load(a), load4(b, everyOther), sums);
      a += 16;
      b += step << 2;
    }
  }
  let sum =
    f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  for (; count != 0; count--) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += step;
  }
  return sum;
}

export function depthwiseWeightGrad(g: ConvWeightGradCommand, thread: u32, threads: u32): void {
  const inPlane: usize = <usize>(g.height * g.width) << 2;
  const outPlane: usize = <usize>(g.outHeight * g.outWidth) << 2;
  const taps = g.kernelHeight * g.kernelWidth;
  const multiplier = g.outChannels / g.groups;
  const step: usize = <usize>g.strideWidth << 2;
  const end = shareStart(g.outChannels, 1, thread + 1, threads);
  for (let o = shareStart(g.outChannels, 1, thread, threads); o < end; o++) {
    for (let tap: u32 = 0; tap < taps; tap++) {
      const tapRow = tap / g.kernelWidth;
      const shift = <i32>((tap - tapRow * g.kernelWidth) * g.dilationWidth) - <i32>g.padLeft;
      const low = firstInside(shift, g.strideWidth, g.outWidth);
      const high = max(low, endInside(shift, g.strideWidth, g.width, g.outWidth));
      let sum: f64 = 0;
      for (let image: u32 = 0; image < g.batch; image++) {
        const x = (<usize>g.x << 2) + <usize>(image * g.inChannels + o / multiplier) * inPlane;
        const y = (<usize>g.g << 2) + <usize>(image * g.outChannels + o) * outPlane;
        for (let row: u32 = 0; row < g.outHeight; row++) {
          const at = <i32>(row * g.strideHeight + tapRow * g.dilationHeight) - <i32>g.padTop;
          if (<u32>at >= g.height) continue;
          const src = x + (<usize>(at * <i32>g.width + <i32>(low * g.strideWidth) + shift) << 2);
          sum += dotRun(y + (<usize>(row * g.outWidth + low) << 2), src, step, high - low);
        }
      }
      store<f32>(<usize>(g.gw + o * taps + tap) << 2, <f32>sum);
    }
  }
}
