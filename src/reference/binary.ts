/**
 * The opcode `binary`: y = fn(a, b) with broadcasting, one loop over a row per function. Arithmetic, which networks run
 * often, has its loops written out; the rest goes through `each…`, which calls a function of two elements.
 *
 * A scalar operand has address 0. No tensor lives there, so the scalar itself is put into element 0 and read with step 0.
 */

import { binaryFns } from '../../bindings/commands/elementwise.ts';
import { readerOf } from '../../bindings/commands/fields.ts';
import { bitsToFloat } from '../../bindings/commands/program.ts';
import { collapse, eachRow, innermost, rowMajor } from '../../bindings/commands/strided.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';
import { geluGrad, geluTanhGrad, pow, powInt, siluGrad } from './special.ts';

const readBinary = readerOf('binary');

type BinaryLoop = (heap: Heap, a: number, aStep: number, b: number, bStep: number, y: number, n: number) => void;
type ElementFn = (a: number, b: number) => number;

const each =
  (from: keyof Heap, to: keyof Heap) =>
  (fn: ElementFn): BinaryLoop =>
  (heap, a, aStep, b, bStep, y, n) => {
    const source = heap[from];
    const target = heap[to];
    for (let r = 0; r < n; r++, a += aStep, b += bStep) target[y + r] = fn(source[a]!, source[b]!);
  };
const eachFloat = each('f', 'f');
const eachInt = each('i', 'i');
const compareFloats = each('f', 'i');

const equal: ElementFn = (a, b) => (a === b ? 1 : 0);
const notEqual: ElementFn = (a, b) => (a !== b ? 1 : 0);
const greater: ElementFn = (a, b) => (a > b ? 1 : 0);
const greaterOrEqual: ElementFn = (a, b) => (a >= b ? 1 : 0);
const less: ElementFn = (a, b) => (a < b ? 1 : 0);
const lessOrEqual: ElementFn = (a, b) => (a <= b ? 1 : 0);

const loops: Record<(typeof binaryFns)[number], BinaryLoop> = {
  add: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[a]! + f[b]!;
  },
  sub: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[a]! - f[b]!;
  },
  mul: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[a]! * f[b]!;
  },
  div: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[a]! / f[b]!;
  },
  pow: eachFloat(pow),
  maximum: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = Math.max(f[a]!, f[b]!);
  },
  minimum: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = Math.min(f[a]!, f[b]!);
  },
  eq: compareFloats(equal),
  ne: compareFloats(notEqual),
  gt: compareFloats(greater),
  ge: compareFloats(greaterOrEqual),
  lt: compareFloats(less),
  le: compareFloats(lessOrEqual),
  reluGrad: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[a]! <= 0 ? 0 : f[b]!;
  },
  sigmoidGrad: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[b]! * f[a]! * (1 - f[a]!);
  },
  tanhGrad: ({ f }, a, aStep, b, bStep, y, n) => {
    for (let r = 0; r < n; r++, a += aStep, b += bStep) f[y + r] = f[b]! * (1 - f[a]! * f[a]!);
  },
  addI: eachInt((a, b) => (a + b) | 0),
  subI: eachInt((a, b) => (a - b) | 0),
  mulI: eachInt(Math.imul),
  maximumI: eachInt(Math.max),
  minimumI: eachInt(Math.min),
  eqI: eachInt(equal),
  neI: eachInt(notEqual),
  gtI: eachInt(greater),
  geI: eachInt(greaterOrEqual),
  ltI: eachInt(less),
  leI: eachInt(lessOrEqual),
  powI: eachInt(powInt),
  divI: eachInt((a, b) => (b === 0 ? 0 : (a / b) | 0)),
  remI: eachInt((a, b) => (b === 0 ? 0 : a % b)),
  geluGrad: eachFloat(geluGrad),
  geluTanhGrad: eachFloat(geluTanhGrad),
  siluGrad: eachFloat(siluGrad),
};
const loopOf = binaryFns.map((name) => loops[name]);
const takesInts = binaryFns.map((name) => name.endsWith('I'));

/** y = fn(a, b). */
export const binary: ReferenceKernel = (heap, words, _floats, at) => {
  const command = readBinary(words, at);
  const { fn, a, b, shape } = command;
  if (takesInts[fn]) heap.i[0] = command.scalar;
  else heap.f[0] = bitsToFloat(command.scalar);
  const scalarStrides = shape.map(() => 0);
  const walk = collapse(shape, [
    a === 0 ? scalarStrides : command.aStrides,
    b === 0 ? scalarStrides : command.bStrides,
    rowMajor(shape),
  ]);
  const { size, steps } = innermost(walk);
  const aStep = steps[0]!;
  const bStep = steps[1]!;
  const loop = loopOf[fn]!;
  eachRow(walk, [a, b, command.y], (row) => loop(heap, row[0]!, aStep, row[1]!, bStep, row[2]!, size));
};

export const binaryKernels = { binary } satisfies ReferenceKernels;
