/** Normalisation as the command table defines it. Sums are doubles until they are stored. */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readMoments = readerOf('moments');
const readNormalize = readerOf('normalize');
const readNormGrad = readerOf('normGrad');
const readNormSums = readerOf('normSums');
const readRmsNorm = readerOf('rmsNorm');

/** Mean and 1/√(variance + eps) of each group, and the running statistics. */
const moments: ReferenceKernel = ({ f, i }, words, floats, at) => {
  const command = readMoments(words, at, floats);
  const { x, outer, groups, size, runningMean, runningVariance, tracked } = command;
  const share = tracked === 0 ? command.momentum : 1 / i[tracked]!;
  const n = outer * size;
  for (let group = 0; group < groups; group++) {
    const each = (visit: (value: number) => void) => {
      for (let o = 0; o < outer; o++) {
        const start = x + (o * groups + group) * size;
        for (let e = start; e < start + size; e++) visit(f[e]!);
      }
    };
    let sum = 0;
    each((value) => {
      sum += value;
    });
    const mean = sum / n;
    let squares = 0;
    each((value) => {
      squares += (value - mean) ** 2;
    });
    f[command.mean + group] = mean;
    f[command.rstd + group] = 1 / Math.sqrt(squares / n + command.eps);
    if (runningMean === 0) continue;
    f[runningMean + group] = (1 - share) * f[runningMean + group]! + share * mean;
    f[runningVariance + group] = (1 - share) * f[runningVariance + group]! + (share * squares) / (n - 1);
  }
};

/** Which mean belongs to channel c of outer index o. */
const groupOf = (o: number, c: number, channels: number, groupChannels: number): number =>
  groupChannels === 0 ? c : Math.floor((o * channels + c) / groupChannels);

/** y = (x − mean)·rstd·weight + bias. */
const normalize: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readNormalize(words, at);
  const { weight, bias, channels } = command;
  let x = command.x;
  let y = command.y;
  for (let o = 0; o < command.outer; o++) {
    for (let c = 0; c < channels; c++) {
      const group = groupOf(o, c, channels, command.groupChannels);
      const mean = f[command.mean + group]!;
      const rstd = f[command.rstd + group]!;
      const w = weight === 0 ? 1 : f[weight + c]!;
      const b = bias === 0 ? 0 : f[bias + c]!;
      for (let s = 0; s < command.spatial; s++, x++, y++) f[y] = (f[x]! - mean) * rstd * w + b;
    }
  }
};

/** Σ g and Σ g·x̂ of each channel. */
const normSums: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readNormSums(words, at);
  const { channels, spatial } = command;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    let product = 0;
    for (let o = 0; o < command.outer; o++) {
      const group = groupOf(o, c, channels, command.groupChannels);
      const mean = f[command.mean + group]!;
      const rstd = f[command.rstd + group]!;
      const start = (o * channels + c) * spatial;
      for (let e = start; e < start + spatial; e++) {
        const g = f[command.g + e]!;
        sum += g;
        product += g * (f[command.x + e]! - mean) * rstd;
      }
    }
    f[command.sums + c] = sum;
    f[command.products + c] = product;
  }
};

/** gx = rstd·(g·weight − a − x̂·b). */
const normGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readNormGrad(words, at);
  const { outer, channels, spatial, groupChannels, weight, sums } = command;
  const groups = groupChannels === 0 ? channels : (outer * channels) / groupChannels;
  const weightOf = (c: number) => (weight === 0 ? 1 : f[weight + c]!);
  const meanOf = (group: number) => f[command.mean + group]!;
  const rstdOf = (group: number) => f[command.rstd + group]!;
  const visit = (fn: (e: number, c: number, group: number) => void) => {
    for (let e = 0; e < outer * channels * spatial; e++) {
      const plane = Math.floor(e / spatial);
      const c = plane % channels;
      fn(e, c, groupOf(Math.floor(plane / channels), c, channels, groupChannels));
    }
  };
  const a = new Float64Array(groups);
  const b = new Float64Array(groups);
  if (groupChannels !== 0) {
    visit((e, c, group) => {
      const g = (f[command.g + e]! * weightOf(c)) / (groupChannels * spatial);
      a[group]! += g;
      b[group]! += g * (f[command.x + e]! - meanOf(group)) * rstdOf(group);
    });
  } else if (sums !== 0) {
    for (let c = 0; c < channels; c++) {
      a[c] = (weightOf(c) * f[sums + c]!) / (outer * spatial);
      b[c] = (weightOf(c) * f[command.products + c]!) / (outer * spatial);
    }
  }
  visit((e, c, group) => {
    const rstd = rstdOf(group);
    const normal = (f[command.x + e]! - meanOf(group)) * rstd;
    f[command.gx + e] = rstd * (f[command.g + e]! * weightOf(c) - a[group]! - normal * b[group]!);
  });
};

/** y = x·rstd·weight, row by row. */
const rmsNorm: ReferenceKernel = ({ f }, words, floats, at) => {
  const command = readRmsNorm(words, at, floats);
  const { weight, rows, cols, eps } = command;
  let x = command.x;
  let y = command.y;
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let c = 0; c < cols; c++) squares += f[x + c]! ** 2;
    const rstd = 1 / Math.sqrt(squares / cols + eps);
    f[command.rstd + row] = rstd;
    for (let c = 0; c < cols; c++, x++, y++) f[y] = f[x]! * rstd * (weight === 0 ? 1 : f[weight + c]!);
  }
};

export const normKernels = { moments, normalize, normSums, normGrad, rmsNorm } satisfies ReferenceKernels;
