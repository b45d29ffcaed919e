/**
 * Resizing of planes, nearest or bilinear, and its gradient. Positions are computed in single precision, as the command
 * table says. Each thread takes planes of its own. Outputs overlap no input; no alignment is needed.
 */
import { ResizeCommand, ResizeGradCommand, ResizeMode } from '../generated/commands';
import { firstOf } from '../reduce/share';

const ONE: f32 = 1;

/** Where output o reads a dimension. */
// @ts-ignore: decorator
@inline
function positionOf(o: u32, scale: f32, mode: u32): f32 {
  if (mode == ResizeMode.bilinear) return max<f32>(0, (<f32>o + 0.5) * scale - 0.5);
  return <f32>o * scale;
}

// @ts-ignore: decorator
@inline
function before(position: f32, size: u32): u32 {
  return min(<u32>position, size - 1);
}

function resizePlane(c: ResizeCommand, x: usize, y: usize): void {
  const mode = c.mode;
  const width = c.width;
  for (let o: u32 = 0; o < c.outHeight; o++) {
    const t = positionOf(o, c.scaleHeight, mode);
    const top = before(t, c.height);
    const down = t - <f32>top;
    const upper = x + ((<usize>top * width) << 2);
    const lower = top + 1 < c.height ? upper + (<usize>width << 2) : upper;
    for (let i: u32 = 0; i < c.outWidth; i++) {
      const s = positionOf(i, c.scaleWidth, mode);
      const left = before(s, width);
      const at = <usize>left << 2;
      let v = load<f32>(upper + at);
      if (mode != ResizeMode.nearest) {
        const right = s - <f32>left;
        const next = left + 1 < width ? at + 4 : at;
        const high = (ONE - right) * v + right * load<f32>(upper + next);
        const low = (ONE - right) * load<f32>(lower + at) + right * load<f32>(lower + next);
        v = (ONE - down) * high + down * low;
      }
      store<f32>(y, v);
      y += 4;
    }
  }
}

export function resizeKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<ResizeCommand>(cmd);
  const last = firstOf(c.planes, thread + 1, threads);
  const inBytes = (<usize>c.height * c.width) << 2;
  const outBytes = (<usize>c.outHeight * c.outWidth) << 2;
  for (let p = firstOf(c.planes, thread, threads); p < last; p++) {
    resizePlane(c, (<usize>c.x << 2) + inBytes * p, (<usize>c.y << 2) + outBytes * p);
  }
}

// @ts-ignore: decorator
@inline
function addAt(p: usize, v: f32): void {
  store<f32>(p, load<f32>(p) + v);
}

function gradPlane(c: ResizeGradCommand, g: usize, gx: usize): void {
  const mode = c.mode;
  const width = c.width;
  for (let o: u32 = 0; o < c.outHeight; o++) {
    const t = positionOf(o, c.scaleHeight, mode);
    const top = before(t, c.height);
    const down = t - <f32>top;
    const upper = gx + ((<usize>top * width) << 2);
    const lower = top + 1 < c.height ? upper + (<usize>width << 2) : upper;
    for (let i: u32 = 0; i < c.outWidth; i++) {
      const s = positionOf(i, c.scaleWidth, mode);
      const left = before(s, width);
      const at = <usize>left << 2;
      const v = load<f32>(g);
      g += 4;
      if (mode == ResizeMode.nearest) {
        addAt(upper + at, v);
        continue;
      }
      const right = s - <f32>left;
      const next = left + 1 < width ? at + 4 : at;
      addAt(upper + at, (ONE - down) * (ONE - right) * v);
      addAt(upper + next, (ONE - down) * right * v);
      addAt(lower + at, down * (ONE - right) * v);
      addAt(lower + next, down * right * v);
    }
  }
}

export function resizeGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<ResizeGradCommand>(cmd);
  const last = firstOf(c.planes, thread + 1, threads);
  const inBytes = (<usize>c.height * c.width) << 2;
  const outBytes = (<usize>c.outHeight * c.outWidth) << 2;
  for (let p = firstOf(c.planes, thread, threads); p < last; p++) {
    const gx = (<usize>c.gx << 2) + inBytes * p;
    memory.fill(gx, 0, inBytes);
    gradPlane(c, (<usize>c.g << 2) + outBytes * p, gx);
  }
}
