/** Makes both views of what commands cost (bindings/commands/work.ts): for threads, and for `device: 'auto'`. Run by the build. */
import { layout, type Opcode } from '../../bindings/commands/table.ts';
import { type UnaryRow, unaryRows } from '../../bindings/commands/unary.ts';
import { type WorkRow, workRows } from '../../bindings/commands/work.ts';

const header = '// Made by assembly/build/work.ts from bindings/commands/work.ts. Do not edit.\n';
const rows = Object.entries(workRows) as [Opcode, WorkRow][];
const known = new Set(['elements', 'max', 'isLong']);

/** An expression with the words of a command put in for its fields. */
function translated(opcode: Opcode, text: string, points: string, fieldAt: (word: number) => string): string {
  const offsets = new Map(layout(opcode).fields.map(({ name, offset }) => [name, offset]));
  return text.replace(/\b[a-z]\w*/gi, (name) => {
    if (name === 'points') return points;
    const offset = offsets.get(name);
    if (offset !== undefined) return fieldAt(offset);
    if (known.has(name)) return name;
    throw new Error(`work of ${opcode}: there is no field ${name}`);
  });
}

/** Cases of a switch, those with the same body together. */
function cases(bodies: readonly (readonly [label: string, body: string])[]): string {
  const labels = new Map<string, string[]>();
  for (const [label, body] of bodies) labels.set(body, [...(labels.get(body) ?? []), label]);
  return Array.from(labels, ([body, list]) => `${list.map((l) => `    case ${l}:\n`).join('')}    ${body}`).join('');
}

/** AssemblyScript: `workOfOne(cmd)`, of a command that is no strip and no group. */
export function workKernel(): string {
  const bodies = rows.map(([opcode, { elements, work = 'elements' }]) => {
    const { fields } = layout(opcode);
    const at = (name: string) => 4 * (fields.find((field) => field.name === name)?.offset ?? 0);
    const points = `groupSize(cmd + ${at('shape')}, -1, load<i32>(cmd, ${at('ndim')}) - 1)`;
    const inWords = (text: string) => translated(opcode, text, points, (word) => `<u64>load<u32>(cmd, ${4 * word})`);
    const first = elements === undefined ? '' : `      const elements: u64 = ${inWords(elements)};\n`;
    return [`Opcode.${opcode}`, `{\n${first}      return ${inWords(work)};\n    }\n`] as const;
  });
  return `${header}import { groupSize } from '../elementwise/nest';
import { Opcode } from './commands';
import { isLongUnary } from './unary';

// @ts-ignore: decorator
@inline
function isLong(fn: u64): bool {
  return isLongUnary(<u32>fn);
}

/** The work of one command that is no strip and no group. */
export function workOfOne(cmd: usize): u64 {
  switch (load<u32>(cmd)) {
${cases(bodies)}    default:
      return 0;
  }
}
`;
}

/** TypeScript: `elementsAndWork(command)`, of the commands that have elements. */
export function workFunction(): string {
  const bodies = rows.flatMap(([opcode, { elements, work = 'elements' }]) => {
    if (elements === undefined) return [];
    const { fields } = layout(opcode);
    const names = new Map(fields.map(({ name, offset }) => [offset, name]));
    const inNames = (text: string) =>
      translated(opcode, text, 'points(command)', (word) => `command.get('${names.get(word)}')`).replace(
        / ([!=])= /g,
        ' $1== ',
      );
    return [
      [
        `'${opcode}'`,
        `{\n      const elements = ${inNames(elements)};\n      return [elements, ${inNames(work)}];\n    }\n`,
      ],
    ] as const;
  });
  const long = Object.values<UnaryRow>(unaryRows).map(({ isLong = false }) => Number(isLong));
  return `${header}import type { Command } from '../program/commands.ts';

const longUnary = [${long.join(', ')}];
const isLong = (fn: number): boolean => longUnary[fn] === 1;

function points(command: Command): number {
  const at = command.offset('shape');
  let n = 1;
  for (let d = 0; d < command.get('ndim'); d++) n *= command.words[at + d]!;
  return n;
}

/** Elements that a command goes through, and its work; zeros for products and packing. */
export function elementsAndWork(command: Command): [elements: number, work: number] {
  switch (command.opcode) {
${cases(bodies)}    default:
      return [0, 0];
  }
}
`;
}
