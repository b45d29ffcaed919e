/** Normalisation as the command table defines it. Sums are doubles until they are stored. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const M = fieldsOf('moments');

/** Mean and 1/√(variance + eps) of each group, and the running statistics. */
const moments: ReferenceKernel = ({ f, i }, words, floats, at) => {
  const x = words[at + M.x]!;
  const outer = words[at + M.outer]!;
  const groups = words[at + M.groups]!;
  const size = words[at + M.size]!;
  const runningMean = words[at + M.runningMean]!;
  const runningVariance = words[at + M.runningVariance]!;
  const tracked = words[at + M.tracked]!;
  const share = tracked === 0 ? floats[at + M.momentum]! : 1 / i[tracked]!;
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
    f[words[at + M.mean]! + group] = mean;
    f[words[at + M.rstd]! + group] = 1 / Math.sqrt(squares / n + floats[at + M.eps]!);
    if (runningMean === 0) continue;
    f[runningMean + group] = (1 - share) * f[runningMean + group]! + share * mean;
    f[runningVariance + group] = (1 - share) * f[runningVariance + group]! + (share * squares) / (n - 1);
  }
};

/** Which mean belongs to channel c of outer index o. */
const groupOf = (o: number, c: number, channels: number, groupChannels: number): number =>
  groupChannels === 0 ? c : Math.floor((o * channels + c) / groupChannels);

const N = fieldsOf('normalize');

/** y = (x − mean)·rstd·weight + bias. */
const normalize: ReferenceKernel = ({ f }, words, _floats, at) => {
  const weight = words[at + N.weight]!;
  const bias = words[at + N.bias]!;
  const channels = words[at + N.channels]!;
  let x = words[at + N.x]!;
  let y = words[at + N.y]!;
  for (let o = 0; o < words[at + N.outer]!; o++) {
    for (let c = 0; c < channels; c++) {
      const group = groupOf(o, c, channels, words[at + N.groupChannels]!);
      const mean = f[words[at + N.mean]! + group]!;
      const rstd = f[words[at + N.rstd]! + group]!;
      const w = weight === 0 ? 1 : f[weight + c]!;
      const b = bias === 0 ? 0 : f[bias + c]!;
      for (let s = 0; s < words[at + N.spatial]!; s++, x++, y++) f[y] = (f[x]! - mean) * rstd * w + b;
    }
  }
};

const S = fieldsOf('normSums');

/** Σ g and Σ g·x̂ of each channel. */
const normSums: ReferenceKernel = ({ f }, words, _floats, at) => {
  const channels = words[at + S.channels]!;
  const spatial = words[at + S.spatial]!;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    let product = 0;
    for (let o = 0; o < words[at + S.outer]!; o++) {
      const group = groupOf(o, c, channels, words[at + S.groupChannels]!);
      const mean = f[words[at + S.mean]! + group]!;
      const rstd = f[words[at + S.rstd]! + group]!;
      const start = (o * channels + c) * spatial;
      for (let e = start; e < start + spatial; e++) {
        const g = f[words[at + S.g]! + e]!;
        sum += g;
        product += g * (f[words[at + S.x]! + e]! - mean) * rstd;
      }
    }
    f[words[at + S.sums]! + c] = sum;
    f[words[at + S.products]! + c] = product;
  }
};

const G = fieldsOf('normGrad');

/** gx = rstd·(g·weight − a − x̂·b). */
const normGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const outer = words[at + G.outer]!;
  const channels = words[at + G.channels]!;
  const spatial = words[at + G.spatial]!;
  const groupChannels = words[at + G.groupChannels]!;
  const weight = words[at + G.weight]!;
  const sums = words[at + G.sums]!;
  const groups = groupChannels === 0 ? channels : (outer * channels) / groupChannels;
  const weightOf = (c: number) => (weight === 0 ? 1 : f[weight + c]!);
  const meanOf = (group: number) => f[words[at + G.mean]! + group]!;
  const rstdOf = (group: number) => f[words[at + G.rstd]! + group]!;
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
      const g = (f[words[at + G.g]! + e]! * weightOf(c)) / (groupChannels * spatial);
      a[group]! += g;
      b[group]! += g * (f[words[at + G.x]! + e]! - meanOf(group)) * rstdOf(group);
    });
  } else if (sums !== 0) {
    for (let c = 0; c < channels; c++) {
      a[c] = (weightOf(c) * f[sums + c]!) / (outer * spatial);
      b[c] = (weightOf(c) * f[words[at + G.products]! + c]!) / (outer * spatial);
    }
  }
  visit((e, c, group) => {
    const rstd = rstdOf(group);
    const normal = (f[words[at + G.x]! + e]! - meanOf(group)) * rstd;
    f[words[at + G.gx]! + e] = rstd * (f[words[at + G.g]! + e]! * weightOf(c) - a[group]! - normal * b[group]!);
  });
};

export const normKernels = { moments, normalize, normSums, normGrad } satisfies ReferenceKernels;
