/** Element functions, reductions, and changes of shape as ONNX nodes. */
import { bitsToFloat } from '../../../bindings/commands/program.ts';
import type { Shape } from '../../tensor/shapes.ts';
import { type Drafts, float, type StepView } from './draft.ts';
import { INT32 } from './tensors.ts';

/** Makes the nodes of a step and gives the names of its outputs. */
export type Emitter = (d: Drafts, s: StepView) => string | (string | undefined)[];

const through: Emitter = (_, s) => s.name(0);
const unary =
  (op: string): Emitter =>
  (d, s) =>
    d.node(op, [s.name(0)]);

/** A float that a command holds as bits. */
const given = (s: StepView, name: 'p0' | 'p1' | 'scalar') => bitsToFloat(s.get<number>(name));

const cast: Emitter = (d, s) => d.cast(s.name(0), s.dtype(0), s.outDtype());

const clip = (d: Drafts, s: StepView, min: number, max: number, isInt = false): string => {
  const limit = (value: number) => (Number.isFinite(value) ? d.scalar(value, isInt ? 'int32' : 'float32') : '');
  if (!Number.isFinite(min) && !Number.isFinite(max)) return s.name(0);
  const high = limit(max);
  return d.node('Clip', high === '' ? [s.name(0), limit(min)] : [s.name(0), limit(min), high]);
};

const half = Math.sqrt(0.5);

const unaries: Record<string, Emitter> = {
  abs: unary('Abs'),
  absI: unary('Abs'),
  atan: unary('Atan'),
  ceil: unary('Ceil'),
  clamp: (d, s) => clip(d, s, given(s, 'p0'), given(s, 'p1')),
  clampI: (d, s) => clip(d, s, s.get('p0'), s.get('p1'), true),
  clone: through,
  cos: unary('Cos'),
  // factor·(e^(scale·x) − 1): Elu has scale 1, Celu factor·scale = 1.
  elu: (d, s) => {
    const [factor, scale] = [given(s, 'p0'), given(s, 'p1')];
    if (scale === 1) return d.node('Elu', [s.name(0)], { alpha: float(factor) });
    return d.node('Celu', [s.name(0)], { alpha: float(factor) });
  },
  erf: unary('Erf'),
  exp: unary('Exp'),
  floor: unary('Floor'),
  gelu: (d, s) => {
    const [x, one] = [s.name(0), d.scalar(1)];
    const cdf = d.node('Add', [d.node('Erf', [d.node('Mul', [x, d.scalar(half)])]), one]);
    return d.node('Mul', [d.node('Mul', [x, cdf]), d.scalar(0.5)]);
  },
  geluTanh: (d, s) => {
    const x = s.name(0);
    const cube = d.node('Mul', [d.node('Mul', [x, x]), x]);
    const inner = d.node('Add', [x, d.node('Mul', [cube, d.scalar(0.044715)])]);
    const curve = d.node('Tanh', [d.node('Mul', [inner, d.scalar(Math.sqrt(2 / Math.PI))])]);
    return d.node('Mul', [d.node('Mul', [x, d.node('Add', [curve, d.scalar(1)])]), d.scalar(0.5)]);
  },
  hardsigmoid: (d, s) => d.node('HardSigmoid', [s.name(0)], { alpha: float(1 / 6), beta: float(0.5) }),
  hardswish: unary('HardSwish'),
  identity: through,
  leakyRelu: (d, s) => d.node('LeakyRelu', [s.name(0)], { alpha: float(given(s, 'p0')) }),
  log: unary('Log'),
  log1p: (d, s) => d.node('Log', [d.node('Add', [s.name(0), d.scalar(1)])]),
  logicalNot: (d, s) => d.node('Not', [d.cast(s.name(0), s.dtype(0), 'bool')]),
  logicalNotI: (d, s) => d.node('Not', [d.cast(s.name(0), s.dtype(0), 'bool')]),
  move: through,
  neg: unary('Neg'),
  negI: (d, s) => d.node('Neg', [d.cast(s.name(0), s.dtype(0), 'int32')]),
  prelu: (d, s) => d.node('PRelu', [s.name(0), s.name(1)]),
  reciprocal: unary('Reciprocal'),
  relu: unary('Relu'),
  round: unary('Round'),
  rsqrt: (d, s) => d.node('Reciprocal', [d.node('Sqrt', [s.name(0)])]),
  selu: (d, s) => d.node('Selu', [s.name(0)], { alpha: float(1.6732632423543772), gamma: float(1.0507009873554805) }),
  sigmoid: unary('Sigmoid'),
  sign: unary('Sign'),
  signI: unary('Sign'),
  silu: (d, s) => d.node('Mul', [s.name(0), d.node('Sigmoid', [s.name(0)])]),
  sin: unary('Sin'),
  softplus: (d, s) => {
    const beta = given(s, 'p0');
    if (beta === 1) return d.node('Softplus', [s.name(0)]);
    return d.node('Div', [d.node('Softplus', [d.node('Mul', [s.name(0), d.scalar(beta)])]), d.scalar(beta)]);
  },
  softsign: unary('Softsign'),
  sqrt: unary('Sqrt'),
  square: (d, s) => d.node('Mul', [s.name(0), s.name(0)]),
  squareI: (d, s) => d.node('Mul', [s.name(0), s.name(0)]),
  tanh: unary('Tanh'),
  toBool: cast,
  toBoolI: cast,
  toFloat: cast,
  toInt: cast,
};

const binaryNames: Record<string, string> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  pow: 'Pow',
  maximum: 'Max',
  minimum: 'Min',
  eq: 'Equal',
  ne: 'Equal',
  gt: 'Greater',
  ge: 'GreaterOrEqual',
  lt: 'Less',
  le: 'LessOrEqual',
};

/** A function of two tensors, or of one and a number. */
const binary =
  (fn: string, op: string, isInt: boolean): Emitter =>
  (d, s) => {
    if (isInt && s.outDtype() === 'bool' && (fn === 'maximum' || fn === 'minimum'))
      return d.node(fn === 'maximum' ? 'Or' : 'And', [s.name(0), s.name(1)]);
    const operands =
      s.count === 1
        ? [s.name(0), d.scalar(given(s, 'scalar'))]
        : [0, 1].map((i) => (isInt ? d.cast(s.name(i), s.dtype(i), 'int32') : s.name(i)));
    if (s.get('reversed') === true) operands.reverse();
    const y = d.node(op, operands);
    return fn === 'ne' ? d.node('Not', [y]) : y;
  };

const binaries: Record<string, Emitter> = {
  ...Object.fromEntries(
    Object.entries(binaryNames).flatMap(([fn, op]) => [
      [fn, binary(fn, op, false)],
      [`${fn}I`, binary(fn, op, true)],
    ]),
  ),
  remI: (d, s) =>
    d.node(
      'Mod',
      [0, 1].map((i) => d.cast(s.name(i), s.dtype(i), 'int32')),
      { fmod: 1 },
    ),
  where: (d, s) => d.node('Where', [d.cast(s.name(0), s.dtype(0), 'bool'), s.name(1), s.name(2)]),
};

/** The dimensions that became 1. */
const reducedDims = (from: Shape, kept: Shape): number[] => from.flatMap((size, i) => (size === kept[i] ? [] : [i]));

function reduction(op: string, d: Drafts, s: StepView, input = s.name(0)): string {
  const [from, kept, to] = [s.shape(0), s.get<Shape>('keepShape'), s.outShape()];
  const dims = reducedDims(from, kept);
  if (dims.length === 0) return d.reshape(input, from, to);
  if (op === 'ReduceMean' && from.length === 4 && to.length === 4 && dims.join() === '2,3')
    return d.node('GlobalAveragePool', [input]);
  const keepdims = Number(from.length - dims.length !== to.length);
  // Until opset 18 only ReduceSum takes the dimensions as an input.
  const y =
    op === 'ReduceSum'
      ? d.node(op, [input, d.ints(dims)], { keepdims })
      : d.node(op, [input], { axes: dims, keepdims });
  return keepdims === 1 ? d.reshape(y, kept, to) : y;
}

/** x with bools as integers, which ONNX's reductions need. */
const numbers = (d: Drafts, s: StepView) => (s.dtype(0) === 'bool' ? d.cast(s.name(0), 'bool', 'int32') : s.name(0));

/** The positions of the largest or smallest elements, as int32. */
const argOf = (d: Drafts, s: StepView, op: string, axis: number, keepdims: number) =>
  d.node('Cast', [d.node(op, [numbers(d, s)], { axis, keepdims })], { to: INT32 });

const reductions: Record<string, Emitter> = {
  sum: (d, s) => reduction('ReduceSum', d, s, numbers(d, s)),
  mean: (d, s) => reduction('ReduceMean', d, s),
  prod: (d, s) => reduction('ReduceProd', d, s, numbers(d, s)),
  max: (d, s) => reduction('ReduceMax', d, s, numbers(d, s)),
  min: (d, s) => reduction('ReduceMin', d, s, numbers(d, s)),
  extreme: (d, s) => {
    const [axis, isMax] = [s.get<number>('dim'), s.get('fn') === 'max'];
    if (s.shape(0).length === 0) return [s.name(0), d.scalar(0, 'int32')];
    const values = d.node(isMax ? 'ReduceMax' : 'ReduceMin', [s.name(0)], { axes: [axis], keepdims: 0 });
    return [values, argOf(d, s, isMax ? 'ArgMax' : 'ArgMin', axis, 0)];
  },
  argmax: (d, s) => argOf(d, s, 'ArgMax', s.get('dim'), Number(s.get('keepdim'))),
  argmin: (d, s) => argOf(d, s, 'ArgMin', s.get('dim'), Number(s.get('keepdim'))),
  cumsum: (d, s) =>
    d.node('CumSum', [numbers(d, s), d.scalar(s.get('dim'), 'int32')], { reverse: Number(s.get('reverse')) }),
  sort: (d, s) => {
    const count = d.ints([s.get<number>('count')]);
    const largest = Number(s.get('descending'));
    const [values, indices] = d.nodes('TopK', [s.name(0), count], { axis: -1, largest, sorted: 1 }, 2);
    return [values, d.node('Cast', [indices], { to: INT32 })];
  },
  softmax: (d, s) => d.node('Softmax', [s.name(0)], { axis: s.get<number | undefined>('dim') ?? -1 }),
  logSoftmax: (d, s) => d.node('LogSoftmax', [s.name(0)], { axis: s.get<number | undefined>('dim') ?? -1 }),
};

/** The end of a slice that reaches to the end, whatever the size. */
const END = 2 ** 31 - 1;

const shapes: Record<string, Emitter> = {
  reshape: (d, s) => d.reshape(s.name(0), s.shape(0), s.outShape()),
  permute: (d, s) => d.node('Transpose', [s.name(0)], { perm: s.get<number[]>('dims') }),
  expand: (d, s) =>
    s.shape(0).join() === s.outShape().join() ? s.name(0) : d.node('Expand', [s.name(0), d.sizes(s.outShape())]),
  slice: (d, s) => {
    const [dim, start, step] = [s.get<number>('dim'), s.get<number>('start'), s.get<number>('step')];
    const [size, length] = [s.shape(0)[dim]!, s.outShape()[dim]!];
    if (length === size && step === 1) return s.name(0);
    const end = start + length * step >= size ? END : start + length * step;
    return d.node('Slice', [s.name(0), d.ints([start]), d.ints([end]), d.ints([dim]), d.ints([step])]);
  },
  flip: (d, s) => {
    const dims = s.get<number[]>('dims');
    const all = (value: number) => d.ints(dims.map(() => value));
    return dims.length === 0 ? s.name(0) : d.node('Slice', [s.name(0), all(-1), all(-END), d.ints(dims), all(-1)]);
  },
  cat: (d, s) =>
    d.node(
      'Concat',
      Array.from({ length: s.count }, (_, i) => s.name(i)),
      { axis: s.get<number>('dim') },
    ),
  indexSelect: (d, s) => d.node('Gather', [s.name(0), s.name(1)], { axis: s.get<number>('dim') }),
  embedding: (d, s) => d.node('Gather', [s.name(0), s.name(1)], { axis: 0 }),
  gather: (d, s) => d.node('GatherElements', [s.name(0), s.name(1)], { axis: s.get<number>('dim') }),
  scatterAdd: (d, s) =>
    d.node('ScatterElements', [s.name(0), s.name(1), s.name(2)], { axis: s.get<number>('dim'), reduction: 'add' }),
  pad: (d, s) => {
    const starts = s.get<number[]>('starts');
    const ends = starts.map((start, i) => s.outShape()[i]! - s.shape(0)[i]! - start);
    const value = d.scalar(s.get<number>('value'), s.dtype(0));
    return d.node('Pad', [s.name(0), d.ints([...starts, ...ends]), value], { mode: 'constant' });
  },
};

export const basicEmitters: Record<string, Emitter> = { ...unaries, ...binaries, ...reductions, ...shapes };
