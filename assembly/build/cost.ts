/**
 * Makes both cost functions from the rows of the command table (bindings/commands/cost.ts): one for threads, and one for
 * `device: 'auto'` and listings. Run by the build.
 */
import type { CostRow, Product } from '../../bindings/commands/cost.ts';
import { costs } from '../../bindings/commands/costs.ts';
import { layout, type Opcode } from '../../bindings/commands/table.ts';
import { type UnaryRow, unaryRows } from '../../bindings/commands/unary.ts';
import { codes } from './names.ts';

const header = '// Made by assembly/build/cost.ts from the command table. Do not edit.\n';
const rows = Object.entries(costs) as [Opcode, CostRow][];

/** Names that both targets have. */
const known = new Set(['elements', 'isLong', 'max']);

/** What expressions are translated to. */
interface Words {
  points: string;
  /** A field by its word offset. */
  field(offset: number, name: string): string;
}

/** An expression in the target's words. */
function translated(opcode: Opcode, text: string, { points, field }: Words): string {
  const offsets = new Map(layout(opcode).fields.map(({ name, offset }) => [name, offset]));
  return text.replace(/\b([A-Z]\w*)\.(\w+)|\b[a-z]\w*/g, (name, list?: string, member?: string) => {
    if (list !== undefined && member !== undefined) {
      const code = codes[list]?.indexOf(member) ?? -1;
      if (code < 0) throw new Error(`cost of ${opcode}: there is no code ${name}`);
      return String(code);
    }
    if (name === 'points') return points;
    const offset = offsets.get(name);
    if (offset !== undefined) return field(offset, name);
    if (known.has(name)) return name;
    throw new Error(`cost of ${opcode}: there is no field ${name}`);
  });
}

/** Cases of a switch, those with the same body together. */
function cases(bodies: readonly (readonly [label: string, body: string])[]): string {
  const labels = new Map<string, string[]>();
  for (const [label, body] of bodies) labels.set(body, [...(labels.get(body) ?? []), label]);
  return Array.from(labels, ([body, list]) => `${list.map((l) => `    case ${l}:\n`).join('')}    ${body}`).join('');
}

/** Multiply-adds of products, with a depth of at least 1. */
function multiplyAdds(products: readonly Product<string>[]): string {
  const terms = products.map(({ m, n, k, batch, count }) =>
    [m, n, `max(${k}, 1)`, batch, count].flatMap((size) => (size === undefined ? [] : [`(${size})`])).join(' * '),
  );
  return terms.join(' + ');
}

/** AssemblyScript: `workOfOne(cmd)`, of a command that is not a strip or a group. */
export function costKernel(): string {
  const bodies = rows.map(([opcode, { elements, work, products, shared }]) => {
    const { fields } = layout(opcode);
    const at = (name: string) => 4 * (fields.find((field) => field.name === name)?.offset ?? 0);
    const words: Words = {
      points: `groupSize(cmd + ${at('shape')}, -1, load<i32>(cmd, ${at('ndim')}) - 1)`,
      field: (offset) => `<u64>load<u32>(cmd, ${4 * offset})`,
    };
    const terms = [
      ...(elements === undefined ? [] : [work ?? 'elements']),
      ...(products === undefined ? [] : [`(${multiplyAdds(products)}) / 4`]),
    ];
    const total = shared ?? terms.join(' + ');
    const first =
      elements !== undefined && /\belements\b/.test(total)
        ? `      const elements: u64 = ${translated(opcode, elements, words)};\n`
        : '';
    const inWords = translated(opcode, total, words);
    return [`Opcode.${opcode}`, `{\n${first}      return ${inWords};\n    }\n`] as const;
  });
  return `${header}import { groupSize } from '../elementwise/nest';
import { Opcode } from './commands';
import { isLongUnary } from './unary';

// @ts-ignore: decorator
@inline
function isLong(fn: u64): bool {
  return isLongUnary(<u32>fn);
}

/** The work of one command, not a strip or a group, by which threads share it. */
export function workOfOne(cmd: usize): u64 {
  switch (load<u32>(cmd)) {
${cases(bodies)}    default:
      return 0;
  }
}
`;
}

/** TypeScript: `costOfOne(command)`, the rows evaluated. */
export function costFunction(): string {
  const words: Words = { points: 'points(command)', field: (_, name) => `get('${name}')` };
  const bodies = rows.map(([opcode, { elements, work, products, flops, launches, sorted }]) => {
    const inNumbers = (text: string) => translated(opcode, text, words).replace(/ ([!=])= /g, ' $1== ');
    const object = (texts: Record<string, string | undefined>) =>
      `{ ${Object.entries(texts)
        .filter((entry): entry is [string, string] => entry[1] !== undefined)
        .map(([name, text]) => (name === text ? name : `${name}: ${text}`))
        .join(', ')} }`;
    const numbers = (texts: object) =>
      object(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, inNumbers(text)])));
    const result = object({
      elements: elements && 'elements',
      work: work && inNumbers(work),
      products: products && `[${products.map(numbers).join(', ')}]`,
      flops: flops && inNumbers(flops),
      launches: launches && inNumbers(launches),
      sorted: sorted && numbers(sorted),
    });
    const first = elements === undefined ? '' : `      const elements = ${inNumbers(elements)};\n`;
    return [`'${opcode}'`, `{\n${first}      return ${result};\n    }\n`] as const;
  });
  const long = Object.values<UnaryRow>(unaryRows).map(({ isLong = false }) => Number(isLong));
  return `${header}import type { CommandCost } from '../../../bindings/commands/cost.ts';
import type { Command } from '../commands.ts';

const longUnary = [${long.join(', ')}];
const isLong = (fn: number): boolean => longUnary[fn] === 1;

function points(command: Command): number {
  const at = command.offset('shape');
  let n = 1;
  for (let d = 0; d < command.get('ndim'); d++) n *= command.words[at + d]!;
  return n;
}

/** What a command costs that is not a strip or a group. */
export function costOfOne(command: Command): CommandCost<number> {
  const get = (name: string) => command.get(name);
  switch (command.opcode) {
${cases(bodies.filter(([, body]) => !body.includes('{  }')))}    default:
      return {};
  }
}
`;
}
