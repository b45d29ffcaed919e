/** The costs of commands: the kernels, which share commands among threads, and TypeScript, which chooses a device, agree on them. */
import { expect, it } from 'vitest';
import { binaryFns, layout, type Opcode, opcodes, unaryFns } from '../bindings/commands/table.ts';
import { workRows } from '../bindings/commands/work.ts';
import { moduleBytes } from '../bindings/wasm/module.ts';
import { elementsAndWork } from '../src/generated/work.ts';
import { Command } from '../src/program/commands.ts';
import { sumOfCosts } from '../src/program/cost.ts';

/** The least work for which a command is shared: assembly/team/worth.ts. */
const SHARED_WORK = 32 * 1024;
const SAMPLES = 200;

const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes('plain')), { env: { memory } });
const { heapBase, worthSharing } = exports as unknown as {
  heapBase(): number;
  worthSharing(program: number, commands: number): number;
};

function isShared(words: Int32Array): boolean {
  new Int32Array(memory.buffer, heapBase()).set(words);
  return worthSharing(heapBase(), 1) !== 0;
}

/** Numbers from 0 up to 1: a linear congruential generator, so that failures are reproducible. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A command with sizes up to about `largest`; its other fields are arbitrary valid values. */
function randomCommand(opcode: Opcode, largest: number, random: () => number): Int32Array {
  const { fields, words } = layout(opcode);
  const result = new Int32Array(words);
  result[0] = opcodes.indexOf(opcode);
  result[1] = words;
  const below = (n: number) => Math.floor(random() * n);
  const fns = opcode === 'unary' ? unaryFns.length : binaryFns.length;
  const limits: Record<string, number> = { fn: fns, ndim: 7, kind: 4, kernelHeight: 4, kernelWidth: 4, byInsertion: 2 };
  for (const { name, kind, offset } of fields) {
    if (kind === 'dims') {
      for (let d = 0; d < 6; d++) result[offset + d] = 1 + below(largest ** 0.5);
    } else if (name in limits) result[offset] = below(limits[name]!);
    else if (kind === 'in' || kind === 'out' || kind === 'inout') result[offset] = below(2);
    else result[offset] = 1 + below(name === 'groups' ? 1 : largest);
  }
  return result;
}

const ofElements = (Object.keys(workRows) as Opcode[]).filter(
  (opcode) => workRows[opcode as keyof typeof workRows].elements !== undefined,
);

it.each(ofElements)('%s costs the same for threads and for devices', (opcode) => {
  const random = numbers(opcodes.indexOf(opcode));
  const seen = new Set<boolean>();
  for (let i = 0; i < SAMPLES; i++) {
    const words = randomCommand(opcode, 2 ** (1 + random() * 16), random);
    const [elements, work] = elementsAndWork(new Command(words));
    expect(elements).toBeGreaterThanOrEqual(0);
    expect(isShared(words), `${opcode} ${words}, work ${work}`).toBe(work >= SHARED_WORK);
    seen.add(work >= SHARED_WORK);
  }
  expect(seen.size).toBe(2);
});

it.each(opcodes.filter((opcode) => !ofElements.includes(opcode) && !['strip', 'group'].includes(opcode)))(
  '%s is shared where it is large, and is either a product or packing',
  (opcode) => {
    const words = (size: number) => {
      const result = randomCommand(opcode, 2, () => 0.5);
      for (const { name, kind, offset } of layout(opcode).fields)
        if (kind === 'u32' && !['kind', 'groups', 'kernelHeight', 'kernelWidth'].includes(name)) result[offset] = size;
      return result;
    };
    expect([isShared(words(1)), isShared(words(256))]).toEqual([false, true]);
    const isPacking = opcode === 'pack' || opcode === 'winogradWeights' || opcode === 'winogradWeightGrad';
    expect(sumOfCosts([new Command(words(256))]).products.length > 0).toBe(!isPacking);
  },
);

it('a strip and a group cost what their commands do', () => {
  const part = (n: number) => {
    const words = new Int32Array(layout('fill').words);
    words[0] = opcodes.indexOf('fill');
    words[1] = words.length;
    words[layout('fill').fields.find(({ name }) => name === 'n')!.offset] = n;
    return words;
  };
  const group = (...parts: Int32Array[]) => {
    const words = [opcodes.indexOf('group'), 0, parts.length, ...parts.flatMap((words) => Array.from(words))];
    words[1] = words.length;
    return Int32Array.from(words);
  };
  expect(isShared(group(part(16384), part(16383)))).toBe(false);
  expect(isShared(group(part(16384), part(16384)))).toBe(true);
});
