/**
 * The opcode `unary`: y[i] = fn(x[i]), by the definitions in the table of functions. Functions that networks run often have a loop
 * written out; the others call their definition for each element. `p0` and `p1` arrive as bit patterns.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { bitsToFloat } from '../../bindings/commands/program.ts';
import { type UnaryRow, unaryFns, unaryRows } from '../../bindings/commands/unary.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';

const readUnary = readerOf('unary');

type UnaryLoop = (heap: Heap, x: number, y: number, n: number, p0: number, p1: number) => void;

/** The loop that calls a function's definition. */
function loopOver({ from, to, of }: UnaryRow): UnaryLoop {
  return ({ f, i }, x, y, n, p0, p1) => {
    const source = from === 'f32' ? f : i;
    const target = to === 'f32' ? f : i;
    const [a, b] = from === 'f32' ? [bitsToFloat(p0), bitsToFloat(p1)] : [p0, p1];
    for (let r = 0; r < n; r++) target[y + r] = of(source[x + r]!, a, b);
  };
}

const writtenOut: Partial<Record<keyof typeof unaryRows, UnaryLoop>> = {
  neg: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = -f[x + r]!;
  },
  sqrt: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.sqrt(f[x + r]!);
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
  tanh: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.tanh(f[x + r]!);
  },
  sigmoid: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = 1 / (1 + Math.exp(-f[x + r]!));
  },
  relu: ({ f }, x, y, n) => {
    for (let r = 0; r < n; r++) f[y + r] = Math.max(f[x + r]!, 0);
  },
};
const loopOf = unaryFns.map((name) => writtenOut[name] ?? loopOver(unaryRows[name]));

/** y[i] = fn(x[i]). */
export const unary: ReferenceKernel = (heap, words, _floats, at) => {
  const command = readUnary(words, at);
  const loop = loopOf[command.fn]!;
  loop(heap, command.x, command.y, command.n, command.p0, command.p1);
};

export const unaryKernels = { unary } satisfies ReferenceKernels;
