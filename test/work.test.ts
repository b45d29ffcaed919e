/** What commands cost: the kernels, which share them among threads, and TypeScript, which chooses a device, count the same. */
import { expect, it } from 'vitest';
import type { CostRow } from '../bindings/commands/cost.ts';
import { costs } from '../bindings/commands/costs.ts';
import { binaryFns } from '../bindings/commands/elementwise.ts';
import { layout, type Opcode, opcodes } from '../bindings/commands/table.ts';
import { unaryFns } from '../bindings/commands/unary.ts';
import { moduleBytes } from '../bindings/wasm/module.ts';
import { Command } from '../src/program/commands.ts';
import { costOf } from '../src/program/cost.ts';

/** From this on a command is shared: assembly/team/worth.ts. */
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

/** Numbers from 0 up to 1: a linear congruential generator, so that a failure comes back. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A command with sizes up to about `largest`, and everything else as it may be. */
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

const rows = Object.entries(costs) as [Opcode, CostRow][];

it.each(rows.filter(([, { shared }]) => shared === undefined))(
  '%s costs the same for threads and for devices',
  (opcode, row) => {
    const random = numbers(opcodes.indexOf(opcode));
    const seen = new Set<boolean>();
    // Products of many sizes stay below 2 ** 53.
    const exponents = row.products === undefined ? 16 : 6;
    for (let i = 0; i < SAMPLES; i++) {
      const words = randomCommand(opcode, 2 ** (1 + random() * exponents), random);
      const { elements, work, products } = costOf(new Command(words));
      expect(elements).toBeGreaterThanOrEqual(0);
      const multiplyAdds = products.reduce(
        (sum, { m, n, k, batch, count }) => sum + m * n * Math.max(k, 1) * batch * count,
        0,
      );
      const total = work + multiplyAdds / 4;
      expect(isShared(words), `${opcode} ${words}, work ${total}`).toBe(total >= SHARED_WORK);
      seen.add(total >= SHARED_WORK);
    }
    expect(seen.size).toBe(2);
  },
);

it.each(rows.filter(([, { shared }]) => shared !== undefined))('%s is shared where it is large', (opcode, row) => {
  const words = (size: number) => {
    const result = randomCommand(opcode, 2, () => 0.5);
    for (const { kind, offset } of layout(opcode).fields) if (kind === 'u32') result[offset] = size;
    return result;
  };
  expect([isShared(words(1)), isShared(words(256))]).toEqual([false, true]);
  expect(costOf(new Command(words(256))).products.length).toBe(row.products?.length ?? 0);
});

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
