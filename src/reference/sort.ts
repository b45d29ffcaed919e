/** Rows in order. NaN is the largest element; equal ones keep their order, and so do NaN among themselves. */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const readSort = readerOf('sort');

function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first `count` elements of each row in order, and their positions. */
const sort: ReferenceKernel = (heap, words, _floats, at) => {
  const command = readSort(words, at);
  const { cols, count, x, values, indices } = command;
  const sign = command.descending === 1 ? -1 : 1;
  const source = command.integer === 1 ? heap.i : heap.f;
  for (let row = 0; row < command.rows; row++) {
    const start = x + row * cols;
    const order = Array.from({ length: cols }, (_, i) => i);
    order.sort((a, b) => sign * compare(source[start + a]!, source[start + b]!) || a - b);
    for (let i = 0; i < count; i++) {
      heap.i[values + row * count + i] = heap.i[start + order[i]!]!;
      heap.i[indices + row * count + i] = order[i]!;
    }
  }
};

export const sortKernels = { sort } satisfies ReferenceKernels;
