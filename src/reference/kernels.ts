/** The reference kernels by opcode. An opcode of the table that has none here does not compile. */
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import * as families from './families.ts';
import { groupBy } from './group.ts';
import type { ReferenceKernel } from './heap.ts';

const run: ReferenceKernel = (heap, words, floats, at) => kernels[words[at]!]!(heap, words, floats, at);

const kernelOf: Record<Opcode, ReferenceKernel> = { ...families, group: groupBy(run) };

/** Indexed by a command's first word. */
export const kernels: readonly ReferenceKernel[] = opcodes.map((opcode) => kernelOf[opcode]);
