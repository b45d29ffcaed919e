/** The WGSL kernels by opcode. An opcode of the table that has none here does not compile. */
import { type Opcode, opcodes } from '../../bindings/commands/table.ts';
import type { GpuKernel } from './launch.ts';
import * as families from './wgsl/families.ts';
import { groupBy } from './wgsl/group.ts';

const plan: GpuKernel = (words, at, planner) => kernels[words[at]!]!(words, at, planner);

const kernelOf: Record<Opcode, GpuKernel> = { ...families, group: groupBy(plan) };

/** Indexed by a command's first word. */
export const kernels: GpuKernel[] = opcodes.map((opcode) => kernelOf[opcode]);
