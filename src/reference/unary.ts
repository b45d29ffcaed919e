/**
 * The opcode `unary`: y[i] = fn(x[i]), one loop a function. Functions that networks run often have a loop written out;
 * the others go through `each…`, which calls a function of one element. `p0` and `p1` arrive as bit patterns.
 */
import { bitsToFloat } from '../../bindings/commands/program.ts';
import { unaryFns } from '../../bindings/commands/table.ts';
import { fieldsOf } from './fields.ts';
import type { Heap, ReferenceKernel } from './heap.ts';
import { elu, erf, gelu, geluTanh, roundHalfEven, saturateToInt, sigmoid, sign, softplus } from './special.ts';

type UnaryLoop = (heap: Heap, x: number, y: number, n: number, p0: number, p1: number) => void;
type ElementFn = (x: number) => number;

const each =
  (from: keyof Heap, to: keyof Heap) =>
  (fn: ElementFn): UnaryLoop =>
  (heap, x, y, n) => {
    const source = heap[from];
    const target = heap[to];
    for (let r = 0; r < n; r++) target[y + r] = fn(source[x + r]!);
  };
const eachFloat = each('f', 'f');
const eachInt = each('i', 'i');
const eachFloatToInt = each('f', 'i');
const eachIntToFloat = each('i', 'f');

/** A float function with the two parameters of the command. */
const withNumbers =
  (fn: (x: number, p0: number, p1: number) => number): UnaryLoop =>
  ({ f }, x, y, n, p0, p1) => {
    const [a, b] = [bitsToFloat(p0), bitsToFloat(p1)];
    for (let r = 0; r < n; r++) f[y + r] = fn(f[x + r]!, a, b);
  };

const loops: Record<(typeof unaryFns)[number], UnaryLoop> = {
  neg: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = -f[x + r]!;
  },
  abs: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.abs(f[x + r]!);
  },
  sign: eachFloat(sign),
  sqrt: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.sqrt(f[x + r]!);
  },
  rsqrt: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = 1 / Math.sqrt(f[x + r]!);
  },
  reciprocal: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = 1 / f[x + r]!;
  },
  square: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = f[x + r]! * f[x + r]!;
  },
  exp: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.exp(f[x + r]!);
  },
  log: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.log(f[x + r]!);
  },
  log1p: eachFloat(Math.log1p),
  sin: eachFloat(Math.sin),
  cos: eachFloat(Math.cos),
  tanh: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.tanh(f[x + r]!);
  },
  sigmoid: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = sigmoid(f[x + r]!);
  },
  relu: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.max(f[x + r]!, 0);
  },
  atan: eachFloat(Math.atan),
  erf: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = erf(f[x + r]!);
  },
  floor: eachFloat(Math.floor),
  ceil: eachFloat(Math.ceil),
  round: eachFloat(roundHalfEven),
  clamp: ({ f }, x, y, n, p0, p1) => {
    const low = bitsToFloat(p0);
    const high = bitsToFloat(p1);
    for (let r = 0; r < n; r++) f[y + r] = Math.min(Math.max(f[x + r]!, low), high);
  },
  logicalNot: eachFloatToInt((x) => (x === 0 ? 1 : 0)),
  toBool: eachFloatToInt((x) => (x !== 0 ? 1 : 0)),
  toInt: eachFloatToInt(saturateToInt),
  negI: eachInt((x) => -x | 0),
  absI: eachInt((x) => Math.abs(x) | 0),
  signI: eachInt(sign),
  squareI: eachInt((x) => Math.imul(x, x)),
  clampI: ({ i }, x, y, n, p0, p1) => {
    for (let r = 0; r < n; r++) i[y + r] = Math.min(Math.max(i[x + r]!, p0), p1);
  },
  logicalNotI: eachInt((x) => (x === 0 ? 1 : 0)),
  toBoolI: eachInt((x) => (x !== 0 ? 1 : 0)),
  toFloat: eachIntToFloat((x) => x),
  gelu: eachFloat(gelu),
  geluTanh: eachFloat(geluTanh),
  silu: eachFloat((x) => x * sigmoid(x)),
  softplus: withNumbers(softplus),
  elu: withNumbers(elu),
  leakyRelu: withNumbers((x, slope) => (x > 0 ? x : slope * x)),
};
const loopOf = unaryFns.map((name) => loops[name]);

const U = fieldsOf('unary');

/** y[i] = fn(x[i]). */
export const unary: ReferenceKernel = (heap, words, _floats, at) => {
  const loop = loopOf[words[at + U.fn]!]!;
  loop(heap, words[at + U.x]!, words[at + U.y]!, words[at + U.n]!, words[at + U.p0]!, words[at + U.p1]!);
};
