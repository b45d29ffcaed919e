/**
 * The command table: every opcode of a program, its fields in order, and the element functions that some opcodes take.
 * It is the only place where a command's layout is written. The build makes the TypeScript encoders
 * (bindings/generated/encode.ts) and the AssemblyScript structs (assembly/generated/commands.ts) from it.
 *
 * A command is a run of 32-bit words: word 0 the opcode, word 1 its length in words, then the fields in table order.
 *
 * Field kinds:
 * - `in`, `out`, `inout`: an operand. Its word is the element index (4-byte elements) of the operand's first element in
 *   the executor's heap. 0 means "absent", where the comment allows it.
 * - `scratch`: the executor's scratch block, filled in by the executor; its contents do not outlive the command.
 * - `tile`: the GEMM tile that the executor has chosen for this engine, filled in by it too.
 * - `u32`, `i32`, `f32`: a scalar.  `bits`: a 32-bit pattern, read as f32 or as i32 by the opcode's own rule.
 * - `dims`: six i32 words, one a dimension, outermost first; unused ones at the end are not read.
 *
 * All elements are 4 bytes wide: float32, int32, and bool as int32 0 or 1. Sizes count elements, strides too.
 * Tensors are contiguous and row-major where no strides are given. Unless the comment says otherwise, an output may be the
 * same memory as an input (at the same address), but never overlap it partly.
 */
import { convCommands } from './conv.ts';
import { elementwiseCommands } from './elementwise.ts';
import { gemmCommands } from './gemm.ts';
import { indexCommands } from './index.ts';
import type { FieldKind } from './kinds.ts';
import { MAX_DIMS } from './limits.ts';
import { normCommands } from './norm.ts';
import { optimCommands } from './optim.ts';
import { partsCommands } from './parts.ts';
import { poolCommands } from './pool.ts';
import { quantizedCommands } from './quantized.ts';
import { randomCommands } from './random.ts';
import { recurrentCommands } from './recurrent.ts';
import { reduceCommands } from './reduce.ts';
import { resizeCommands } from './resize.ts';
import { softmaxCommands } from './softmax.ts';
import { winogradCommands } from './winograd.ts';

export const commands = {
  ...elementwiseCommands,
  ...reduceCommands,
  ...softmaxCommands,
  ...gemmCommands,
  ...indexCommands,
  ...optimCommands,
  ...partsCommands,
  ...randomCommands,
  ...poolCommands,
  ...normCommands,
  ...resizeCommands,
  ...convCommands,
  ...winogradCommands,
  ...recurrentCommands,
  ...quantizedCommands,
} as const;

export type Opcode = keyof typeof commands;
export const opcodes = Object.keys(commands) as Opcode[];

const fieldWords = (kind: FieldKind): number => (kind === 'dims' ? MAX_DIMS : 1);

/** Word offset of every field of one opcode, and its whole length. The encoders and the structs follow this. */
export function layout(opcode: Opcode): { fields: { name: string; kind: FieldKind; offset: number }[]; words: number } {
  let offset = 2;
  const fields = Object.entries(commands[opcode]).map(([name, kind]) => {
    const field = { name, kind, offset };
    offset += fieldWords(kind);
    return field;
  });
  return { fields, words: offset };
}
