/** ONNX's products, convolutions, pooling, resizing and normalisation in terms of saraf's. */

import { spanOf } from '../../../bindings/windows.ts';
import * as F from '../../ops/functional.ts';
import * as ops from '../../ops/index.ts';
import { charge, ITEM_COST } from '../../tensor/budget.ts';
import { type Shape, sameShape } from '../../tensor/shapes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context, Operation } from './context.ts';

/** alpha·A·B + beta·C, either factor transposed if wanted. */
function gemm(c: Context): Tensor {
  const [a, b, bias] = [c.tensor(0), c.tensor(1), c.optional(2)];
  const [alpha, beta] = [c.float('alpha', 1), c.float('beta', 1)];
  const left = c.int('transA', 0) === 1 ? a.transpose(0, 1) : a;
  const isOut = c.int('transB', 0) === 1;
  const fits = bias === null || (bias.ndim === 1 && bias.numel === b.shape[isOut ? 0 : 1]);
  if (alpha === 1 && beta === 1 && fits) return ops.linear(left, isOut ? b : b.transpose(0, 1), bias);
  const product = ops.matmul(left, isOut ? b.transpose(0, 1) : b);
  const scaled = alpha === 1 ? product : product.mul(alpha);
  if (bias === null || beta === 0) return scaled;
  return scaled.add(beta === 1 ? bias : bias.mul(beta));
}

/** A window along one dimension, as the attributes give it. */
interface Window {
  kernel: number;
  stride: number;
  dilation: number;
  /** Padding at both ends. */
  before: number;
  after: number;
  /** Elements that a transposed convolution adds at the end of its output. */
  extra: number;
}

type Windows = readonly [Window, ...Window[]];
type Plane = readonly [Window, Window];

/** The other dimension of a plane that holds one dimension only. */
const FLAT: Window = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, extra: 0 };

const ones = (n: number) => new Array<number>(n).fill(1);
const zeros = (n: number) => new Array<number>(n).fill(0);

/** Reads windows over `sizes`; a list of the wrong length is refused. */
function windowsOf(c: Context, sizes: Shape, kernel: Shape): Windows {
  const n = sizes.length;
  if (n !== 1 && n !== 2) c.refuse(`${n} dimensions are not supported, only one and two`);
  const list = (name: string, absent: number[]) => {
    const given = c.list(name, absent);
    return given.length === absent.length
      ? given
      : c.refuse(`${name} has ${given.length} numbers, expected ${absent.length}`);
  };
  const kernels = list('kernel_shape', [...kernel]);
  const [strides, dilations] = [list('strides', ones(n)), list('dilations', ones(n))];
  if ([...kernels, ...strides, ...dilations].some((x) => !(x >= 1))) c.refuse('a window must be at least 1');
  const auto = c.text('auto_pad', 'NOTSET');
  const isSame = auto === 'SAME_UPPER' || auto === 'SAME_LOWER';
  if (!isSame && auto !== 'NOTSET' && auto !== 'VALID') c.refuse(`auto_pad ${auto} is not supported`);
  const pads = auto === 'NOTSET' ? list('pads', zeros(2 * n)) : zeros(2 * n);
  if (pads.some((x) => x < 0)) c.refuse('negative pads are not supported');
  const windowAt = (i: number): Window => {
    const [kernel = 1, stride = 1, dilation = 1] = [kernels[i], strides[i], dilations[i]];
    const [size = 0, before = 0, after = 0] = [sizes[i], pads[i], pads[n + i]];
    const window = { kernel, stride, dilation, before, after, extra: 0 };
    if (!isSame) return window;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + spanOf(window.kernel, window.dilation) - size);
    return { ...window, ...shared(total, auto === 'SAME_UPPER') };
  };
  return n === 1 ? [windowAt(0)] : [windowAt(0), windowAt(1)];
}

/** Elements at both ends; of an odd number the larger half comes last if `isUpper`, first otherwise. */
function shared(total: number, isUpper: boolean): Pick<Window, 'before' | 'after'> {
  const before = isUpper ? Math.floor(total / 2) : Math.ceil(total / 2);
  return { before, after: total - before };
}

/** x with all its padding. */
const padded = (x: Tensor, windows: Windows, value: number) =>
  ops.pad(
    x,
    [...windows].reverse().flatMap(({ before, after }) => [before, after]),
    { value },
  );

const isEven = (windows: Windows) => windows.every(({ before, after }) => before === after);
/** A number of each window, as options take it. */
const pair = ([a, b]: Plane, name: keyof Window): [number, number] => [a[name], b[name]];

/** Runs a two-dimensional `run` on one dimension as well. */
function inPlanes(x: Tensor, [first, second]: Windows, run: (x: Tensor, plane: Plane) => Tensor): Tensor {
  return second === undefined ? run(x.unsqueeze(2), [FLAT, first]).squeeze(2) : run(x, [first, second]);
}

function conv(c: Context): Tensor {
  const [x, weight, bias] = [c.tensor(0), c.tensor(1), c.optional(2)];
  const windows = windowsOf(c, x.shape.slice(2), weight.shape.slice(2));
  const [isPadded, groups] = [!isEven(windows), c.int('group', 1)];
  const image = isPadded ? padded(x, windows, 0) : x;
  const [first, second] = windows;
  if (second === undefined) {
    const { stride, dilation, before } = first;
    return ops.conv1d(image, weight, bias, { stride, padding: isPadded ? 0 : before, dilation, groups });
  }
  const plane: Plane = [first, second];
  const padding = isPadded ? 0 : pair(plane, 'before');
  return ops.conv2d(image, weight, bias, {
    stride: pair(plane, 'stride'),
    padding,
    dilation: pair(plane, 'dilation'),
    groups,
  });
}

/** A transposed convolution: if the padding differs between the two ends, it runs in full and is cut to the wanted size. */
function convTranspose(c: Context): Tensor {
  const [input, kernels, bias] = [c.tensor(0), c.tensor(1), c.optional(2)];
  const sizes = input.shape.slice(2);
  const [one, two] = windowsOf(c, sizes, kernels.shape.slice(2));
  const extras = c.list('output_padding', zeros(sizes.length));
  if (extras.length !== sizes.length) c.refuse(`output_padding has ${extras.length} numbers, expected ${sizes.length}`);
  const wanted = c.list('output_shape', []).slice(-sizes.length);
  const auto = c.text('auto_pad', 'NOTSET');
  const isFitted = wanted.length > 0 || auto.startsWith('SAME');
  const fitted = (w: Window, i: number): Window => {
    const [size = 0, extra = 0] = [sizes[i], extras[i]];
    if (!isFitted) return { ...w, extra };
    const full = (size - 1) * w.stride + extra + spanOf(w.kernel, w.dilation);
    const total = full - (wanted[i] ?? size * w.stride);
    if (total < 0) return { ...w, extra: extra - total };
    return { ...w, ...shared(total, auto === 'SAME_UPPER'), extra };
  };
  const weight = two === undefined ? kernels.unsqueeze(2) : kernels;
  const windows: Windows = two === undefined ? [fitted(one, 0)] : [fitted(one, 0), fitted(two, 1)];
  return inPlanes(input, windows, (x, plane) => {
    const options = {
      stride: pair(plane, 'stride'),
      dilation: pair(plane, 'dilation'),
      outputPadding: pair(plane, 'extra'),
      groups: c.int('group', 1),
    };
    if (isEven(plane)) return ops.convTranspose2d(x, weight, bias, { ...options, padding: pair(plane, 'before') });
    const full = ops.convTranspose2d(x, weight, bias, options);
    return plane.reduce((y, { before, after }, i) => y.slice(2 + i, before, y.shape[2 + i]! - after), full);
  });
}

/** Whether saraf's pooling pads like this: the same at both ends, at most half of the kernel. */
const isNative = (plane: Plane) => isEven(plane) && plane.every(({ before, kernel }) => before <= kernel / 2);

/** The windows of a pooling. */
function poolWindows(c: Context): Windows {
  const sizes = c.shape(0).slice(2);
  const kernel = c.list('kernel_shape', []);
  if (kernel.length !== sizes.length) c.refuse(`kernel_shape has ${kernel.length} numbers, expected ${sizes.length}`);
  return windowsOf(c, sizes, kernel);
}

function maxPool(c: Context): Tensor {
  return inPlanes(c.tensor(0), poolWindows(c), (x, plane) => {
    const ceilMode = c.int('ceil_mode', 0) === 1;
    const [kernel, stride, dilation] = [pair(plane, 'kernel'), pair(plane, 'stride'), pair(plane, 'dilation')];
    if (isNative(plane)) return F.maxPool2d(x, kernel, { stride, dilation, ceilMode, padding: pair(plane, 'before') });
    return F.maxPool2d(padded(x, plane, -Infinity), kernel, { stride, dilation, ceilMode });
  });
}

function averagePool(c: Context): Tensor {
  return inPlanes(c.tensor(0), poolWindows(c), (x, plane) => {
    if (plane.some(({ dilation }) => dilation !== 1)) c.refuse('dilations are not supported');
    const countIncludePad = c.int('count_include_pad', 0) === 1;
    const kernel = pair(plane, 'kernel');
    const options = { stride: pair(plane, 'stride'), ceilMode: c.int('ceil_mode', 0) === 1 };
    if (isNative(plane)) return F.avgPool2d(x, kernel, { ...options, padding: pair(plane, 'before'), countIncludePad });
    const mean = (t: Tensor) => F.avgPool2d(padded(t, plane, 0), kernel, options);
    if (countIncludePad) return mean(x);
    return mean(x).div(mean(ops.onesLike(x.slice(0, 0, 1).slice(1, 0, 1))));
  });
}

/** The dimensions after the channels. */
const overPlanes = (x: Tensor) => [...x.shape.keys()].slice(2);

function batchNorm(c: Context): Tensor {
  c.only('training_mode', 0);
  const [x, weight, bias] = [c.tensor(0), c.tensor(1), c.tensor(2)];
  return F.batchNorm(x, c.tensor(3), c.tensor(4), { weight, bias, eps: c.float('epsilon', 1e-5), training: false });
}

function layerNorm(c: Context): Tensor {
  const [x, weight, bias] = [c.tensor(0), c.tensor(1), c.optional(2)];
  const shape = x.shape.slice(c.axis(c.int('axis', -1), x.ndim));
  const eps = c.float('epsilon', 1e-5);
  if (sameShape(weight.shape, shape) && (bias === null || sameShape(bias.shape, shape)))
    return F.layerNorm(x, shape, { weight, bias, eps });
  const y = F.layerNorm(x, shape, { eps }).mul(weight);
  return bias === null ? y : y.add(bias);
}

function groupNorm(c: Context): Tensor {
  const [x, weight, bias] = [c.tensor(0), c.tensor(1), c.tensor(2)];
  const [groups, eps, channels] = [c.int('num_groups', 1), c.float('epsilon', 1e-5), x.shape[1]!];
  // Before opset 21 there is one weight per group.
  const each = (t: Tensor) =>
    t.numel === channels
      ? t
      : t
          .unsqueeze(1)
          .expand([groups, channels / groups])
          .reshape([channels]);
  return F.groupNorm(x, groups, { weight: each(weight), bias: each(bias), eps });
}

function rmsNorm(c: Context): Tensor {
  const [x, weight] = [c.tensor(0), c.tensor(1)];
  const shape = x.shape.slice(c.axis(c.int('axis', -1), x.ndim));
  const eps = c.float('epsilon', 1e-5);
  if (sameShape(weight.shape, shape)) return F.rmsNorm(x, shape, { weight, eps });
  return F.rmsNorm(x, shape, { eps }).mul(weight);
}

type Place = (i: number, size: number, out: number, scale: number) => number;

const { fround } = Math;
/** In float32, as in other runtimes: if a position is almost whole, that decides which element is the nearest. */
const halfPixel = (i: number, scale: number) => fround(fround((i + 0.5) / fround(scale)) - 0.5);

/** The position of output i in the input, by the name of the attribute. */
const places = new Map<string, Place>([
  ['asymmetric', (i, _size, _out, scale) => fround(i / fround(scale))],
  ['half_pixel', (i, _size, _out, scale) => halfPixel(i, scale)],
  ['pytorch_half_pixel', (i, _size, out, scale) => (out > 1 ? halfPixel(i, scale) : 0)],
  // The length that the scale gives, whole or not.
  ['align_corners', (i, size, out, scale) => (out > 1 ? (i * (size - 1)) / (fround(size * scale) - 1) : 0)],
]);

const roundings = new Map<string, (x: number) => number>([
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['round_prefer_floor', (x) => Math.ceil(x - 0.5)],
  ['round_prefer_ceil', (x) => Math.floor(x + 0.5)],
]);

/** x resized along one dimension, by choosing elements or by a matrix of shares. */
function resizeAlong(c: Context, x: Tensor, dim: number, out: number, scale: number, isNearest: boolean): Tensor {
  const size = x.shape[dim]!;
  // Upsample, and Resize of opset 10, have only one rule.
  const isOld = c.op === 'Upsample' || c.opset < 11;
  const rule = c.text('coordinate_transformation_mode', isOld ? 'asymmetric' : 'half_pixel');
  const place = places.get(rule) ?? c.refuse(`${rule} is not supported`);
  const inside = (i: number) => Math.min(size - 1, Math.max(0, i));
  // Positions are listed one by one, shares in rows.
  charge(ITEM_COST * out * (isNearest ? 1 : size));
  const at = Array.from({ length: out }, (_, i) => place(i, size, out, scale));
  const { device } = x;
  if (isNearest) {
    // Opset 10 has one rule for more elements, and one for fewer.
    const name = isOld ? (scale < 1 ? 'ceil' : 'floor') : c.text('nearest_mode', 'round_prefer_floor');
    const round = roundings.get(name) ?? c.refuse(`${name} is not supported`);
    return x.indexSelect(
      dim,
      ops.tensor(
        at.map((i) => inside(round(i))),
        { dtype: 'int32', device },
      ),
    );
  }
  const shares = at.map((position) => {
    const row = new Array<number>(size).fill(0);
    const [p, low] = [inside(position), Math.floor(inside(position))];
    row[low] = 1 - (p - low);
    if (p > low) row[low + 1] = p - low;
    return row;
  });
  const matrix = ops.tensor(shares, { device });
  return dim === x.ndim - 1 ? ops.matmul(x, matrix.transpose(0, 1)) : ops.matmul(matrix, x);
}

function resize(c: Context): Tensor {
  const x = c.tensor(0);
  const isOld = c.op === 'Upsample' || c.opset < 11;
  const at = isOld ? 1 : 2;
  const given = (i: number) => (c.has(i) && c.shape(i).join() !== '0' ? c.numbers(i) : null);
  // Since opset 18 the axes may name some of the dimensions only.
  const axes = c.list('axes', [...x.shape.keys()]).map((dim) => c.axis(dim, x.ndim));
  const forAll = (list: number[] | null, absent: readonly number[]) => {
    if (list !== null && list.length !== axes.length)
      c.refuse(`expected ${axes.length} sizes or scales, got ${list.length}`);
    return list && absent.map((value, dim) => list[axes.indexOf(dim)] ?? value);
  };
  const scales = forAll(given(at) ?? (c.op === 'Upsample' ? c.list('scales', []) : null), ones(x.ndim));
  const sizes = isOld ? null : forAll(given(3), x.shape);
  c.only('keep_aspect_ratio_policy', 'stretch');
  const mode = c.text('mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear') c.refuse(`mode ${mode} is not supported`);
  c.only('antialias', 0);
  const ratio = sizes?.map((size, i) => size / x.shape[i]!) ?? scales ?? c.refuse('sizes and scales are missing');
  const out = sizes ?? ratio.map((scale, i) => Math.floor(fround(x.shape[i]! * scale)));
  if (out.some((size) => !Number.isInteger(size) || size < 1)) c.refuse(`size [${out.join(',')}]`);
  const dims = [...x.shape.keys()].filter((i) => out[i] !== x.shape[i] || ratio[i] !== 1);
  const rule = c.text('coordinate_transformation_mode', 'half_pixel');
  const isPlain = x.ndim === 4 && !isOld && dims.every((dim) => dim > 1);
  const [, , height = 0, width = 0] = x.shape;
  const [, , outHeight = 0, outWidth = 0] = out;
  const plane = { height, width, outHeight, outWidth };
  const isFloor = mode === 'nearest' && rule === 'asymmetric' && c.text('nearest_mode', '') === 'floor';
  if (isPlain && (isFloor || (mode === 'linear' && rule === 'half_pixel'))) {
    const [, , down = 1, across = 1] = ratio;
    const scale = { scaleHeight: 1 / down, scaleWidth: 1 / across };
    return ops.resizePlanes(x, { ...plane, ...scale, mode: mode === 'nearest' ? 'nearest' : 'bilinear' });
  }
  const isWhole = dims.every((dim) => fround(x.shape[dim]! * ratio[dim]!) === out[dim]);
  if (isPlain && isWhole && mode === 'linear' && rule === 'align_corners')
    return F.interpolate(x, { size: [outHeight, outWidth], mode: 'bilinear', alignCorners: true });
  if (mode === 'linear' && dims.some((dim) => dim < x.ndim - 2))
    c.refuse('it resizes more than the last two dimensions');
  return dims.reduce((y, dim) => resizeAlong(c, y, dim, out[dim]!, ratio[dim]!, mode === 'nearest'), x);
}

export const layerOperations: Record<string, Operation> = {
  AveragePool: { run: averagePool },
  BatchNormalization: { run: batchNorm, statistics: [3, 4] },
  Conv: { run: conv },
  ConvTranspose: { run: convTranspose },
  Gemm: { run: gemm },
  GlobalAveragePool: { run: (c) => c.tensor(0).mean(overPlanes(c.tensor(0)), { keepdim: true }) },
  GlobalMaxPool: {
    run: (c) => {
      const x = c.tensor(0);
      return x
        .flatten(2)
        .max(2)
        .values.reshape(x.shape.map((size, i) => (i < 2 ? size : 1)));
    },
  },
  GroupNormalization: { run: groupNorm },
  InstanceNormalization: {
    run: (c) => F.instanceNorm(c.tensor(0), { weight: c.tensor(1), bias: c.tensor(2), eps: c.float('epsilon', 1e-5) }),
  },
  LayerNormalization: { run: layerNorm },
  MatMul: { run: (c) => ops.matmul(c.tensor(0), c.tensor(1)) },
  MaxPool: { run: maxPool },
  RMSNormalization: { run: rmsNorm },
  Resize: { run: resize, numbers: [1, 2, 3] },
  Upsample: { run: resize, numbers: [1] },
};
