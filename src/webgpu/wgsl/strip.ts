/**
 * A strip as one shader, made for the functions that it combines: a thread takes one element through all of them, and values
 * local to the strip stay in registers.
 */

import { binaryFns } from '../../../bindings/commands/elementwise.ts';
import { fieldsOf, readerOf } from '../../../bindings/commands/fields.ts';
import { STRIP_LOCALS } from '../../../bindings/commands/limits.ts';
import { opcodes } from '../../../bindings/commands/table.ts';
import { unaryFns, unaryRows } from '../../../bindings/commands/unary.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads, slotWordsFor } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { binaryFunctions } from './functions.ts';

const readBinary = readerOf('binary');
const readStrip = readerOf('strip');
const readUnary = readerOf('unary');

const S = fieldsOf('strip');
const HEADER = S.scratch + 1;
const UNARY = opcodes.indexOf('unary');

/** The shader being built: its name, statements, and the words that they read. */
interface Draft {
  key: string;
  lines: string[];
  words: number[];
}

/** The WGSL expression (u32) of the next word. */
function word(draft: Draft, value: number): string {
  const at = draft.words.push(value) - 1;
  return `cmd[${at >> 2}].${'xyzw'[at & 3]}`;
}

const isLocal = (address: number) => address >= 1 && address <= STRIP_LOCALS;

function read(draft: Draft, address: number, type: string): string {
  draft.key += isLocal(address) ? `l${address}` : 'm';
  return `bitcast<${type}>(${isLocal(address) ? `local${address}` : `heap[${word(draft, address)} + id]`})`;
}

function write(draft: Draft, address: number, value: string): void {
  draft.key += isLocal(address) ? `>l${address};` : '>m;';
  const target = isLocal(address) ? `local${address}` : `heap[${word(draft, address)} + id]`;
  draft.lines.push(`  ${target} = bitcast<u32>(${value});`);
}

function addUnary(draft: Draft, words: Int32Array, at: number): void {
  const command = readUnary(words, at);
  const name = unaryFns[command.fn]!;
  const { from, wgsl } = unaryRows[name];
  draft.key += name;
  draft.lines.push('{', `  let x = ${read(draft, command.x, from)};`);
  if (/\bp[01]\b/.test(wgsl)) {
    draft.lines.push(`  let p0 = ${word(draft, command.p0)};`, `  let p1 = ${word(draft, command.p1)};`);
  }
  write(draft, command.y, wgsl);
  draft.lines.push('}');
}

function addBinary(draft: Draft, words: Int32Array, at: number): void {
  const command = readBinary(words, at);
  const name = binaryFns[command.fn]!;
  const { from, expression } = binaryFunctions[name];
  draft.key += name;
  draft.lines.push('{');
  for (const operand of ['a', 'b'] as const) {
    const address = command[operand];
    if (address === 0) draft.key += 's';
    const value = address === 0 ? `bitcast<${from}>(${word(draft, command.scalar)})` : read(draft, address, from);
    draft.lines.push(`  let ${operand} = ${value};`);
  }
  write(draft, command.y, expression);
  draft.lines.push('}');
}

const strip: GpuKernel = (words, at, planner) => {
  const { n } = readStrip(words, at);
  if (n === 0) return;
  const end = at + words[at + 1]!;
  const draft: Draft = { key: 'strip ', lines: [], words: [n] };
  for (let part = at + HEADER; part < end; part += words[part + 1]!) {
    if (words[part] === UNARY) addUnary(draft, words, part);
    else addBinary(draft, words, part);
  }
  const locals = Array.from({ length: STRIP_LOCALS }, (_, i) => `local${i + 1}`).filter((name) =>
    draft.lines.some((line) => new RegExp(`\\b${name}\\b`).test(line)),
  );
  planner.launch({
    key: draft.key,
    source: () =>
      shader({
        parameters: new Parameters(['n']),
        slotWords: slotWordsFor(draft.words.length),
        body: `if (id >= n) { return; }\n${locals.map((name) => `var ${name}: u32;`).join('\n')}\n${draft.lines.join('\n')}`,
      }),
    words: draft.words,
    groups: gridOfThreads(n),
  });
};

export const stripKernels = { strip } satisfies GpuKernels;
