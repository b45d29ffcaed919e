/**
 * Rows by index: takeRows gathers them as bits, addRows adds them back in order of j, or sets them to 0.
 */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';
import { within } from './within.ts';

const readAddRows = readerOf('addRows');
const readTakeRows = readerOf('takeRows');

/** y[o, j, i] = x[o, index[j], i]. */
const takeRows: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const command = readTakeRows(words, at);
  const { x, index, outer, size, count, inner } = command;
  let y = command.y;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++, y += inner) {
      const from = x + (o * size + within(bits[index + j]!, size)) * inner;
      for (let e = 0; e < inner; e++) bits[y + e] = bits[from + e]!;
    }
  }
};

/** y[o, index[j], i] += g[o, j, i], or = 0 without g; marks[index[j]] = first + j. */
const addRows: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readAddRows(words, at);
  const { index, y, outer, size, count, inner, marks } = command;
  let g = command.g;
  const clears = g === 0;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++, g += inner) {
      const row = within(i[index + j]!, size);
      const to = y + (o * size + row) * inner;
      if (clears) f.fill(0, to, to + inner);
      else for (let e = 0; e < inner; e++) f[to + e]! += f[g + e]!;
      if (marks !== 0) i[marks + row] = command.first + j;
    }
  }
};

export const rowsKernels = { takeRows, addRows } satisfies ReferenceKernels;
