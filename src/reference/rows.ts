/**
 * Rows by index: takeRows gathers them as bits, addRows adds them back in order of j. Indices are not checked.
 */
import { fieldsOf } from './fields.ts';
import type { ReferenceKernel } from './heap.ts';

const T = fieldsOf('takeRows');

/** y[o, j, i] = x[o, index[j], i]. */
export const takeRows: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const x = words[at + T.x]!;
  const index = words[at + T.index]!;
  const outer = words[at + T.outer]!;
  const size = words[at + T.size]!;
  const count = words[at + T.count]!;
  const inner = words[at + T.inner]!;
  let y = words[at + T.y]!;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++, y += inner) {
      const from = x + (o * size + bits[index + j]!) * inner;
      for (let e = 0; e < inner; e++) bits[y + e] = bits[from + e]!;
    }
  }
};

const A = fieldsOf('addRows');

/** y[o, index[j], i] += g[o, j, i]. */
export const addRows: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const index = words[at + A.index]!;
  const y = words[at + A.y]!;
  const outer = words[at + A.outer]!;
  const size = words[at + A.size]!;
  const count = words[at + A.count]!;
  const inner = words[at + A.inner]!;
  let g = words[at + A.g]!;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++, g += inner) {
      const to = y + (o * size + i[index + j]!) * inner;
      for (let e = 0; e < inner; e++) f[to + e]! += f[g + e]!;
    }
  }
};
