/**
 * The command table against the code generated from it: the encoders' words and the AssemblyScript structs' offsets.
 * The structs are compiled here in memory, through asc's API: one exported function for each field.
 */
import asc from 'assemblyscript/asc';
import { beforeAll, describe, expect, test } from 'vitest';
import { structs } from '../assembly/build/commands.ts';
import { MAX_DIMS } from '../bindings/commands/limits.ts';
import { ProgramBlock } from '../bindings/commands/program.ts';
import { commands, layout, type Opcode, opcodes } from '../bindings/commands/table.ts';
import * as encode from '../bindings/generated/encode.ts';

const pascal = (name: string) => name[0]!.toUpperCase() + name.slice(1);

/** Every word of a command, under the name that the struct gives it, with its offset in words. */
function wordsOf(opcode: Opcode): { name: string; offset: number }[] {
  return layout(opcode).fields.flatMap(({ name, kind, offset }) =>
    kind === 'dims'
      ? Array.from({ length: MAX_DIMS }, (_, d) => ({ name: `${name}${d}`, offset: offset + d }))
      : [{ name, offset }],
  );
}

async function compileOffsets(): Promise<Record<string, () => number>> {
  const functions = opcodes.flatMap((opcode) => {
    const type = `c.${pascal(opcode)}Command`;
    const words = [{ name: 'opcode' }, { name: 'words' }, ...wordsOf(opcode)];
    return [
      `export function ${opcode}(): usize { return offsetof<${type}>(); }`,
      ...words.map(({ name }) => `export function ${opcode}_${name}(): usize { return offsetof<${type}>('${name}'); }`),
    ];
  });
  const sources: Record<string, string> = {
    'entry.ts': `import * as c from './commands';\n${functions.join('\n')}`,
    'commands.ts': structs(),
  };
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(['entry.ts', '--outFile', 'out.wasm', '--runtime', 'stub'], {
    readFile: (name) => sources[name] ?? null,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') binary = new Uint8Array(contents);
    },
    listFiles: () => [],
  });
  if (error || binary === undefined) throw new Error(`asc: ${stderr}`);
  const { instance } = await WebAssembly.instantiate(binary);
  return instance.exports as Record<string, () => number>;
}

type Encoder = (program: ProgramBlock, fields: Record<string, number | number[]>) => void;

describe('the AssemblyScript structs agree with the command table', () => {
  let offsets: Record<string, () => number>;

  beforeAll(async () => {
    offsets = await compileOffsets();
  });

  test.each(opcodes)('for %s', (opcode) => {
    expect(offsets[opcode]!(), 'size').toBe(layout(opcode).words * 4);
    expect(offsets[`${opcode}_opcode`]!()).toBe(0);
    expect(offsets[`${opcode}_words`]!()).toBe(4);
    for (const { name, offset } of wordsOf(opcode)) expect(offsets[`${opcode}_${name}`]!(), name).toBe(offset * 4);
  });
});

describe('the encoders agree with the command table', () => {
  test.each(opcodes)('for %s', (opcode) => {
    const { fields, words } = layout(opcode);
    const program = new ProgramBlock(new Int32Array(128).fill(-1));
    program.scratch = 7001;
    program.tile = 7002;
    const before = program.reserve(3);
    // Every word has a different value, so that no two fields can be mistaken for each other.
    const valueAt = (offset: number) => 1000 + offset;
    const given = Object.fromEntries(
      fields.map(({ name, kind, offset }) => [
        name,
        kind === 'dims' ? Array.from({ length: MAX_DIMS }, (_, d) => valueAt(offset + d)) : valueAt(offset),
      ]),
    );
    const encoder = (encode as unknown as Record<string, Encoder>)[`encode${pascal(opcode)}`]!;
    encoder(program, given);

    const at = before + 3;
    expect(program.length).toBe(at + words);
    expect(program.commands).toBe(2);
    expect([program.words[at], program.words[at + 1]]).toEqual([opcodes.indexOf(opcode), words]);
    for (const { name, kind, offset } of fields) {
      const length = kind === 'dims' ? MAX_DIMS : 1;
      const view = kind === 'f32' ? program.floats : program.words;
      const expected = {
        scratch: [program.scratch],
        tile: [program.tile],
        dims: given[name] as number[],
      }[kind as string] ?? [given[name] as number];
      expect([...view.subarray(at + offset, at + offset + length)], name).toEqual(expected);
    }
    expect(program.words[at + words], 'the word after the command').toBe(-1);
  });

  test('with fields that neither overlap nor leave gaps', () => {
    for (const opcode of opcodes) {
      const offsets = wordsOf(opcode).map(({ offset }) => offset);
      expect(offsets, opcode).toEqual(offsets.map((_, i) => i + 2));
      expect(layout(opcode).words, opcode).toBe(offsets.length + 2);
      expect(layout(opcode).fields.map(({ name }) => name)).toEqual(Object.keys(commands[opcode]));
    }
  });
});
