/**
 * Rows of the column matrix: what one tap of one channel meets at all output positions of an image. The im2col command
 * writes the whole matrix; the gradient of the weights packs parts of rows.
 */
import { ConvCommand, Im2colCommand } from '../generated/commands';
import { partStart } from '../elementwise/partition';

/** `count` elements, `step` bytes apart. */
export function copyRun(dst: usize, src: usize, step: usize, count: u32): void {
  if (step == 4) {
    for (; count >= 4; count -= 4) {
      v128.store(dst, v128.load(src));
      dst += 16;
      src += 16;
    }
  } else if (step == 8) {
    for (; count > 4; count -= 4) {
      v128.store(dst, i32x4.shuffle(v128.load(src), v128.load(src, 16), 0, 2, 4, 6));
      dst += 16;
      src += 32;
    }
  }
  for (; count != 0; count--) {
    store<f32>(dst, load<f32>(src));
    dst += 4;
    src += step;
  }
}

export function zeroRun(dst: usize, count: u32): void {
  for (; count >= 4; count -= 4) {
    v128.store(dst, f32x4.splat(0));
    dst += 16;
  }
  for (; count != 0; count--) {
    store<f32>(dst, 0);
    dst += 4;
  }
}

/** First output column whose tap is not left of the image, at most outWidth. `shift` is tap·dilation − padding. */
export function firstInside(shift: i32, stride: u32, outWidth: u32): u32 {
  return shift >= 0 ? 0 : min((<u32>-shift + stride - 1) / stride, outWidth);
}

/** End of the output columns whose tap is not right of the image. */
export function endInside(shift: i32, stride: u32, width: u32, outWidth: u32): u32 {
  const reach = <i32>width - shift;
  return reach <= 0 ? 0 : min((<u32>reach + stride - 1) / stride, outWidth);
}

/**
 * The output positions `from` … `from` + count − 1 of one image, at one tap. `plane` is the channel in that image. The geometry is that
 * of any command of the family.
 */
export function columnRow(
  g: ConvCommand,
  dst: usize,
  plane: usize,
  tapRow: u32,
  tapCol: u32,
  from: u32,
  count: u32,
): void {
  const shift = <i32>(tapCol * g.dilationWidth) - <i32>g.padLeft;
  const low = firstInside(shift, g.strideWidth, g.outWidth);
  const high = max(low, endInside(shift, g.strideWidth, g.width, g.outWidth));
  const step: usize = <usize>g.strideWidth << 2;
  let row = from / g.outWidth;
  let col = from - row * g.outWidth;
  while (count != 0) {
    const end = min(g.outWidth, col + count);
    const y = <i32>(row * g.strideHeight + tapRow * g.dilationHeight) - <i32>g.padTop;
    const inside = <u32>y < g.height;
    const first = inside ? min(max(low, col), end) : end;
    const last = inside ? max(min(high, end), first) : end;
    zeroRun(dst, first - col);
    if (first < last) {
      const src = plane + (<usize>(y * <i32>g.width + <i32>(first * g.strideWidth) + shift) << 2);
      copyRun(dst + (<usize>(first - col) << 2), src, step, last - first);
    }
    zeroRun(dst + (<usize>(last - col) << 2), end - last);
    dst += <usize>(end - col) << 2;
    count -= end - col;
    col = 0;
    row++;
  }
}

export function im2colKernel(cmd: usize, thread: u32, threads: u32): void {
  const g = changetype<Im2colCommand>(cmd);
  const taps = g.kernelHeight * g.kernelWidth;
  const size = g.outHeight * g.outWidth;
  const rows = g.batch * g.inChannels * taps;
  const end = partStart(rows, thread + 1, threads);
  for (let row = partStart(rows, thread, threads); row < end; row++) {
    const channel = row / taps;
    const tap = row - channel * taps;
    const plane = <usize>(g.x + channel * g.height * g.width) << 2;
    const dst = <usize>(g.y + row * size) << 2;
    columnRow(changetype<ConvCommand>(cmd), dst, plane, tap / g.kernelWidth, tap % g.kernelWidth, 0, size);
  }
}
