/** Normalisation: statistics row by row, the rest element by element. */
import { readerOf } from '../../../bindings/commands/fields.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { joins, launchRows } from './rows.ts';

const readMoments = readerOf('moments');
const readNormalize = readerOf('normalize');
const readNormGrad = readerOf('normGrad');
const readNormSums = readerOf('normSums');
const readRmsNorm = readerOf('rmsNorm');

const moments: GpuKernel = (words, at, planner) => {
  const command = readMoments(words, at);
  const { outer, size } = command;
  const names = [
    'x',
    'mean',
    'rstd',
    'runningMean',
    'runningVariance',
    'tracked',
    'groups',
    'eps',
    'momentum',
  ] as const;
  launchRows(planner, {
    key: 'moments',
    values: { ...Object.fromEntries(names.map((name) => [name, command[name]])), length: size },
    rows: command.groups,
    size: outer * size,
    joins: { Sum: joins.Sum },
    body: `
var sum = 0.0;
for (var e = lane; e < size; e += lanes) { sum += f(x + (e / length * groups + row) * length + e % length); }
let average = allSum(sum, lane) / f32(size);
var squares = 0.0;
for (var e = lane; e < size; e += lanes) {
  let difference = f(x + (e / length * groups + row) * length + e % length) - average;
  squares += difference * difference;
}
squares = allSum(squares, lane);
if (lane == 0u) {
  put(mean + row, average);
  put(rstd + row, 1.0 / sqrt(squares / f32(size) + bitcast<f32>(eps)));
  if (runningMean != 0u) {
    var share = bitcast<f32>(momentum);
    if (tracked != 0u) { share = 1.0 / f32(i(tracked)); }
    put(runningMean + row, (1.0 - share) * f(runningMean + row) + share * average);
    put(runningVariance + row, (1.0 - share) * f(runningVariance + row) + share * squares / f32(i32(size) - 1));
  }
}`,
  });
};

const weightSource = `
fn weightOf(weight: u32, c: u32) -> f32 { if (weight == 0u) { return 1.0; } return f(weight + c); }
`;

/** The index of the mean of channel `c` at outer index `o`. */
const groupSource = `${weightSource}
fn groupOf(o: u32, c: u32, channels: u32, groupChannels: u32) -> u32 {
  if (groupChannels == 0u) { return c; }
  return (o * channels + c) / groupChannels;
}
`;
const VIEW = ['outer', 'channels', 'spatial', 'groupChannels'] as const;

const normalizeParameters = new Parameters(['x', 'mean', 'rstd', 'weight', 'bias', 'y', ...VIEW]);

/** The channel, the index of the mean, and x̂ of element `id`. */
const element = `if (id >= outer * channels * spatial) { return; }
let c = id / spatial % channels;
let group = groupOf(id / (spatial * channels), c, channels, groupChannels);
let normal = (f(x + id) - f(mean + group)) * f(rstd + group);`;

const normalize: GpuKernel = (words, at, planner) => {
  const command = readNormalize(words, at);
  const n = command.outer * command.channels * command.spatial;
  if (n === 0) return;
  const names = ['x', 'mean', 'rstd', 'weight', 'bias', 'y', ...VIEW] as const;
  planner.launch({
    key: 'normalize',
    source: () =>
      shader({
        parameters: normalizeParameters,
        outside: groupSource,
        body: `${element}
var shift = 0.0;
if (bias != 0u) { shift = f(bias + c); }
put(y + id, normal * weightOf(weight, c) + shift);`,
      }),
    words: names.map((name) => command[name]),
    groups: gridOfThreads(n),
  });
};

const normSums: GpuKernel = (words, at, planner) => {
  const command = readNormSums(words, at);
  const names = ['x', 'g', 'mean', 'rstd', 'sums', 'products', 'channels', 'spatial', 'groupChannels'] as const;
  launchRows(planner, {
    key: 'normSums',
    values: Object.fromEntries(names.map((name) => [name, command[name]])),
    rows: command.channels,
    size: command.outer * command.spatial,
    joins: { Sum: joins.Sum },
    outside: groupSource,
    body: `
var sum = 0.0;
var product = 0.0;
for (var e = lane; e < size; e += lanes) {
  let o = e / spatial;
  let at = (o * channels + row) * spatial + e % spatial;
  let group = groupOf(o, row, channels, groupChannels);
  let v = f(g + at);
  sum += v;
  product += v * (f(x + at) - f(mean + group)) * f(rstd + group);
}
sum = allSum(sum, lane);
product = allSum(product, lane);
if (lane == 0u) {
  put(sums + row, sum);
  put(products + row, product);
}`,
  });
};

const gradParameters = new Parameters([
  ...(['x', 'g', 'mean', 'rstd', 'weight', 'sums', 'products', 'gx', ...VIEW] as const),
  'means',
]);

const normGrad: GpuKernel = (words, at, planner) => {
  const command = readNormGrad(words, at);
  const { outer, channels, spatial, groupChannels } = command;
  const n = outer * channels * spatial;
  if (n === 0) return;
  const names = ['x', 'g', 'mean', 'rstd', 'weight', 'sums', 'products', 'gx', ...VIEW] as const;
  const values = Object.fromEntries(names.map((name) => [name, command[name]]));
  const groups = groupChannels === 0 ? channels : (outer * channels) / groupChannels;
  const means = groupChannels === 0 ? 0 : planner.scratch(2 * groups);
  if (groupChannels !== 0) {
    launchRows(planner, {
      key: 'normGrad means',
      values: { ...values, means },
      rows: groups,
      size: groupChannels * spatial,
      joins: { Sum: joins.Sum },
      outside: groupSource,
      body: `
var first = 0.0;
var second = 0.0;
for (var e = lane; e < size; e += lanes) {
  let at = row * size + e;
  let v = f(g + at) * weightOf(weight, at / spatial % channels);
  first += v;
  second += v * (f(x + at) - f(mean + row)) * f(rstd + row);
}
first = allSum(first, lane);
second = allSum(second, lane);
if (lane == 0u) {
  put(means + 2u * row, first / f32(size));
  put(means + 2u * row + 1u, second / f32(size));
}`,
    });
  }
  planner.launch({
    key: 'normGrad',
    source: () =>
      shader({
        parameters: gradParameters,
        outside: groupSource,
        body: `${element}
let w = weightOf(weight, c);
var a = 0.0;
var b = 0.0;
if (groupChannels != 0u) {
  a = f(means + 2u * group);
  b = f(means + 2u * group + 1u);
} else if (sums != 0u) {
  a = w * f(sums + c) / f32(outer * spatial);
  b = w * f(products + c) / f32(outer * spatial);
}
put(gx + id, f(rstd + group) * (f(g + id) * w - a - normal * b));`,
      }),
    words: [...names.map((name) => command[name]), means],
    groups: gridOfThreads(n),
  });
};

const rmsNorm: GpuKernel = (words, at, planner) => {
  const { x, weight, y, rstd, rows, cols, eps } = readRmsNorm(words, at);
  launchRows(planner, {
    key: 'rmsNorm',
    values: { x, weight, y, rstd, eps },
    rows,
    size: cols,
    joins: { Sum: joins.Sum },
    outside: weightSource,
    body: `
let first = row * size;
var squares = 0.0;
for (var e = lane; e < size; e += lanes) {
  let v = f(x + first + e);
  squares += v * v;
}
let scale = 1.0 / sqrt(allSum(squares, lane) / f32(size) + bitcast<f32>(eps));
if (lane == 0u) { put(rstd + row, scale); }
for (var e = lane; e < size; e += lanes) { put(y + first + e, f(x + first + e) * scale * weightOf(weight, e)); }`,
  });
};

export const normKernels = { moments, normalize, normSums, normGrad, rmsNorm } satisfies GpuKernels;
