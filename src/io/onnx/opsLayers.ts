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

/** Windows as the attributes give them, one number a direction. */
interface Windows {
  kernel: number[];
  stride: number[];
  dilation: number[];
  before: number[];
  after: number[];
}

const ones = (n: number) => new Array<number>(n).fill(1);

/** Reads windows over `sizes`; a list of the wrong length is refused. */
function windowsOf(c: Context, sizes: Shape, kernel: Shape): Windows {
  const n = sizes.length;
  if (n !== 1 && n !== 2) c.refuse(`${n} directions are not supported, only one and two`);
  const list = (name: string, absent: number[]) => {
    const given = c.list(name, absent);
    return given.length === absent.length
      ? given
      : c.refuse(`${name} has ${given.length} numbers, expected ${absent.length}`);
  };
  const given = list('kernel_shape', [...kernel]);
  const [stride, dilation] = [list('strides', ones(n)), list('dilations', ones(n))];
  if ([...given, ...stride, ...dilation].some((x) => !(x >= 1))) c.refuse('a window must be 1 at least');
  const auto = c.text('auto_pad', 'NOTSET');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const total = sizes.map((size, i) => {
      const span = spanOf(given[i]!, dilation[i]!);
      return Math.max(0, (Math.ceil(size / stride[i]!) - 1) * stride[i]! + span - size);
    });
    const less = total.map((sum) => Math.floor(sum / 2));
    const more = total.map((sum) => Math.ceil(sum / 2));
    const isUpper = auto === 'SAME_UPPER';
    return { kernel: given, stride, dilation, before: isUpper ? less : more, after: isUpper ? more : less };
  }
  if (auto !== 'NOTSET' && auto !== 'VALID') c.refuse(`auto_pad ${auto} is not supported`);
  const pads =
    auto === 'VALID'
      ? sizes.flatMap(() => [0, 0])
      : list(
          'pads',
          sizes.flatMap(() => [0, 0]),
        );
  if (pads.some((x) => x < 0)) c.refuse('negative pads are not supported');
  return { kernel: given, stride, dilation, before: pads.slice(0, n), after: pads.slice(n) };
}

/** x with all padding around it, the last dimension first. */
const padded = (x: Tensor, { before, after }: Windows, value: number) =>
  ops.pad(
    x,
    before
      .map((size, i) => [size, after[i]!])
      .reverse()
      .flat(),
    { value },
  );

const isEven = ({ before, after }: Windows) => sameShape(before, after);
const none = (list: readonly number[]) => list.map(() => 0);
/** A list of one or two as options take it. */
const pair = (list: readonly number[]) => list as [number, number];

/** Runs a two-dimensional `run` on one dimension as well. */
function inPlanes(x: Tensor, w: Windows, run: (x: Tensor, w: Windows) => Tensor): Tensor {
  if (w.kernel.length === 2) return run(x, w);
  const plane: Windows = {
    kernel: [1, ...w.kernel],
    stride: [1, ...w.stride],
    dilation: [1, ...w.dilation],
    before: [0, ...w.before],
    after: [0, ...w.after],
  };
  return run(x.unsqueeze(2), plane).squeeze(2);
}

function conv(c: Context): Tensor {
  const [x, weight, bias] = [c.tensor(0), c.tensor(1), c.optional(2)];
  const w = windowsOf(c, x.shape.slice(2), weight.shape.slice(2));
  const [even, groups] = [isEven(w), c.int('group', 1)];
  const image = even ? x : padded(x, w, 0);
  const padding = even ? w.before : none(w.before);
  if (w.kernel.length === 2)
    return ops.conv2d(image, weight, bias, {
      stride: pair(w.stride),
      padding: pair(padding),
      dilation: pair(w.dilation),
      groups,
    });
  const [stride, dilation] = [w.stride[0]!, w.dilation[0]!];
  return ops.conv1d(image, weight, bias, { stride, padding: padding[0]!, dilation, groups });
}

/** Transposed convolution: in full, and cut to the size wanted where that is not even on both sides. */
function convTranspose(c: Context): Tensor {
  const [input, kernels, bias] = [c.tensor(0), c.tensor(1), c.optional(2)];
  const sizes = input.shape.slice(2);
  const given = windowsOf(c, sizes, kernels.shape.slice(2));
  const extra = [...c.list('output_padding', none(sizes))];
  if (extra.length !== sizes.length) c.refuse(`output_padding has ${extra.length} numbers, expected ${sizes.length}`);
  const wanted = c.list('output_shape', []).slice(-sizes.length);
  const auto = c.text('auto_pad', 'NOTSET');
  if (wanted.length > 0 || auto.startsWith('SAME')) {
    sizes.forEach((size, i) => {
      const span = (given.kernel[i]! - 1) * given.dilation[i]! + 1;
      const full = (size - 1) * given.stride[i]! + extra[i]! + span;
      const total = full - (wanted[i] ?? size * given.stride[i]!);
      if (total < 0) {
        extra[i]! -= total;
        return;
      }
      const first = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      given.before[i] = first;
      given.after[i] = total - first;
    });
  }
  const isLine = sizes.length === 1;
  const weight = isLine ? kernels.unsqueeze(2) : kernels;
  return inPlanes(input, given, (x, w) => {
    const outputPadding = isLine ? [0, ...extra] : extra;
    const options = {
      stride: pair(w.stride),
      dilation: pair(w.dilation),
      outputPadding: pair(outputPadding),
      groups: c.int('group', 1),
    };
    if (isEven(w)) return ops.convTranspose2d(x, weight, bias, { ...options, padding: pair(w.before) });
    const full = ops.convTranspose2d(x, weight, bias, options);
    return w.before.reduce((y, start, i) => y.slice(2 + i, start, y.shape[2 + i]! - w.after[i]!), full);
  });
}

/** Whether saraf pads windows like this by itself: the same on both sides, at most half of the kernel. */
const isNative = (w: Windows) => isEven(w) && w.before.every((size, i) => size <= w.kernel[i]! / 2);

function maxPool(c: Context): Tensor {
  const input = c.tensor(0);
  const sizes = input.shape.slice(2);
  return inPlanes(input, windowsOf(c, sizes, c.list('kernel_shape', [])), (x, w) => {
    const ceilMode = c.int('ceil_mode', 0) === 1;
    const options = { stride: pair(w.stride), dilation: pair(w.dilation), ceilMode };
    if (isNative(w)) return F.maxPool2d(x, pair(w.kernel), { ...options, padding: pair(w.before) });
    return F.maxPool2d(padded(x, w, -Infinity), pair(w.kernel), options);
  });
}

function averagePool(c: Context): Tensor {
  const input = c.tensor(0);
  const sizes = input.shape.slice(2);
  return inPlanes(input, windowsOf(c, sizes, c.list('kernel_shape', [])), (x, w) => {
    if (w.dilation.some((size) => size !== 1)) c.refuse('dilations are not supported');
    const countIncludePad = c.int('count_include_pad', 0) === 1;
    const options = { stride: pair(w.stride), ceilMode: c.int('ceil_mode', 0) === 1 };
    const mean = (t: Tensor) => F.avgPool2d(t, pair(w.kernel), options);
    if (isNative(w)) return F.avgPool2d(x, pair(w.kernel), { ...options, padding: pair(w.before), countIncludePad });
    if (countIncludePad) return mean(padded(x, w, 0));
    const inside = ops.onesLike(x.slice(0, 0, 1).slice(1, 0, 1));
    return mean(padded(x, w, 0)).div(mean(padded(inside, w, 0)));
  });
}

/** Over everything behind the channels. */
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
  // Before opset 21 there is one weight a group.
  const each = (t: Tensor) =>
    t.numel === channels
      ? t
      : t
          .unsqueeze(1)
          .expand([groups, channels / groups])
          .reshape([channels]);
  return F.groupNorm(x, groups, { weight: each(weight), bias: each(bias), eps });
}

/** x over the root of its mean square, along the last dimensions. */
function rmsNorm(c: Context): Tensor {
  const [x, weight] = [c.tensor(0), c.tensor(1)];
  const dims = [...x.shape.keys()].slice(c.axis(c.int('axis', -1), x.ndim));
  const square = x.square().mean(dims, { keepdim: true });
  return x.mul(square.add(c.float('epsilon', 1e-5)).rsqrt()).mul(weight);
}

type Place = (i: number, size: number, out: number, scale: number) => number;

const { fround } = Math;
/** In float32, as other runtimes: where a position is nearly whole, that decides which element is the nearest. */
const halfPixel = (i: number, scale: number) => fround(fround((i + 0.5) / fround(scale)) - 0.5);

/** Where output i stands in the input, by name of the attribute. */
const places: Record<string, Place> = {
  asymmetric: (i, _size, _out, scale) => fround(i / fround(scale)),
  half_pixel: (i, _size, _out, scale) => halfPixel(i, scale),
  pytorch_half_pixel: (i, _size, out, scale) => (out > 1 ? halfPixel(i, scale) : 0),
  // The length that the scale gives, whole or not.
  align_corners: (i, size, out, scale) => (out > 1 ? (i * (size - 1)) / (fround(size * scale) - 1) : 0),
};

const roundings: Record<string, (x: number) => number> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
};

/** One direction of x resized, by choosing elements or by a matrix of shares. */
function resizeAlong(c: Context, x: Tensor, dim: number, out: number, scale: number, isNearest: boolean): Tensor {
  const size = x.shape[dim]!;
  // Upsample, and Resize of opset 10, know one rule alone.
  const isOld = c.op === 'Upsample' || c.opset < 11;
  const rule = c.text('coordinate_transformation_mode', isOld ? 'asymmetric' : 'half_pixel');
  const place = Object.hasOwn(places, rule) ? places[rule]! : c.refuse(`${rule} is not supported`);
  const inside = (i: number) => Math.min(size - 1, Math.max(0, i));
  // Positions are listed one by one, shares in rows.
  charge(ITEM_COST * out * (isNearest ? 1 : size));
  const at = Array.from({ length: out }, (_, i) => place(i, size, out, scale));
  const { device } = x;
  if (isNearest) {
    // Opset 10 has one rule for more elements, and one for fewer.
    const name = isOld ? (scale < 1 ? 'ceil' : 'floor') : c.text('nearest_mode', 'round_prefer_floor');
    const round = Object.hasOwn(roundings, name) ? roundings[name]! : c.refuse(`${name} is not supported`);
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
  // From opset 18 on only some dimensions may be named.
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
  if (sizes === null && scales === null) c.refuse('sizes and scales are missing');
  const out = sizes ?? x.shape.map((size, i) => Math.floor(Math.fround(size * scales![i]!)));
  if (out.some((size) => !Number.isInteger(size) || size < 1)) c.refuse(`size [${out.join(',')}]`);
  const ratio = x.shape.map((size, i) => (sizes === null ? scales![i]! : out[i]! / size));
  const dims = [...x.shape.keys()].filter((i) => out[i] !== x.shape[i] || ratio[i] !== 1);
  const rule = c.text('coordinate_transformation_mode', 'half_pixel');
  const isPlain = x.ndim === 4 && !isOld && dims.every((dim) => dim > 1);
  const [height, width, outHeight, outWidth] = [x.shape[2]!, x.shape[3]!, out[2]!, out[3]!];
  const plane = { height, width, outHeight, outWidth };
  const isFloor = mode === 'nearest' && rule === 'asymmetric' && c.text('nearest_mode', '') === 'floor';
  if (isPlain && (isFloor || (mode === 'linear' && rule === 'half_pixel'))) {
    const scale = { scaleHeight: 1 / ratio[2]!, scaleWidth: 1 / ratio[3]! };
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
