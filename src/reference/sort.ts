/** Rows in order. NaN is the largest element; equal ones keep their order, and so do NaN among themselves. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';

const S = fieldsOf('sort');

function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first `count` elements of each row in order, and their places. */
const sort: ReferenceKernel = (heap, words, _floats, at) => {
  const [x, values, indices] = [words[at + S.x]!, words[at + S.values]!, words[at + S.indices]!];
  const cols = words[at + S.cols]!;
  const count = words[at + S.count]!;
  const sign = words[at + S.descending] === 1 ? -1 : 1;
  const source = words[at + S.integer] === 1 ? heap.i : heap.f;
  for (let row = 0; row < words[at + S.rows]!; row++) {
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
