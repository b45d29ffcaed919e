/**
 * Makes assembly/generated/dispatch.ts from the command table: the switch from an opcode to its kernel. The kernel of `name` is
 * `nameKernel`; if a file exports `finishName`, it runs when several threads have done their parts. Run by the build.
 */
import { opcodes } from '../../bindings/commands/table.ts';
import { pascal } from './names.ts';
import { importsOf, isExported } from './sources.ts';

const kernelOf = (opcode: string) => `${opcode}Kernel`;
const finishOf = (opcode: string) => `finish${pascal(opcode)}`;

/** AssemblyScript: `dispatch` and `finish`. */
export function dispatch(): string {
  const finished = opcodes.filter((opcode) => isExported(finishOf(opcode)));
  return `// Made by assembly/build/dispatch.ts from bindings/commands/table.ts. Do not edit.
${importsOf([...opcodes.map(kernelOf), ...finished.map(finishOf)])}import { Opcode } from './commands';

/**
 * One part of the command at \`cmd\`. All kernels have one signature: \`thread\` of \`threads\` does its own part of the command. Parts
 * do not wait for each other, and any thread may do any of them.
 */
export function dispatch(cmd: usize, thread: u32, threads: u32): void {
  switch (load<u32>(cmd)) {
${opcodes.map((opcode) => `    case Opcode.${opcode}:\n      return ${kernelOf(opcode)}(cmd, thread, threads);\n`).join('')}    default:
      unreachable();
  }
}

/** What thread 0 does when all of several parts of a command are done, such as adding up what they found. */
export function finish(cmd: usize, threads: u32): void {
  switch (load<u32>(cmd)) {
${finished.map((opcode) => `    case Opcode.${opcode}:\n      return ${finishOf(opcode)}(cmd, threads);\n`).join('')}  }
}
`;
}
