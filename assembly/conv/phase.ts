/**
 * The phases of the gradient with respect to the input. Where the stride is s, an input position y is met by the taps t with
 * t·dilation ≡ y + padding (mod s) only: the positions with one remainder are a convolution of stride 1 with every
 * `tapStep`-th tap, in reverse, and nothing is multiplied by 0. The results of a phase are s apart.
 */
import { ConvInputGradCommand } from '../generated/commands';
import { ConvJob } from './job';

/** First tap of a dimension that meets the positions with this remainder; `taps` if there is none. */
function firstTap(remainder: u32, dilation: u32, stride: u32, taps: u32): u32 {
  const end = min(taps, stride);
  for (let tap: u32 = 0; tap < end; tap++) if ((tap * dilation) % stride == remainder) return tap;
  return taps;
}

/** Taps from one that meets a position to the next: stride / gcd(stride, dilation). */
function tapStep(dilation: u32, stride: u32): u32 {
  let a = stride;
  let b = dilation;
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return stride / a;
}

// @ts-ignore: decorator
@inline
function ceilDiv(a: u32, b: u32): u32 {
  return (a + b - 1) / b;
}

/**
 * Sets a job's taps, grid and positions to those of the phase that begins at (row, col) of the input. Returns the number of the
 * phase's first tap in the kernel.
 */
export function setPhase(g: ConvInputGradCommand, job: ConvJob, row: u32, col: u32): u32 {
  const stepH = tapStep(g.dilationHeight, g.strideHeight);
  const stepW = tapStep(g.dilationWidth, g.strideWidth);
  const tapH = firstTap((row + g.padTop) % g.strideHeight, g.dilationHeight, g.strideHeight, g.kernelHeight);
  const tapW = firstTap((col + g.padLeft) % g.strideWidth, g.dilationWidth, g.strideWidth, g.kernelWidth);
  job.tapRows = ceilDiv(g.kernelHeight - tapH, stepH);
  job.tapCols = ceilDiv(g.kernelWidth - tapW, stepW);
  job.aTapRow = <usize>(stepH * g.kernelWidth) << 2;
  job.aTapCol = <usize>stepW << 2;
  job.gridHeight = ceilDiv(g.height - row, g.strideHeight);
  job.gridWidth = ceilDiv(g.width - col, g.strideWidth);
  job.mulRow = 1;
  job.mulCol = 1;
  job.baseRow = <i32>(row + g.padTop - tapH * g.dilationHeight) / <i32>g.strideHeight;
  job.baseCol = <i32>(col + g.padLeft - tapW * g.dilationWidth) / <i32>g.strideWidth;
  job.stepRow = -(<i32>(stepH * g.dilationHeight) / <i32>g.strideHeight);
  job.stepCol = -(<i32>(stepW * g.dilationWidth) / <i32>g.strideWidth);
  job.cGridRow = <usize>(g.strideHeight * g.width) << 2;
  job.cGridCol = <usize>g.strideWidth << 2;
  return tapH * g.kernelWidth + tapW;
}
