/** Resizing of planes: one thread per element of the result. The gradient gathers from the outputs that read an element. */

import { readerOf } from '../../../bindings/commands/fields.ts';
import { resizeModes } from '../../../bindings/commands/resize.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

const readResize = readerOf('resize');
const readResizeGrad = readerOf('resizeGrad');

const EXTENTS = ['planes', 'height', 'width', 'outHeight', 'outWidth', 'scaleHeight', 'scaleWidth'] as const;

/** Where output `o` reads a dimension: element `first` with weight 1 − share, `second` with weight share. */
const blendSource = (mode: (typeof resizeModes)[number]) => `
struct Blend { first: u32, second: u32, share: f32 }
fn blendOf(o: u32, size: u32, scale: u32) -> Blend {
  let t = ${
    mode === 'bilinear' ? 'max(0.0, (f32(o) + 0.5) * bitcast<f32>(scale) - 0.5)' : 'f32(o) * bitcast<f32>(scale)'
  };
  let first = min(u32(t), size - 1u);
  return Blend(first, min(first + 1u, size - 1u), ${mode === 'nearest' ? '0.0' : 't - f32(first)'});
}
// The share of element i in what output o reads.
fn shareOf(i: u32, o: u32, size: u32, scale: u32) -> f32 {
  let blend = blendOf(o, size, scale);
  return select(0.0, 1.0 - blend.share, blend.first == i) + select(0.0, blend.share, blend.second == i);
}
// Outputs before the first one that reads element i, and after the last; rounding moves them by at most one.
fn firstOutput(i: u32, scale: u32) -> u32 {
  let o = floor((f32(i) - 1.5) / max(bitcast<f32>(scale), 1e-20)) - 2.0;
  return u32(max(o, 0.0));
}
fn endOutput(i: u32, size: u32, scale: u32, outSize: u32) -> u32 {
  if (i + 1u >= size) { return outSize; }
  let o = ceil((f32(i) + 1.5) / max(bitcast<f32>(scale), 1e-20)) + 2.0;
  return u32(min(o, f32(outSize)));
}
`;

const parameters = new Parameters([...EXTENTS, 'x', 'y']);

const resize: GpuKernel = (words, at, planner) => {
  const command = readResize(words, at);
  const n = command.planes * command.outHeight * command.outWidth;
  if (n === 0) return;
  const mode = resizeModes[command.mode]!;
  planner.launch({
    key: `resize ${mode}`,
    source: () =>
      shader({
        parameters,
        outside: blendSource(mode),
        body: `if (id >= planes * outHeight * outWidth) { return; }
let row = blendOf(id / outWidth % outHeight, height, scaleHeight);
let col = blendOf(id % outWidth, width, scaleWidth);
let start = x + id / (outHeight * outWidth) * height * width;
let upper = start + row.first * width;
${
  mode === 'nearest'
    ? 'heap[y + id] = heap[upper + col.first];'
    : `let lower = start + row.second * width;
let above = (1.0 - col.share) * f(upper + col.first) + col.share * f(upper + col.second);
let below = (1.0 - col.share) * f(lower + col.first) + col.share * f(lower + col.second);
put(y + id, (1.0 - row.share) * above + row.share * below);`
}`,
      }),
    words: [...EXTENTS, 'x' as const, 'y' as const].map((name) => command[name]),
    groups: gridOfThreads(n),
  });
};

const gradParameters = new Parameters([...EXTENTS, 'g', 'gx']);

const resizeGrad: GpuKernel = (words, at, planner) => {
  const command = readResizeGrad(words, at);
  const n = command.planes * command.height * command.width;
  if (n === 0) return;
  const mode = resizeModes[command.mode]!;
  planner.launch({
    key: `resizeGrad ${mode}`,
    source: () =>
      shader({
        parameters: gradParameters,
        outside: blendSource(mode),
        body: `if (id >= planes * height * width) { return; }
let inRow = id / width % height;
let inCol = id % width;
let start = g + id / (height * width) * outHeight * outWidth;
let endRow = endOutput(inRow, height, scaleHeight, outHeight);
let firstCol = firstOutput(inCol, scaleWidth);
let endCol = endOutput(inCol, width, scaleWidth, outWidth);
var sum = 0.0;
for (var row = firstOutput(inRow, scaleHeight); row < endRow; row++) {
  let tall = shareOf(inRow, row, height, scaleHeight);
  if (tall == 0.0) { continue; }
  for (var col = firstCol; col < endCol; col++) {
    let share = tall * shareOf(inCol, col, width, scaleWidth);
    if (share != 0.0) { sum += share * f(start + row * outWidth + col); }
  }
}
put(gx + id, sum);`,
      }),
    words: [...EXTENTS, 'g' as const, 'gx' as const].map((name) => command[name]),
    groups: gridOfThreads(n),
  });
};

export const resizeKernels = { resize, resizeGrad } satisfies GpuKernels;
