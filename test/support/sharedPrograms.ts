/**
 * Programs of commands that threads share, with their results: every family of kernels, in shapes that are divided
 * along rows, along columns and in chunks.
 */
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import * as encode from '../../bindings/generated/encode.ts';
import { parse, stripOf } from '../../src/program/commands.ts';
import { groupFrom } from '../../src/program/group.ts';
import { randomFloats, randomInts, type Sandbox } from './heap.ts';
import { allRows, unmarked } from './rows.ts';
import { encodeGrad, encodeWinograd } from './winograd.ts';

/** Encodes commands and returns the addresses of their results. */
type Case = (box: Sandbox, p: ProgramBlock) => number[];

export const cases: Record<string, Case> = {};

cases.strip = (box, p) => {
  const n = 50_001;
  const y = box.room(n);
  const x = box.put(randomFloats(n, 4));
  const flat = { ndim: 1, shape: [n], aStrides: [1], bStrides: [1] };
  const local = 1;
  const parts = new ProgramBlock();
  encode.encodeBinary(parts, { fn: encode.BinaryFn.mul, a: x, b: x, y: local, scalar: 0, ...flat });
  encode.encodeUnary(parts, { fn: encode.UnaryFn.tanh, x: local, y: local, n, p0: 0, p1: 0 });
  encode.encodeBinary(parts, { fn: encode.BinaryFn.sub, a: local, b: x, y, scalar: 0, ...flat });
  const { words } = stripOf(parse(parts.words, parts.length), n, p.scratch);
  p.words.set(words, p.reserve(words.length));
  return [y];
};

for (const [outer, size, inner] of [
  [700, 61, 1],
  [1, 50_001, 1],
  [1, 64, 601],
  [9, 70, 65],
  [1, 30_000, 3],
] as const) {
  const name = `[${outer}, ${size}, ${inner}]`;
  const n = outer * size * inner;
  cases[`reduce ${name}`] = (box, p) => {
    const y = box.room(outer * inner);
    const x = box.put(randomFloats(n, 1));
    encode.encodeReduce(p, { fn: encode.ReduceFn.sum, x, y, outer, size, inner, scale: 0.5 });
    return [y];
  };
  cases[`argReduce ${name}`] = (box, p) => {
    const indices = box.room(outer * inner);
    const values = box.room(outer * inner);
    const x = box.put(randomFloats(n, 2));
    encode.encodeArgReduce(p, { fn: encode.ArgReduceFn.max, x, values, indices, outer, size, inner });
    return [values, indices];
  };
  cases[`cumsum ${name}`] = (box, p) => {
    const y = box.room(n);
    encode.encodeCumsum(p, { x: box.put(randomFloats(n, 3)), y, outer, size, inner, reverse: 1, integer: 0 });
    return [y];
  };
}

for (const reduction of [0, 1]) {
  cases[`softmax and cross-entropy, ${reduction}`] = (box, p) => {
    const [rows, cols] = [1601, 99];
    const x = box.put(randomFloats(rows * cols, 4));
    const [y, gx, gl] = [box.room(rows * cols), box.room(rows * cols), box.room(rows * cols)];
    encode.encodeSoftmax(p, { x, y, rows, cols, log: reduction });
    encode.encodeSoftmaxGrad(p, { y: x, g: x, gx, rows, cols, log: reduction });
    const target = box.put(randomInts(rows, 5, 0, cols), 'int32');
    const [loss, lse, norm] = [box.room(reduction ? 1 : rows), box.room(rows), box.room(1)];
    const options = { x, target, weight: 0, lse, norm, rows, cols, reduction, ignoreIndex: 3, smoothing: 0.1 };
    encode.encodeCrossEntropy(p, { ...options, loss });
    const g = box.put(new Float32Array(rows).fill(1));
    const given = { lse: box.put(randomFloats(rows, 6)), norm: box.put([rows]) };
    encode.encodeCrossEntropyGrad(p, { ...options, ...given, g, gx: gl });
    return [y, gx, loss, lse, norm, gl];
  };
}

cases.rows = (box, p) => {
  const [outer, size, count, inner] = [2, 90, 400, 60];
  const index = box.put(randomInts(count, 7, 0, size), 'int32');
  const taken = box.room(outer * count * inner);
  const y = box.put(randomFloats(outer * size * inner, 9));
  encode.encodeTakeRows(p, {
    x: box.put(randomFloats(outer * size * inner, 8)),
    index,
    y: taken,
    outer,
    size,
    count,
    inner,
  });
  const g = box.put(randomFloats(outer * count * inner, 10));
  encode.encodeAddRows(p, { g, index, y, outer, size, count, inner, ...unmarked });
  return [taken, y];
};

for (const integer of [0, 1]) {
  cases[`a check of ${integer ? 'indices' : 'floats'}`] = (box, p) => {
    const n = 60_001;
    const bits = integer ? (value: number) => value : floatBits;
    const x = box.put(
      integer ? randomInts(n, 7, -1, 90) : randomFloats(n, 7, -0.001, 1),
      integer ? 'int32' : 'float32',
    );
    const range = { low: bits(0), high: bits(integer ? 89 : 1), except: bits(-1), integer };
    const faults = [box.put([0, 0, 0], 'int32'), box.put([0, 0, 0], 'int32'), box.put([5, 6, 7], 'int32')];
    encode.encodeCheck(p, { ...range, x, n, fault: faults[0]!, site: 3 });
    encode.encodeCheck(p, {
      ...range,
      x: x + 1,
      n: n - 1,
      fault: faults[1]!,
      site: 4,
      high: bits(integer ? 88 : 0.999),
    });
    encode.encodeCheck(p, { ...range, x, n, fault: faults[2]!, site: 1, except: bits(200) });
    return faults;
  };
}

cases['the gradient of a table, and the step of its rows'] = (box, p) => {
  const [size, count, inner] = [900, 1500, 60];
  const index = box.put(randomInts(count, 7, 0, size), 'int32');
  const [param, y] = [box.put(randomFloats(size * inner, 8)), box.put(new Float32Array(size * inner))];
  const marks = box.put(new Int32Array(size).fill(-1), 'int32');
  const sizes = { index, outer: 1, size, count, inner };
  encode.encodeAddRows(p, { g: box.put(randomFloats(count * inner, 9)), y, marks, first: 0, ...sizes });
  const step = { param, grad: y, velocity: 0, settings: box.put([0.1, 0, 1, 0]), n: size * inner, flags: 0 };
  encode.encodeSgd(p, { ...step, index, marks, count, inner });
  const cleared = box.put(randomFloats(size * inner, 10));
  encode.encodeAddRows(p, { g: 0, y: cleared, ...unmarked, ...sizes });
  return [param, y, marks, cleared];
};

cases.optimizers = (box, p) => {
  const n = 40_003;
  const values = (seed: number) => box.put(randomFloats(n, seed, 0, 1));
  const [param, velocity, other, m, v, vMax] = [1, 2, 3, 4, 5, 6].map(values) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const grad = values(7);
  encode.encodeSgd(p, { param, grad, velocity, settings: box.put([0.1, 0.9, 1, 0.01]), n, flags: 1, ...allRows });
  const settings = box.put([0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.1, 0.5, 0.99]);
  encode.encodeAdam(p, { param: other, grad, m, v, vMax, settings, n, flags: 2 });
  return [param, velocity, other, m, v, vMax];
};

cases['a group of updates'] = (box, p) => {
  const { length, commands } = p;
  const outputs = [1, 3, 15, 16, 17, 100, 40_003, 5, 20_000].flatMap((n, i) => {
    const [param, grad, m, v] = [1, 2, 3, 4].map((seed) => box.put(randomFloats(n, seed + i, 0, 1)));
    const operands = { param: param!, grad: grad!, n, flags: 0 };
    if (i % 2 === 0) {
      encode.encodeSgd(p, { ...operands, velocity: m!, settings: box.put([0.1, 0.9, 1, 0.01]), ...allRows });
      return [param!, m!];
    }
    const settings = box.put([0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.1, 0.5, 0.99]);
    encode.encodeAdam(p, { ...operands, m: m!, v: v!, vMax: 0, settings });
    return [param!, m!, v!];
  });
  groupFrom(p, length, commands);
  return outputs;
};

for (const [batch, m, n, k] of [
  [1, 200, 130, 90],
  [1, 65, 513, 300],
  [1, 1, 900, 700],
  [1, 900, 1, 700],
  [1, 3, 700, 400],
  [9, 40, 50, 60],
] as const) {
  cases[`gemm ${batch} × [${m}, ${n}, ${k}]`] = (box, p) => {
    const c = box.room(batch * m * n);
    encode.encodeGemm(p, {
      a: box.put(randomFloats(batch * m * k, 11)),
      b: box.put(randomFloats(batch * k * n, 12)),
      c,
      bias: box.put(randomFloats(n, 13)),
      batch,
      m,
      n,
      k,
      aRow: k,
      aCol: 1,
      aBatch: m * k,
      bRow: n,
      bCol: 1,
      bBatch: k * n,
      cRow: n,
      cBatch: m * n,
      alpha: 1.5,
      beta: 0,
      activation: encode.Activation.tanh,
    });
    return [c];
  };
}

for (const [name, size] of Object.entries({ 'by channels': [9, 10], 'by tiles': [40, 61] } as const)) {
  cases[`winograd, ${name}`] = (box, p) => {
    const { y, u } = encodeWinograd(
      box,
      p,
      { channels: [24, 40], size: [...size], bias: true, activation: 'relu' },
      21,
    );
    return [u, y];
  };
}

cases['winograd, weight gradient'] = (box, p) => {
  const { gw, u } = encodeGrad(box, p, { channels: [40, 41], size: [20, 21] }, 22);
  return [u, gw];
};

cases.elementwise = (box, p) => {
  const [rows, cols] = [150, 333];
  const n = rows * cols;
  const x = box.put(randomFloats(n, 14));
  const [y, z, t, r] = [box.room(n), box.room(n), box.room(n), box.room(n)];
  encode.encodeUnary(p, { fn: encode.UnaryFn.exp, x, y, n, p0: 0, p1: 0 });
  const shape = [rows, cols, 0, 0, 0, 0];
  const byRow = [cols, 1, 0, 0, 0, 0];
  const byColumn = [1, rows, 0, 0, 0, 0];
  const strides = { aStrides: byRow, bStrides: [0, 1, 0, 0, 0, 0] };
  encode.encodeBinary(p, { fn: encode.BinaryFn.add, a: y, b: x, y: z, scalar: 0, ndim: 2, shape, ...strides });
  encode.encodeCopy(p, { x: z, y: t, ndim: 2, shape, xStrides: byColumn, yStrides: byRow });
  const state = box.put([1, 2, 3, 4], 'int32');
  encode.encodeRandom(p, { fn: encode.RandomFn.normal, y: r, state, offset: 0, n, p0: 0, p1: floatBits(1) });
  return [y, z, t, r];
};

cases.pooling = (box, p) => {
  const [planes, height, width] = [19, 31, 30];
  const sizes = { planes, height, width, outHeight: 15, outWidth: 15 };
  const window = { kernelHeight: 3, kernelWidth: 2, strideHeight: 2, strideWidth: 2, padHeight: 0, padWidth: 0 };
  const x = box.put(randomFloats(planes * height * width, 15));
  const n = planes * 15 * 15;
  const [y, indices, mean, gx, gm] = [n, n, n, planes * height * width, planes * height * width].map((length) =>
    box.room(length),
  ) as [number, number, number, number, number];
  const dilation = { dilationHeight: 1, dilationWidth: 1 };
  encode.encodeMaxPool(p, { ...sizes, ...window, ...dilation, x, y, indices });
  encode.encodeMaxPoolGrad(p, { g: y, indices, gx, planes, inSize: height * width, outSize: 15 * 15 });
  encode.encodeAvgPool(p, { ...sizes, ...window, x, y: mean, countPad: 0 });
  encode.encodeAvgPoolGrad(p, { ...sizes, ...window, g: mean, gx: gm, countPad: 0 });
  return [y, indices, gx, mean, gm];
};

cases.resizing = (box, p) => {
  const sizes = { planes: 9, height: 20, width: 21, outHeight: 33, outWidth: 31 };
  const [inputs, outputs] = [9 * 20 * 21, 9 * 33 * 31];
  const scales = { scaleHeight: 20 / 33, scaleWidth: 21 / 31, mode: 1 };
  const [y, gx] = [box.room(outputs), box.room(inputs)];
  encode.encodeResize(p, { ...sizes, ...scales, x: box.put(randomFloats(inputs, 16)), y });
  encode.encodeResizeGrad(p, { ...sizes, ...scales, g: y, gx });
  return [y, gx];
};

for (const [outer, channels, spatial, groupChannels] of [
  [100, 333, 1, 0],
  [9, 61, 60, 0],
  [440, 75, 1, 75],
  [9, 60, 62, 4],
] as const) {
  cases[`normalisation of [${outer}, ${channels}, ${spatial}], groups of ${groupChannels}`] = (box, p) => {
    const view = { outer, channels, spatial, groupChannels };
    const n = outer * channels * spatial;
    const isBatch = groupChannels === 0;
    const groups = isBatch ? channels : (outer * channels) / groupChannels;
    const x = box.put(randomFloats(n, 17, -1, 3));
    const [mean, rstd] = [box.room(groups), box.room(groups)];
    const runningMean = box.put(randomFloats(groups, 18));
    const runningVariance = box.put(randomFloats(groups, 19, 0.5, 1));
    const statistics = { x, mean, rstd, runningMean, runningVariance, tracked: 0, eps: 1e-5, momentum: 0.1 };
    const size = isBatch ? spatial : groupChannels * spatial;
    encode.encodeMoments(p, { ...statistics, outer: isBatch ? outer : 1, groups, size });
    const weight = box.put(randomFloats(channels, 20));
    const [y, sums, products, gx] = [box.room(n), box.room(channels), box.room(channels), box.room(n)];
    encode.encodeNormalize(p, { ...view, x, mean, rstd, weight, bias: weight, y });
    encode.encodeNormSums(p, { ...view, x, g: y, mean, rstd, sums, products });
    encode.encodeNormGrad(p, { ...view, x, g: y, mean, rstd, weight, sums, products, gx });
    return [mean, rstd, runningMean, runningVariance, y, sums, products, gx];
  };
}

cases['RMS norm'] = (box, p) => {
  const [rows, cols] = [443, 87];
  const x = box.put(randomFloats(rows * cols, 17, -1, 3));
  const weight = box.put(randomFloats(cols, 18));
  const [y, rstd] = [box.room(rows * cols), box.room(rows)];
  encode.encodeRmsNorm(p, { x, weight, y, rstd, rows, cols, eps: 1e-5 });
  return [y, rstd];
};

for (const [kind, steps, batch, inputs, size, gates] of [
  [0, 4, 37, 9, 70, 1],
  [2, 3, 61, 11, 29, 4],
  [3, 3, 50, 5, 21, 3],
  [2, 60, 3, 20, 16, 4],
  [2, 3, 210, 1, 10, 4],
] as const) {
  cases[`recurrent ${kind} [${steps}, ${batch}, ${inputs}] to ${size}`] = (box, p) => {
    const n = gates * size;
    const rows = batch * size;
    const kept = gates === 3 ? 4 : gates;
    const packed = batch < 4 ? 0 : 1;
    const weight = (seed: number, k: number, transposed: boolean) => {
      const x = box.put(randomFloats(n * k, seed));
      if (packed === 0) return x;
      const y = box.room((n + 4) * (k + 4) + 4 * size);
      let to = y;
      for (const [first, count] of gates === 3 && seed > 30
        ? [
            [0, 2 * size],
            [2 * size, size],
          ]
        : [[0, n]]) {
        const [depth, width] = transposed ? [count!, k] : [k, count!];
        const strides = transposed ? { across: 1, along: k } : { across: k, along: 1 };
        encode.encodePack(p, { x: x + first! * k, y: to, k: depth, n: width, ...strides });
        to += depth * Math.ceil(width / 4) * 4;
      }
      return y;
    };
    const lengths = box.put(randomInts(batch, 21, 1, steps + 1), 'int32');
    const zeros = (count: number) => box.put(new Float32Array(count));
    const [out, hidden, cells, cLast] = [box.room(steps * rows), zeros(steps * rows), zeros(steps * rows), zeros(rows)];
    const keptGates = zeros(steps * batch * kept * size);
    const sizes = { steps, batch, hiddenSize: size };
    encode.encodeRecurrent(p, {
      kind,
      reverse: steps % 2,
      packed,
      x: box.put(randomFloats(steps * batch * inputs, 22)),
      wIh: weight(23, inputs, false),
      wHh: weight(31, size, false),
      biasIh: box.put(randomFloats(n, 24)),
      biasHh: box.put(randomFloats(n, 25)),
      h0: box.put(randomFloats(rows, 26)),
      c0: box.put(randomFloats(rows, 27)),
      lengths,
      out,
      hidden,
      cells,
      cLast,
      gates: keptGates,
      ...sizes,
      inputSize: inputs,
      gatesStep: batch * kept * size,
      stateStep: rows,
    });
    const [gGates, gHidden, dH, dC] = [box.room(steps * batch * n), zeros(steps * rows), box.room(rows), zeros(rows)];
    encode.encodeRecurrentGrad(p, {
      kind,
      reverse: steps % 2,
      packed,
      wHh: weight(31, size, true),
      gates: keptGates,
      hidden,
      cells,
      lengths,
      gOut: box.put(randomFloats(steps * rows, 28)),
      gCell: box.put(randomFloats(rows, 29)),
      gGates,
      gHidden,
      dH,
      dC,
      ...sizes,
    });
    return [out, hidden, cells, cLast, keptGates, gGates, gHidden, dH, dC];
  };
}
