/** Pooling over planes: one thread per element of the result. Gradients gather from the windows that contain an element, in their order. */
import { readerOf } from '../../../bindings/commands/fields.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads, type Planner } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

const readAvgPool = readerOf('avgPool');
const readAvgPoolGrad = readerOf('avgPoolGrad');
const readMaxPool = readerOf('maxPool');
const readMaxPoolGrad = readerOf('maxPoolGrad');

const EXTENTS = [
  ...(['planes', 'height', 'width', 'outHeight', 'outWidth', 'kernelHeight', 'kernelWidth'] as const),
  ...(['strideHeight', 'strideWidth', 'padHeight', 'padWidth'] as const),
];

/** The fields of these names, as a shader takes them. */
function picked<N extends string>(command: Readonly<Record<N, number>>, names: readonly N[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, command[name]]));
}

/** One thread for each of n elements. */
function launchElements(
  planner: Planner,
  key: string,
  n: number,
  values: Record<string, number>,
  body: string,
  outside = '',
) {
  if (n === 0) return;
  const all = { count: n, ...values };
  const parameters = new Parameters(Object.keys(all));
  planner.launch({
    key,
    source: () => shader({ parameters, outside, body: `if (id >= count) { return; }\n${body}` }),
    words: parameters.words(all),
    groups: gridOfThreads(n),
  });
}

/** A window along one dimension: element k of it is at start + k·dilation; those from `first` to before `end` are inside. */
const windowSource = `
struct Window { start: i32, first: i32, end: i32, padded: i32 }
fn windowOf(o: u32, size: u32, outSize: u32, kernel: u32, stride: u32, pad: u32, dilation: u32) -> Window {
  if (kernel == 0u) {
    let start = i32(o * size / outSize);
    let end = i32(((o + 1u) * size + outSize - 1u) / outSize) - start;
    return Window(start, 0, end, end);
  }
  let start = i32(o * stride) - i32(pad);
  let step = i32(dilation);
  let first = select(0, (-start + step - 1) / step, start < 0);
  let left = i32(size) - start;
  let end = min(i32(kernel), select(0, (left + step - 1) / step, left > 0));
  let leftPadded = left + i32(pad);
  return Window(start, first, end, min(i32(kernel), (leftPadded + step - 1) / step));
}
`;

const windows = (dilated: boolean, row: string, col: string) => `
let tall = windowOf(${row}, height, outHeight, kernelHeight, strideHeight, padHeight, ${dilated ? 'dilationHeight' : '1u'});
let wide = windowOf(${col}, width, outWidth, kernelWidthOrNone, strideWidth, padWidth, ${dilated ? 'dilationWidth' : '1u'});`;

/** kernelHeight 0 means adaptive: then kernelWidth must not be read. */
const adaptive = 'let kernelWidthOrNone = select(kernelWidth, 0u, kernelHeight == 0u);';

const place = `${adaptive}
let plane = id / (outHeight * outWidth);
let outRow = id / outWidth % outHeight;
let outCol = id % outWidth;`;

const maxPool: GpuKernel = (words, at, planner) => {
  const command = readMaxPool(words, at);
  launchElements(
    planner,
    'maxPool',
    command.planes * command.outHeight * command.outWidth,
    picked(command, [...EXTENTS, 'x', 'y', 'indices', 'dilationHeight', 'dilationWidth']),
    `${place}
${windows(true, 'outRow', 'outCol')}
let start = x + plane * height * width;
let rowStep = select(i32(dilationHeight), 1, kernelHeight == 0u);
let colStep = select(i32(dilationWidth), 1, kernelHeight == 0u);
var best = u32(tall.start + tall.first * rowStep) * width + u32(wide.start + wide.first * colStep);
for (var i = tall.first; i < tall.end; i++) {
  for (var j = wide.first; j < wide.end; j++) {
    let at = u32(tall.start + i * rowStep) * width + u32(wide.start + j * colStep);
    let v = f(start + at);
    if (isNan(v) || (v > f(start + best) && !isNan(f(start + best)))) { best = at; }
  }
}
heap[y + id] = heap[start + best];
if (indices != 0u) { heap[indices + id] = best; }`,
    windowSource,
  );
};

/** One thread per output: of those that chose the same element, the first adds up all. */
const maxPoolGrad: GpuKernel = (words, at, planner) => {
  const command = readMaxPoolGrad(words, at);
  const { planes, inSize, outSize, gx } = command;
  launchElements(planner, 'maxPoolGrad zero', planes * inSize, { gx }, 'heap[gx + id] = 0u;');
  launchElements(
    planner,
    'maxPoolGrad',
    planes * outSize,
    picked(command, ['g', 'indices', 'gx', 'planes', 'inSize', 'outSize']),
    `let start = id / outSize * outSize;
let own = min(heap[indices + id], inSize - 1u);
for (var o = start; o < id; o++) {
  if (min(heap[indices + o], inSize - 1u) == own) { return; }
}
var sum = 0.0;
for (var o = id; o < start + outSize; o++) {
  if (min(heap[indices + o], inSize - 1u) == own) { sum += f(g + o); }
}
put(gx + id / outSize * inSize + own, sum);`,
  );
};

/** The divisor of a window's sum. */
const divisor = `f32(select((tall.end - tall.first) * (wide.end - wide.first), tall.padded * wide.padded, countPad == 1u))`;

const avgPool: GpuKernel = (words, at, planner) => {
  const command = readAvgPool(words, at);
  launchElements(
    planner,
    'avgPool',
    command.planes * command.outHeight * command.outWidth,
    picked(command, [...EXTENTS, 'x', 'y', 'countPad']),
    `${place}
${windows(false, 'outRow', 'outCol')}
var sum = 0.0;
for (var i = tall.first; i < tall.end; i++) {
  for (var j = wide.first; j < wide.end; j++) {
    sum += f(x + (plane * height + u32(tall.start + i)) * width + u32(wide.start + j));
  }
}
put(y + id, sum / ${divisor});`,
    windowSource,
  );
};

/** The range of outputs whose windows can contain element `${at}` of a dimension. */
const outputs = (at: string, side: 'Height' | 'Width', size: 'height' | 'width') => {
  const kernel = side === 'Height' ? 'kernelHeight' : 'kernelWidthOrNone';
  return `
let first${side} = select(
  select(0u, (${at} + pad${side} - ${kernel}) / stride${side} + 1u, ${at} + pad${side} >= ${kernel}),
  ${at} * out${side} / ${size},
  kernelHeight == 0u);
let end${side} = min(
  select((${at} + pad${side}) / stride${side} + 1u, ((${at} + 1u) * out${side} + ${size} - 1u) / ${size}, kernelHeight == 0u),
  out${side});`;
};

const avgPoolGrad: GpuKernel = (words, at, planner) => {
  const command = readAvgPoolGrad(words, at);
  launchElements(
    planner,
    'avgPoolGrad',
    command.planes * command.height * command.width,
    picked(command, [...EXTENTS, 'g', 'gx', 'countPad']),
    `${adaptive}
let plane = id / (height * width);
let inRow = id / width % height;
let inCol = id % width;
${outputs('inRow', 'Height', 'height')}
${outputs('inCol', 'Width', 'width')}
var sum = 0.0;
for (var outRow = firstHeight; outRow < endHeight; outRow++) {
  for (var outCol = firstWidth; outCol < endWidth; outCol++) {
    ${windows(false, 'outRow', 'outCol')}
    let inside = i32(inRow) - tall.start >= tall.first && i32(inRow) - tall.start < tall.end
      && i32(inCol) - wide.start >= wide.first && i32(inCol) - wide.start < wide.end;
    if (inside) { sum += f(g + (plane * outHeight + outRow) * outWidth + outCol) / ${divisor}; }
  }
}
put(gx + id, sum);`,
    windowSource,
  );
};

export const poolKernels = { maxPool, maxPoolGrad, avgPool, avgPoolGrad } satisfies GpuKernels;
