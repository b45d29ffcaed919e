/** ONNX's changes of shape, indexing and constants in terms of saraf's operations; computations with shapes run on plain numbers. */
import { MAX_DIMS } from '../../../bindings/commands/limits.ts';
import { valuesAtHand } from '../../emit/values.ts';
import { embedding } from '../../ops/functional.ts';
import * as ops from '../../ops/index.ts';
import { charge, ITEM_COST, OBJECT_COST } from '../../tensor/budget.ts';
import { broadcastShapes, numelOf, type Shape } from '../../tensor/shapes.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { tracing } from '../../tensor/trace.ts';
import { type Context, isNumbers, literal, type Operation, type Value } from './context.ts';
import type { Literal } from './tensors.ts';

/** Refuses lists of sizes that no tensor has, before anything loops over them. */
function checkRank(c: Context, dimensions: number): void {
  if (dimensions > MAX_DIMS) c.refuse(`${dimensions} dimensions; at most ${MAX_DIMS} are supported`);
}

/** The same elements in another shape. */
function inShape(c: Context, shape: readonly number[]): Value {
  checkRank(c, shape.length);
  const x = c.value(0);
  if (isNumbers(x) && numelOf(shape) === x.values.length && shape.every((size) => size >= 0)) return { ...x, shape };
  return c.tensor(0).reshape(shape);
}

function reshape(c: Context): Value {
  const from = c.shape(0);
  const wanted = c.numbersOr(1, 'shape') ?? c.refuse('the shape is missing');
  const keepsZero = c.int('allowzero', 0) === 1;
  const sizes = wanted.map((size, i) =>
    size === 0 && !keepsZero ? (from[i] ?? c.refuse(`no size ${i} to keep`)) : size,
  );
  const rest = sizes.reduce((n, size) => (size === -1 ? n : n * size), 1);
  return inShape(
    c,
    sizes.map((size) => (size === -1 && rest > 0 ? numelOf(from) / rest : size)),
  );
}

function flatten(c: Context): Value {
  const shape = c.shape(0);
  const axis = c.int('axis', 1);
  const at = axis === shape.length ? axis : c.axis(axis, Math.max(1, shape.length));
  return inShape(c, [numelOf(shape.slice(0, at)), numelOf(shape.slice(at))]);
}

function squeeze(c: Context): Value {
  const shape = c.shape(0);
  const dims = (c.numbersOr(1, 'axes') ?? shape.flatMap((size, i) => (size === 1 ? [i] : []))).map((dim) =>
    c.axis(dim, shape.length),
  );
  if (dims.some((dim) => shape[dim] !== 1))
    c.refuse(`dimensions ${dims.join(',')} of [${shape.join(',')}] are not all 1`);
  return inShape(
    c,
    shape.filter((_, i) => !dims.includes(i)),
  );
}

function unsqueeze(c: Context): Value {
  const given = c.numbersOr(1, 'axes') ?? c.refuse('the axes are missing');
  const shape = [...c.shape(0)];
  checkRank(c, shape.length + given.length);
  const dims = given.map((dim) => c.axis(dim, shape.length + given.length)).sort((a, b) => a - b);
  for (const dim of dims) shape.splice(dim, 0, 1);
  return inShape(c, shape);
}

function concat(c: Context): Value {
  const list = Array.from({ length: c.count }, (_, i) => c.value(i));
  const axis = c.axis(c.int('axis', c.opset < 4 ? 1 : 0), Math.max(1, c.shape(0).length));
  if (list.every((value): value is Literal => isNumbers(value) && value.shape.length === 1)) {
    const length = list.reduce((sum, { values }) => sum + values.length, 0);
    charge(ITEM_COST * length);
    const all = new Float64Array(length);
    let at = 0;
    for (const { values } of list) {
      all.set(values, at);
      at += values.length;
    }
    return literal(c.dtype(0), [length], all);
  }
  return ops.cat(c.tensors(), axis);
}

/** Starts, ends, axes and steps are inputs since opset 10, attributes before. */
function slice(c: Context): Value {
  const value = c.value(0);
  const { shape } = value;
  const starts = c.numbersOr(1, 'starts') ?? c.refuse('the starts are missing');
  const ends = c.numbersOr(2, 'ends') ?? c.refuse('the ends are missing');
  const axes = (c.numbersOr(3, 'axes') ?? [...starts.keys()]).map((dim) => c.axis(dim, shape.length));
  const steps = c.has(4) ? c.numbers(4) : starts.map(() => 1);
  const parts = axes.map((axis, i) => {
    const [size, step] = [shape[axis]!, steps[i] ?? 1];
    if (!Number.isInteger(step) || step === 0) c.refuse(`step ${step}`);
    const fromEnd = (at: number) => (at < 0 ? at + size : at);
    const limit = (at: number, low: number, high: number) => Math.min(high, Math.max(low, fromEnd(at)));
    // Backwards the last element may be at 0; then the end is −1, not counted from the end of the list.
    const [start, end] = [starts[i] ?? 0, ends[i] ?? 0];
    if (step > 0) return { axis, step, start: limit(start, 0, size), end: limit(end, 0, size) };
    return { axis, step, start: limit(start, 0, size - 1), end: limit(end, -1, size - 1) };
  });
  const [first, ...others] = parts;
  if (isNumbers(value) && shape.length === 1 && first !== undefined && others.length === 0) {
    const { start, end, step } = first;
    const picked: number[] = [];
    for (let i = start; step > 0 ? i < end : i > end; i += step) picked.push(value.values[i]!);
    return literal(value.dtype, [picked.length], picked);
  }
  return parts.reduce((x, { axis, start, end, step }) => {
    const size = x.shape[axis]!;
    if (step > 0) return x.slice(axis, start, Math.max(start, end), step);
    return x.flip(axis).slice(axis, size - 1 - start, Math.max(size - 1 - start, size - 1 - end), -step);
  }, c.tensor(0));
}

function split(c: Context): Tensor[] {
  const x = c.tensor(0);
  const axis = c.axis(c.int('axis', 0), x.ndim);
  const given = c.numbersOr(1, 'split');
  if (given !== null) {
    charge(OBJECT_COST * given.length);
    return ops.split(x, given, axis);
  }
  const size = Math.ceil(x.shape[axis]! / c.int('num_outputs', c.wanted));
  charge(OBJECT_COST * (x.shape[axis]! / size || 0));
  return ops.split(x, size, axis);
}

/** Indices; negative ones count from the end. */
function indicesOf(c: Context, i: number, size: number): Tensor {
  const value = c.value(i);
  // Values cannot be read while a program is being recorded.
  const values = isNumbers(value) ? value.values : tracing === null ? valuesAtHand(value) : null;
  if (values === null) return ops.where(c.tensor(i).lt(0), c.tensor(i).add(size), c.tensor(i));
  if (values.every((at: number) => at >= 0)) return c.tensor(i);
  return ops.tensor(
    Array.from(values, (at) => (at < 0 ? at + size : at)),
    { dtype: 'int32', shape: value.shape, device: isTensor(c.value(0)) ? c.tensor(0).device : undefined },
  );
}

function gather(c: Context): Value {
  const [x, at] = [c.value(0), c.value(1)];
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  if (isNumbers(x) && isNumbers(at) && x.shape.length === 1) {
    const picked = Array.from(at.values, (i) => x.values[i < 0 ? i + size : i] ?? c.refuse(`index ${i} of ${size}`));
    return literal(x.dtype, at.shape, picked);
  }
  const data = c.tensor(0);
  if (isNumbers(at) && at.shape.length === 0) return data.select(axis, at.values[0]!);
  const indices = indicesOf(c, 1, size);
  if (data.ndim === 2 && axis === 0 && data.dtype === 'float32' && indices.dtype === 'int32')
    return embedding(indices, data);
  const picked = ops.indexSelect(data, axis, indices.reshape([indices.numel]));
  return picked.reshape([...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)]);
}

function scatter(c: Context): Tensor {
  const [x, axis] = [c.tensor(0), c.int('axis', 0)];
  if (c.text('reduction', 'none') !== 'add') c.refuse(`reduction ${c.text('reduction', 'none')} is not supported`);
  return ops.scatterAdd(x, axis, indicesOf(c, 1, x.shape[c.axis(axis, x.ndim)]!), c.tensor(2));
}

function pad(c: Context): Tensor {
  const x = c.tensor(0);
  const amounts = c.numbersOr(1, 'pads') ?? c.refuse('the pads are missing');
  const axes = c.has(3) ? c.numbers(3).map((dim) => c.axis(dim, x.ndim)) : [...x.shape.keys()];
  if (amounts.length !== 2 * axes.length) c.refuse(`${amounts.length} pads for ${axes.length} dimensions`);
  const mode = c.text('mode', 'constant');
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge') c.refuse(`mode ${mode} is not supported`);
  const value = c.has(2) ? c.number(2) : c.float('value', 0);
  // saraf's order: the last dimension comes first, and both ends of a dimension come together.
  const first = Math.min(...axes);
  const padding = Array.from({ length: x.ndim - first }, (_, i) => {
    const at = axes.indexOf(x.ndim - 1 - i);
    return at < 0 ? [0, 0] : [amounts[at]!, amounts[axes.length + at]!];
  }).flat();
  return mode === 'constant'
    ? ops.pad(x, padding, { value })
    : ops.pad(x, padding, { mode: mode === 'edge' ? 'replicate' : mode });
}

function range(c: Context): Literal {
  const [start, limit, delta] = [c.number(0), c.number(1), c.number(2)];
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  if (Number.isNaN(length)) c.refuse('it is not a range of numbers');
  charge(ITEM_COST * length);
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = start + i * delta;
  return literal(c.dtype(0), [length], values);
}

function constant(c: Context): Literal {
  const held = c.held('value');
  if (held !== null) return held;
  const [ints, floats] = [c.list('value_ints', []), c.list('value_floats', [])];
  if (ints.length > 0) return literal('int32', [ints.length], ints);
  if (floats.length > 0) return literal('float32', [floats.length], floats);
  const [int, float] = [c.int('value_int', Number.NaN), c.float('value_float', Number.NaN)];
  if (!Number.isNaN(int)) return literal('int32', [], [int]);
  if (!Number.isNaN(float)) return literal('float32', [], [float]);
  return c.refuse('it does not hold a number');
}

function constantOfShape(c: Context): Value {
  const shape = c.numbers(0);
  const value = c.held('value') ?? literal('float32', [1], [0]);
  if (value.values.length !== 1) c.refuse('its value must be one number');
  return ops.full(shape, value.values[0]!, { dtype: value.dtype });
}

function expand(c: Context): Tensor {
  const x = c.tensor(0);
  return x.expand(broadcastShapes('Expand', x.shape, c.numbers(1)));
}

/** Blocks of channels become blocks of pixels. */
function depthToSpace(c: Context): Tensor {
  const [x, size, isDepthFirst] = [c.tensor(0), c.int('blocksize', 1), c.text('mode', 'DCR') === 'DCR'];
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape;
  const depth = channels / (size * size);
  const parts = isDepthFirst ? [n, size, size, depth, h, w] : [n, depth, size, size, h, w];
  const order = isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return x
    .reshape(parts)
    .permute(order)
    .reshape([n, depth, h * size, w * size]);
}

/** The opposite: blocks of pixels become channels. */
function spaceToDepth(c: Context): Tensor {
  c.only('mode', 'DCR');
  const [x, size] = [c.tensor(0), c.int('blocksize', 1)];
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape;
  const parts = x.reshape([n, channels, h / size, size, w / size, size]).permute(0, 3, 5, 1, 2, 4);
  return parts.reshape([n, channels * size * size, h / size, w / size]);
}

const sizesOf = (shape: Shape) => literal('int32', [shape.length], shape);

export const shapeOperations: Record<string, Operation> = {
  Concat: { run: concat },
  Constant: { run: constant },
  ConstantOfShape: { run: constantOfShape, numbers: [0] },
  DepthToSpace: { run: depthToSpace },
  Dropout: {
    numbers: [1, 2],
    run: (c) => (c.has(2) && c.number(2) !== 0 ? c.refuse('training_mode is not supported') : c.value(0)),
  },
  Expand: { run: expand, numbers: [1] },
  Flatten: { run: flatten },
  Gather: { run: gather },
  GatherElements: {
    run: (c) => {
      const [x, axis] = [c.tensor(0), c.int('axis', 0)];
      return ops.gather(x, axis, indicesOf(c, 1, x.shape[c.axis(axis, x.ndim)]!));
    },
  },
  Pad: { run: pad, numbers: [1, 2, 3] },
  Range: { run: range, numbers: [0, 1, 2] },
  Reshape: { run: reshape, numbers: [1] },
  ScatterElements: { run: scatter },
  Shape: {
    run: (c) => {
      const shape = c.shape(0);
      return sizesOf(shape.slice(c.int('start', 0), c.int('end', shape.length)));
    },
  },
  Size: { run: (c) => literal('int32', [], [numelOf(c.shape(0))]) },
  Slice: { run: slice, numbers: [1, 2, 3, 4] },
  SpaceToDepth: { run: spaceToDepth },
  Split: { run: split, numbers: [1] },
  Squeeze: { run: squeeze, numbers: [1] },
  Tile: { run: (c) => ops.repeat(c.tensor(0), c.numbers(1)), numbers: [1] },
  Transpose: {
    run: (c) => {
      const x = c.tensor(0);
      return x.permute(c.list('perm', [...x.shape.keys()].reverse()));
    },
  },
  Trilu: {
    numbers: [1],
    run: (c) => {
      const k = c.has(1) ? c.number(1) : 0;
      return c.int('upper', 1) === 1 ? ops.triu(c.tensor(0), k) : ops.tril(c.tensor(0), k);
    },
  },
  Unsqueeze: { run: unsqueeze, numbers: [1] },
};
