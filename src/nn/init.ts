/**
 * Initial values for parameters, written in place.
 *
 * @see https://pytorch.org/docs/stable/nn.init.html
 * @module
 */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { copyInto, empty, fillWith } from '../emit/emit.ts';
import { generator } from '../emit/random.ts';
import { checkTensor, checkWritable, elementOf } from '../ops/index.ts';
import { checkFinite, checkOptions, noMore, VALUE } from '../options.ts';
import { cpuExecutor } from '../runtime/runtime.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Copies the values of a tensor into t and frees that tensor. */
function assign(t: Tensor, values: Tensor): Tensor {
  t.storage.willChange();
  copyInto(values, t);
  values.dispose();
  t.storage.version++;
  return t;
}

/** An argument and its name. */
type Named = [name: string, value: number];

function draw(t: Tensor, fn: 'uniform' | 'normal', [name0, p0]: Named, [name1, p1]: Named): Tensor {
  const op = `${fn}_`;
  checkTensor(op, 'tensor', t);
  checkFinite(op, name0, p0);
  checkFinite(op, name1, p1);
  checkWritable(op, t);
  if (t.dtype !== 'float32')
    refuse(DTypeError, op, `random numbers are float32, the tensor is ${t.dtype}`, {
      argument: 'tensor',
      got: t.dtype,
      expected: 'float32',
    });
  const values = empty(t.executor, t.shape, 'float32');
  generator.fill(values, fn, p0, p1);
  return assign(t, values);
}

/**
 * Fills a tensor with numbers that are uniform between low and high, in place, and returns it.
 *
 * @example
 * nn.init.uniform_(zeros(2, 3), -0.1, 0.1);
 */
export function uniform_(t: Tensor, low = 0, high = 1): Tensor {
  if (arguments.length > 3) noMore('uniform_', 3, arguments);
  return draw(t, 'uniform', ['low', low], ['high', high]);
}

/**
 * Fills a tensor with normal numbers of the given mean and standard deviation, in place, and returns it.
 *
 * @example
 * nn.init.normal_(new nn.Linear(4, 3).weight, 0, 0.02);
 */
export function normal_(t: Tensor, mean = 0, std = 1): Tensor {
  if (arguments.length > 3) noMore('normal_', 3, arguments);
  return draw(t, 'normal', ['mean', mean], ['std', std]);
}

/**
 * Fills a tensor with one value, in place, and returns it.
 *
 * @example
 * nn.init.constant_(zeros(2), 3).toArray(); // [3, 3]
 */
export function constant_(t: Tensor, value: number): Tensor {
  if (arguments.length > 2) noMore('constant_', 2, arguments);
  checkTensor('constant_', 'tensor', t);
  const element = elementOf('constant_', 'value', value, t.dtype);
  const values = empty(t.executor, t.shape, t.dtype);
  fillWith(values, element);
  return assign(t, values);
}

/** Refuses fewer than two dimensions. */
function checkMatrix(op: string, t: Tensor): void {
  checkTensor(op, 'tensor', t);
  if (t.ndim < 2)
    refuse(ShapeError, op, `needs at least two dimensions, got ${show(t.shape)}`, { argument: 'tensor', got: t.shape });
}

/** Inputs and outputs of one unit: sizes of dimensions 1 and 0, times the size of the kernel that follows them. */
function fans(op: string, t: Tensor): { fanIn: number; fanOut: number } {
  checkMatrix(op, t);
  const [units = 0, inputs = 0, ...kernel] = t.shape;
  const field = kernel.reduce((n, size) => n * size, 1);
  return { fanIn: inputs * field, fanOut: units * field };
}

/** Activations for which a recommended gain is known. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'leaky_relu' | 'selu';

/**
 * The factor that keeps the variance the same through an activation. `a` is the slope of leakyRelu.
 *
 * @example
 * nn.init.calculateGain('relu'); // 1.4142
 */
export function calculateGain(nonlinearity: Nonlinearity, a = 0.01): number {
  if (arguments.length > 2) noMore('calculateGain', 2, arguments);
  checkFinite('calculateGain', 'a', a);
  switch (nonlinearity) {
    case 'linear':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + a * a));
    case 'selu':
      return 3 / 4;
    default:
      refuse(ArgumentError, 'calculateGain', `unknown nonlinearity ${String(nonlinearity)}`, {
        argument: 'nonlinearity',
        got: nonlinearity,
      });
  }
}

/** A factor, as a number or as an option. */
export type Gain =
  | number
  | {
      /** A finite number, such as `calculateGain` gives. Default 1. */
      gain?: number;
    };

function gainOf(op: string, given: Gain): number {
  if (typeof given !== 'number') checkOptions(op, given, { gain: VALUE });
  const gain = typeof given === 'number' ? given : (given.gain ?? 1);
  checkFinite(op, 'gain', gain);
  return gain;
}

/**
 * Glorot's uniform, in place: ±gain·√(6 / (fanIn + fanOut)).
 *
 * @example
 * nn.init.xavierUniform_(new nn.Linear(4, 3).weight, nn.init.calculateGain('tanh'));
 */
export function xavierUniform_(t: Tensor, gain: Gain = 1): Tensor {
  if (arguments.length > 2) noMore('xavierUniform_', 2, arguments);
  const { fanIn, fanOut } = fans('xavierUniform_', t);
  const bound = gainOf('xavierUniform_', gain) * Math.sqrt(6 / (fanIn + fanOut));
  return uniform_(t, -bound, bound);
}

/**
 * Glorot's normal, in place: standard deviation gain·√(2 / (fanIn + fanOut)).
 *
 * @example
 * nn.init.xavierNormal_(new nn.Linear(4, 3).weight);
 */
export function xavierNormal_(t: Tensor, gain: Gain = 1): Tensor {
  if (arguments.length > 2) noMore('xavierNormal_', 2, arguments);
  const { fanIn, fanOut } = fans('xavierNormal_', t);
  return normal_(t, 0, gainOf('xavierNormal_', gain) * Math.sqrt(2 / (fanIn + fanOut)));
}

/** Options of the Kaiming initialisations. */
export interface KaimingOptions {
  /** Slope of leakyRelu. Default 0. */
  a?: number;
  /** Which count sets the variance: the inputs or the outputs of one unit. Default 'fanIn'. */
  mode?: 'fanIn' | 'fanOut' | 'fan_in' | 'fan_out';
  /** What follows the layer; see `calculateGain`. Default 'leakyRelu', which with a = 0 is ReLU. */
  nonlinearity?: Nonlinearity;
}

function kaimingStd(op: string, t: Tensor, options: KaimingOptions): number {
  checkOptions(op, options, { a: VALUE, mode: VALUE, nonlinearity: VALUE });
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  const isIn = mode === 'fanIn' || mode === 'fan_in';
  if (!isIn && mode !== 'fanOut' && mode !== 'fan_out')
    refuse(ArgumentError, op, `mode must be 'fanIn' or 'fanOut', got ${String(mode)}`, { argument: 'mode', got: mode });
  const { fanIn, fanOut } = fans(op, t);
  return calculateGain(nonlinearity, a) / Math.sqrt(isIn ? fanIn : fanOut);
}

/**
 * He's uniform, in place: ±gain·√(3 / fan), fan the inputs (`mode` 'fanIn') or outputs of one unit.
 *
 * @example
 * nn.init.kaimingUniform_(new nn.Linear(4, 3).weight, { nonlinearity: 'relu' });
 */
export function kaimingUniform_(t: Tensor, options: KaimingOptions = {}): Tensor {
  if (arguments.length > 2) noMore('kaimingUniform_', 2, arguments);
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', t, options);
  return uniform_(t, -bound, bound);
}

/**
 * He's normal, in place: standard deviation gain / √fan, fan the inputs (`mode` 'fanIn') or outputs of one unit.
 *
 * @example
 * nn.init.kaimingNormal_(new nn.Conv2d(3, 16, 3).weight, { mode: 'fanOut', nonlinearity: 'relu' });
 */
export function kaimingNormal_(t: Tensor, options: KaimingOptions = {}): Tensor {
  if (arguments.length > 2) noMore('kaimingNormal_', 2, arguments);
  return normal_(t, 0, kaimingStd('kaimingNormal_', t, options));
}

/**
 * A (semi-)orthogonal matrix times gain: the first dimension against all others together; rows or columns, whichever are
 * fewer, are orthonormal. A normal matrix made orthonormal (Saxe et al. 2014).
 *
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
 * @example
 * const w = nn.init.orthogonal_(zeros(2, 2));
 * w.matmul(w.T); // close to the identity matrix
 */
export function orthogonal_(t: Tensor, gain: Gain = 1): Tensor {
  if (arguments.length > 2) noMore('orthogonal_', 2, arguments);
  const op = 'orthogonal_';
  checkMatrix(op, t);
  checkWritable(op, t);
  const factor = gainOf(op, gain);
  const [rows = 0] = t.shape;
  const cols = t.numel / Math.max(1, rows);
  // A device whose values come only asynchronously leaves the drawing to the CPU.
  const drawn = empty(t.executor.download === undefined ? t.executor : cpuExecutor(), t.shape, t.dtype);
  normal_(drawn);
  if (t.numel === 0) return t;
  const [long, short] = rows < cols ? [cols, rows] : [rows, cols];
  const vectors = orthonormal(Float64Array.from(drawn.dataSync()), long, short);
  drawn.dispose();
  // The elements of a vector are next to each other: it is a row if there are fewer rows than columns.
  const values = empty(t.executor, t.shape, 'float32');
  const at = (i: number) => (rows < cols ? vectors[i]! : vectors[(i % cols) * long + Math.floor(i / cols)]!);
  values.executor.write(
    values.address,
    Float64Array.from({ length: t.numel }, (_, i) => factor * at(i)),
    'float32',
  );
  return assign(t, values);
}

/** Makes `count` vectors of n numbers orthonormal, each against those before it, twice because of rounding (Gram–Schmidt). */
function orthonormal(a: Float64Array, n: number, count: number): Float64Array {
  for (let v = 0; v < count; v++) {
    const own = a.subarray(v * n, (v + 1) * n);
    for (let round = 0; round < 2; round++) {
      for (let u = 0; u < v; u++) {
        const other = a.subarray(u * n, (u + 1) * n);
        let dot = 0;
        for (let i = 0; i < n; i++) dot += own[i]! * other[i]!;
        for (let i = 0; i < n; i++) own[i]! -= dot * other[i]!;
      }
    }
    const length = Math.sqrt(own.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < n; i++) own[i]! /= length;
  }
  return a;
}
