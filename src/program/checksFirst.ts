/**
 * The pass that moves the checks of values to the front, together with the commands that compute these values: once they have run and
 * found nothing, the rest may change memory outside. Both parts keep their order. A command moves along if it and a later command of the
 * first part touch the same memory, and one of the two writes it. So the first part may write memory outside too, where a checked value
 * depends on that.
 */
import { type Command, reads, writes } from './commands.ts';
import type { VirtualHeap } from './passes.ts';

/** Stands for all blocks that are not known. */
const UNKNOWN = Symbol();

export function checksFirst(
  commands: readonly Command[],
  heap: VirtualHeap,
  sourceOf: (address: number) => unknown,
): readonly Command[] {
  const count = checkedBy(commands);
  if (count === 0) return commands;
  const read = new Set<unknown>();
  const written = new Set<unknown>();
  const first = new Set<Command>();
  for (const command of commands.slice(0, count).reverse()) {
    const blocks = command.operands.map((operand) => {
      const address = command.address(operand);
      return { operand, block: heap.at(address) ?? sourceOf(address) ?? UNKNOWN };
    });
    const isTied = blocks.some(({ operand, block }) => written.has(block) || (writes(operand) && read.has(block)));
    if (!isTied && command.opcode !== 'check') continue;
    first.add(command);
    for (const { operand, block } of blocks) {
      if (reads(operand)) read.add(block);
      if (writes(operand)) written.add(block);
    }
  }
  return [...first].reverse().concat(commands.filter((command) => !first.has(command)));
}

/** The number of commands, from the front, after which all checks have been made. */
export function checkedBy(commands: readonly Command[]): number {
  return commands.map(({ opcode }) => opcode).lastIndexOf('check') + 1;
}
