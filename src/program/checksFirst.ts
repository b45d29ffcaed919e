/**
 * The pass that moves the checks of values to the front, with the commands that make these values: when they have run, and nothing was
 * found, the rest may change memory outside. Both parts keep their order. A command goes along if a later one of the first part has to do
 * with memory that one of the two writes; so what goes along may write memory outside too, where a value hangs on that.
 */
import { type Command, reads, writes } from './commands.ts';
import type { VirtualHeap } from './passes.ts';

/** Takes the place of all blocks that nobody knows. */
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

/** How many commands from the front a run must have done until all checks are made. */
export function checkedBy(commands: readonly Command[]): number {
  return commands.map(({ opcode }) => opcode).lastIndexOf('check') + 1;
}
