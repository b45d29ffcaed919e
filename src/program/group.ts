/** Groups: independent commands that run as one, so that threads share the elements of all of them. */
import type { ProgramBlock } from '../../bindings/commands/program.ts';
import { layout, opcodes } from '../../bindings/commands/table.ts';

const GROUP = opcodes.indexOf('group');
const HEADER = layout('group').words;

/** Makes one group of the commands encoded from the word `start` on, where the block had `before` commands. */
export function groupFrom(program: ProgramBlock, start: number, before: number): void {
  const count = program.commands - before;
  if (count < 2) return;
  const end = program.length;
  program.reserve(HEADER);
  program.words.copyWithin(start + HEADER, start, end);
  program.words.set([GROUP, program.length - start, count], start);
  program.commands = before + 1;
}
