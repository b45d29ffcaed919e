/** Elements by index along one dimension: gather takes them as bits, scatterAdd adds them back in order of j. */
import { fieldsOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';
import { within } from './within.ts';

const G = fieldsOf('gather');

/** y[o, j, i] = x[o, index[o, j, i], i]. */
const gather: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const [x, index, y] = [words[at + G.x]!, words[at + G.index]!, words[at + G.y]!];
  const size = words[at + G.size]!;
  const inner = words[at + G.inner]!;
  const matrix = words[at + G.count]! * inner;
  for (let e = 0; e < words[at + G.outer]! * matrix; e++) {
    const o = Math.floor(e / matrix);
    bits[y + e] = bits[x + (o * size + within(bits[index + e]!, size)) * inner + (e % inner)]!;
  }
};

const S = fieldsOf('scatterAdd');

/** y[o, index[o, j, i], i] += g[o, j, i]. */
const scatterAdd: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const [g, index, y] = [words[at + S.g]!, words[at + S.index]!, words[at + S.y]!];
  const size = words[at + S.size]!;
  const inner = words[at + S.inner]!;
  const matrix = words[at + S.count]! * inner;
  const integer = words[at + S.integer] === 1;
  for (let e = 0; e < words[at + S.outer]! * matrix; e++) {
    const to = y + (Math.floor(e / matrix) * size + within(i[index + e]!, size)) * inner + (e % inner);
    if (integer) i[to] = (i[to]! + i[g + e]!) | 0;
    else f[to]! += f[g + e]!;
  }
};

export const alongKernels = { gather, scatterAdd } satisfies ReferenceKernels;
