/**
 * Makes the two views of the command table (bindings/commands/table.ts): the encoders for TypeScript and the
 * structs for AssemblyScript. Run by the build; what it writes is never edited and never committed.
 */

import { FAILED, MAX_DIMS, STRIP_BLOCK, STRIP_LOCALS } from '../../bindings/commands/limits.ts';
import { commands, layout, type Opcode, opcodes } from '../../bindings/commands/table.ts';
import { codes, pascal } from './names.ts';

const header = '// Made by assembly/build/commands.ts from bindings/commands/table.ts. Do not edit.\n';

/** A hash of everything that TypeScript and the kernels must agree on (FNV-1a). */
function tableHash(): string {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify([commands, codes, STRIP_BLOCK, STRIP_LOCALS])) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  }
  return `0x${(hash >>> 0).toString(16)}`;
}

const asTypes = {
  in: 'u32',
  out: 'u32',
  inout: 'u32',
  scratch: 'u32',
  tile: 'u32',
  u32: 'u32',
  i32: 'i32',
  f32: 'f32',
  bits: 'u32',
} as const;

/** AssemblyScript: one enum of opcodes, one enum per function list, one unmanaged class per opcode. */
export function structs(): string {
  const enumOf = (name: string, members: readonly string[]) =>
    `export const enum ${name} {\n${members.map((m, i) => `  ${m} = ${i},`).join('\n')}\n}\n`;
  const classOf = (opcode: Opcode) => {
    const fields = layout(opcode).fields.flatMap(({ name, kind }) =>
      kind === 'dims'
        ? Array.from({ length: MAX_DIMS }, (_, d) => `  ${name}${d}: i32;`)
        : [`  ${name}: ${asTypes[kind]};`],
    );
    return `@unmanaged\nexport class ${pascal(opcode)}Command {\n  opcode: u32;\n  words: u32;\n${fields.join('\n')}\n}\n`;
  };
  return [
    header,
    enumOf('Opcode', opcodes),
    ...Object.entries(codes).map(([name, list]) => enumOf(name, list)),
    `export const TABLE_HASH: u32 = ${tableHash()};\nexport const STRIP_BLOCK: u32 = ${STRIP_BLOCK};\nexport const STRIP_LOCALS: u32 = ${STRIP_LOCALS};\nexport const FAILED: u32 = ${FAILED};\n`,
    ...opcodes.map(classOf),
  ].join('\n');
}

/** TypeScript: one typed encoder per opcode. */
export function encoders(): string {
  const listOf = ([name, list]: [string, readonly string[]]) =>
    `/** Codes of functions, by name. */\nexport const ${name} = { ${list.map((m, i) => `${m}: ${i}`).join(', ')} } as const;\n/** Names of functions. */\nexport type ${name} = keyof typeof ${name};\n`;
  const encoderOf = (opcode: Opcode) => {
    const { fields, words } = layout(opcode);
    const given = fields.filter((f) => f.kind !== 'scratch' && f.kind !== 'tile');
    const types = given.map((f) => `${f.name}: ${f.kind === 'dims' ? 'ArrayLike<number>' : 'number'}`).join('; ');
    const lines = fields.flatMap(({ name, kind, offset }) => {
      switch (kind) {
        case 'dims':
          return Array.from({ length: MAX_DIMS }, (_, d) => `  w[at + ${offset + d}] = c.${name}[${d}]!;`);
        case 'f32':
          return [`  p.floats[at + ${offset}] = c.${name};`];
        case 'scratch':
          return [`  w[at + ${offset}] = p.scratch;`];
        case 'tile':
          return [`  w[at + ${offset}] = p.tile;`];
        default:
          return [`  w[at + ${offset}] = c.${name};`];
      }
    });
    return `export interface ${pascal(opcode)}Fields { ${types} }

export function encode${pascal(opcode)}(p: ProgramBlock, c: ${pascal(opcode)}Fields): void {
  const at = p.reserve(${words});
  const w = p.words;
  w[at] = ${opcodes.indexOf(opcode)};
  w[at + 1] = ${words};
${lines.join('\n')}
}
`;
  };
  return [
    header,
    "import type { ProgramBlock } from '../commands/program.ts';\n",
    `export const TABLE_HASH = ${tableHash()};\n`,
    ...Object.entries(codes).map(listOf),
    ...opcodes.map(encoderOf),
  ].join('\n');
}
