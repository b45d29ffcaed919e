/** A strip: its commands on one block of elements after the other, with copies of the commands set to the block. */

import { fieldsOf, readerOf } from '../../bindings/commands/fields.ts';
import { STRIP_BLOCK, STRIP_LOCALS } from '../../bindings/commands/limits.ts';
import { opcodes } from '../../bindings/commands/table.ts';
import { binary } from './binary.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';
import { unary } from './unary.ts';

const readStrip = readerOf('strip');

const S = fieldsOf('strip');
const U = fieldsOf('unary');
const B = fieldsOf('binary');
const HEADER = S.scratch + 1;
const UNARY = opcodes.indexOf('unary');

/** Sets one copied command to the block at element `start`, and runs it. */
function runPart(
  heap: Heap,
  words: Int32Array,
  floats: Float32Array,
  at: number,
  start: number,
  n: number,
  locals: number,
): void {
  const place = (field: number) => {
    const address = words[at + field]!;
    if (address !== 0)
      words[at + field] = address <= STRIP_LOCALS ? locals + (address - 1) * STRIP_BLOCK : address + start;
  };
  if (words[at] === UNARY) {
    place(U.x);
    place(U.y);
    words[at + U.n] = n;
    unary(heap, words, floats, at);
  } else {
    place(B.a);
    place(B.b);
    place(B.y);
    words[at + B.shape] = n;
    binary(heap, words, floats, at);
  }
}

const strip: ReferenceKernel = (heap, words, _floats, at) => {
  const command = readStrip(words, at);
  const { n } = command;
  const end = at + words[at + 1]!;
  const locals = command.scratch;
  for (let start = 0; start < n; start += STRIP_BLOCK) {
    const copy = words.slice(at + HEADER, end);
    const floats = new Float32Array(copy.buffer);
    for (let part = 0; part < copy.length; part += copy[part + 1]!) {
      runPart(heap, copy, floats, part, start, Math.min(STRIP_BLOCK, n - start), locals);
    }
  }
};

export const stripKernels = { strip } satisfies ReferenceKernels;
