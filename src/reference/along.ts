/** Elements by index along one dimension: gather takes them as bits, scatterAdd adds them back in order of j. */
import { readerOf } from '../../bindings/commands/fields.ts';
import type { ReferenceKernel, ReferenceKernels } from './heap.ts';
import { within } from './within.ts';

const readGather = readerOf('gather');
const readScatterAdd = readerOf('scatterAdd');

/** y[o, j, i] = x[o, index[o, j, i], i]. */
const gather: ReferenceKernel = ({ i: bits }, words, _floats, at) => {
  const command = readGather(words, at);
  const { size, inner, x, index, y } = command;
  const matrix = command.count * inner;
  for (let e = 0; e < command.outer * matrix; e++) {
    const o = Math.floor(e / matrix);
    bits[y + e] = bits[x + (o * size + within(bits[index + e]!, size)) * inner + (e % inner)]!;
  }
};

/** y[o, index[o, j, i], i] += g[o, j, i]. */
const scatterAdd: ReferenceKernel = ({ f, i }, words, _floats, at) => {
  const command = readScatterAdd(words, at);
  const { size, inner, g, index, y } = command;
  const matrix = command.count * inner;
  const integer = command.integer === 1;
  for (let e = 0; e < command.outer * matrix; e++) {
    const to = y + (Math.floor(e / matrix) * size + within(i[index + e]!, size)) * inner + (e % inner);
    if (integer) i[to] = (i[to]! + i[g + e]!) | 0;
    else f[to]! += f[g + e]!;
  }
};

export const alongKernels = { gather, scatterAdd } satisfies ReferenceKernels;
