/**
 * Reductions along one dimension of x[outer, size, inner]: reduce, argReduce, cumsum. Floats are summed and multiplied
 * in doubles, in the order of the elements, and rounded once; int32 wraps. Ties: NaN wins over all, else the first index.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { argReduceFns, reduceFns } from '../../bindings/commands/reduce.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';
import { scratchDoubles } from './scratch.ts';

const readArgReduce = readerOf('argReduce');
const readCumsum = readerOf('cumsum');
const readReduce = readerOf('reduce');

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/** Reduces `size` elements, `step` apart. */
type Fold = (heap: Heap, x: number, step: number, size: number) => number;

const folds: Record<(typeof reduceFns)[number], Fold> = {
  sum: ({ f }, x, step, size) => {
    let sum = 0;
    for (let r = 0; r < size; r++, x += step) sum += f[x]!;
    return sum;
  },
  prod: ({ f }, x, step, size) => {
    let product = 1;
    for (let r = 0; r < size; r++, x += step) product *= f[x]!;
    return product;
  },
  max: ({ f }, x, step, size) => {
    let max = -Infinity;
    for (let r = 0; r < size; r++, x += step) max = Math.max(max, f[x]!);
    return max;
  },
  min: ({ f }, x, step, size) => {
    let min = Infinity;
    for (let r = 0; r < size; r++, x += step) min = Math.min(min, f[x]!);
    return min;
  },
  sumI: ({ i }, x, step, size) => {
    let sum = 0;
    for (let r = 0; r < size; r++, x += step) sum = (sum + i[x]!) | 0;
    return sum;
  },
  prodI: ({ i }, x, step, size) => {
    let product = 1;
    for (let r = 0; r < size; r++, x += step) product = Math.imul(product, i[x]!);
    return product;
  },
  maxI: ({ i }, x, step, size) => {
    let max = INT_MIN;
    for (let r = 0; r < size; r++, x += step) max = Math.max(max, i[x]!);
    return max;
  },
  minI: ({ i }, x, step, size) => {
    let min = INT_MAX;
    for (let r = 0; r < size; r++, x += step) min = Math.min(min, i[x]!);
    return min;
  },
};
const foldOf = reduceFns.map((name) => folds[name]);
const reducesInts = reduceFns.map((name) => name.endsWith('I'));
const SUM = reduceFns.indexOf('sum');

/** y[i] = scale · Σ over r of x[r, i], read row by row, in memory order: the sum of a batch of bias gradients. */
function sumOfRows({ f }: Heap, x: number, y: number, size: number, inner: number, scale: number): void {
  const sums = scratchDoubles(inner);
  sums.fill(0, 0, inner);
  for (let r = 0; r < size; r++, x += inner) {
    for (let j = 0; j < inner; j++) sums[j]! += f[x + j]!;
  }
  for (let j = 0; j < inner; j++) f[y + j] = scale * sums[j]!;
}

/** y[o, i] = scale · fn over r of x[o, r, i]. */
const reduce: ReferenceKernel = (heap, words, floats, at) => {
  const command = readReduce(words, at, floats);
  const { fn, x, y, outer, size, inner } = command;
  const scale = fn === SUM ? command.scale : 1;
  const fold = foldOf[fn]!;
  const target = reducesInts[fn] ? heap.i : heap.f;
  for (let o = 0; o < outer; o++) {
    const from = x + o * size * inner;
    const to = y + o * inner;
    if (fn === SUM && inner > 1) sumOfRows(heap, from, to, size, inner, scale);
    else for (let j = 0; j < inner; j++) target[to + j] = scale * fold(heap, from + j, inner, size);
  }
};

type Elements = Heap['f'] | Heap['i'];

/** The first r whose element is the greatest, or is NaN. */
function greatest(elements: Elements, x: number, step: number, size: number): number {
  let best = elements[x]!;
  let index = 0;
  for (let r = 1; r < size && !Number.isNaN(best); r++) {
    const value = elements[x + r * step]!;
    if (value > best || Number.isNaN(value)) {
      best = value;
      index = r;
    }
  }
  return index;
}

/** The first r whose element is the least, or is NaN. */
function least(elements: Elements, x: number, step: number, size: number): number {
  let best = elements[x]!;
  let index = 0;
  for (let r = 1; r < size && !Number.isNaN(best); r++) {
    const value = elements[x + r * step]!;
    if (value < best || Number.isNaN(value)) {
      best = value;
      index = r;
    }
  }
  return index;
}

/** indices[o, i] = the r where x[o, r, i] is extreme; values gets that element. */
const argReduce: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readArgReduce(words, at);
  const { x, values, indices, outer, size, inner } = command;
  const name = argReduceFns[command.fn]!;
  const elements = name.endsWith('I') ? i : f;
  const search = name.startsWith('max') ? greatest : least;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const from = x + o * size * inner + j;
      const index = search(elements, from, inner, size);
      i[indices + o * inner + j] = index;
      if (values !== 0) elements[values + o * inner + j] = elements[from + index * inner]!;
    }
  }
};

/** y[o, r, i] = Σ over s ≤ r (or s ≥ r) of x[o, s, i]. */
const cumsum: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readCumsum(words, at);
  const { x, y, outer, size, inner } = command;
  const reverse = command.reverse === 1;
  const integer = command.integer === 1;
  const step = reverse ? -inner : inner;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      let e = o * size * inner + j + (reverse ? (size - 1) * inner : 0);
      let sum = 0;
      for (let r = 0; r < size; r++, e += step) {
        if (integer) i[y + e] = sum = (sum + i[x + e]!) | 0;
        else f[y + e] = sum += f[x + e]!;
      }
    }
  }
};

export const reduceKernels = { reduce, argReduce, cumsum } satisfies ReferenceKernels;
