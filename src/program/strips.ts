/**
 * The pass that joins neighbouring element-by-element commands into strips, which process their operands block by block: what one
 * command passes to the next stays in the cache, and never gets memory of its own.
 */
import { STRIP_LOCALS } from '../../bindings/commands/limits.ts';
import { type Command, stripOf } from './commands.ts';
import type { VirtualHeap } from './passes.ts';
import type { VirtualBuffer } from './recorder.ts';

/** Fewer elements than this stay in the first-level cache by themselves. */
const LEAST_ELEMENTS = 16384;
/** The most commands of a strip. */
const LONGEST = 100;

/** The number of elements of a command that a strip can take; 0 for all others. */
function stripLength(command: Command): number {
  if (command.opcode === 'unary') return command.get('n');
  if (command.opcode !== 'binary' || command.get('ndim') !== 1) return 0;
  const walks = (['a', 'b'] as const).every((name) => command.get(name) === 0 || command.firstStride(name) === 1);
  return walks ? command.get('shape') : 0;
}

/** Whether each n elements that a command uses are either the same as those that the others use, or apart from them. */
function agrees(command: Command, group: readonly Command[], n: number): boolean {
  const own = command.operands.map((operand) => command.address(operand));
  return group.every((other) =>
    other.operands.every((operand) => {
      const address = other.address(operand);
      return own.every((mine) => mine === address || mine + n <= address || address + n <= mine);
    }),
  );
}

/**
 * Makes strips. `fixed` are the buffers that must keep memory of their own: results, inputs, constants.
 *
 * @returns the commands, and how many of them were joined to others
 */
export function joinStrips(
  commands: readonly Command[],
  heap: VirtualHeap,
  fixed: ReadonlySet<VirtualBuffer>,
  scratch: number,
): { commands: Command[]; joined: number } {
  const uses = new Map<VirtualBuffer, number>();
  for (const command of commands) {
    for (const operand of command.operands) {
      const buffer = heap.of(command, operand);
      if (buffer !== null) uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
    }
  }
  const result: Command[] = [];
  let group: Command[] = [];
  let n = 0;
  let joined = 0;
  const flush = () => {
    if (group.length > 1) {
      makeLocal(group, heap, fixed, uses);
      result.push(stripOf(group, n, scratch));
      joined += group.length - 1;
    } else {
      result.push(...group);
    }
    group = [];
  };
  for (const command of commands) {
    const length = stripLength(command);
    if (length < LEAST_ELEMENTS) {
      flush();
      result.push(command);
      continue;
    }
    if (length !== n || group.length === LONGEST || !agrees(command, group, n)) flush();
    n = length;
    group.push(command);
  }
  flush();
  return { commands: result, joined };
}

/** Gives a local block to each buffer that only the group uses, and that it writes before it reads it. */
function makeLocal(
  group: readonly Command[],
  heap: VirtualHeap,
  fixed: ReadonlySet<VirtualBuffer>,
  uses: ReadonlyMap<VirtualBuffer, number>,
): void {
  const inside = new Map<VirtualBuffer, { count: number; isWrittenFirst: boolean }>();
  for (const command of group) {
    for (const operand of command.operands) {
      const buffer = heap.of(command, operand);
      if (buffer === null || fixed.has(buffer)) continue;
      const seen = inside.get(buffer);
      if (seen === undefined) inside.set(buffer, { count: 1, isWrittenFirst: operand.role === 'out' });
      else seen.count++;
    }
  }
  let local = 0;
  for (const [buffer, { count, isWrittenFirst }] of inside) {
    if (!isWrittenFirst || count !== uses.get(buffer) || local === STRIP_LOCALS) continue;
    local++;
    for (const command of group) {
      for (const operand of command.operands)
        if (heap.of(command, operand) === buffer) command.relocate(operand, local);
    }
  }
}
