/**
 * Values out of range are refused with the same error, wherever they come from, and a refused run changes nothing:
 * every operation with indices, with given and computed values, on every executor.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { commands, type Opcode, opcodes } from '../../bindings/commands/table.ts';
import type { Executor } from '../../bindings/executor.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import {
  ArgumentError,
  type Compiled,
  compile,
  F,
  memory,
  noGrad,
  optim,
  scope,
  type Tensor,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { watch } from '../support/coverage.ts';
import { executors, variants } from '../support/executors.ts';
import { type RangeCase, rangeCases } from '../support/rangeCases.ts';
import { ints, World } from '../support/rangeWorld.ts';

const threaded = new WasmExecutor({ variant: variants.at(-1)!, threads: 2 });
await threaded.startThreads();
afterAll(() => threaded.stopThreads());
const all: [string, Executor][] = [...executors, ['wasm with two threads', threaded]];
const seen = new Set<string>();

/** A way for values to enter a compiled step. */
interface Way {
  prepare(world: World, start: Tensor): Compiled<[Tensor], Tensor>;
  /** Whether the values are in an outside tensor, which is changed, instead of the argument. */
  isHeld: boolean;
}

const ways: Record<string, Way> = {
  'as an argument': { isHeld: false, prepare: (world) => compile((values: Tensor) => world.step(values)) },
  'computed from an argument': {
    isHeld: false,
    prepare: (world) => compile((values: Tensor) => world.step(values.add(7).sub(7))),
  },
  'from an outside tensor': { isHeld: true, prepare: (world, held) => compile((_: Tensor) => world.step(held)) },
  'computed from an outside tensor': {
    isHeld: true,
    prepare: (world, held) => compile((_: Tensor) => world.step(held.add(7).sub(7))),
  },
  'from a tensor that it changes': {
    isHeld: true,
    prepare: (world, held) =>
      compile((_: Tensor) => {
        held.add_(1);
        const loss = world.step(held.sub(1));
        held.sub_(1);
        return loss;
      }),
  },
};

/** The values with a bad one at the end. */
const spoilt = ({ good }: RangeCase, bad: number): number[] => [...good.slice(0, -1), bad];

/** The error of a call, which must throw. */
function errorOf(fn: () => unknown): ArgumentError {
  try {
    fn();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return error as ArgumentError;
  }
  throw new Error('nothing was refused');
}

describe.each(all)('values out of range on %s', (_, executor) => {
  const names = watch(executor);
  afterAll(() => {
    for (const name of names) seen.add(name);
  });
  const on = (fn: () => void) => withExecutor(executor, () => scope(fn));

  describe.each(Object.entries(rangeCases))('of %s', (_name, given) => {
    it('are refused at once', () =>
      on(() => {
        for (const bad of given.bad) {
          const world = new World(given);
          const before = world.bits;
          const error = errorOf(() => noGrad(() => given.run(ints(spoilt(given, bad)), world)));
          expect(error.message).toContain(String(bad));
          expect(error.got).toBe(bad);
          expect(world.bits).toEqual(before);
        }
      }));

    it.each(Object.entries(ways))('are refused by a program that gets them %s, and change nothing', (_way, way) =>
      on(() => {
        const [world, twin] = [new World(given), new World(given)];
        const [held, twinHeld] = [ints(given.good), ints(given.good)];
        const [step, twinStep] = [way.prepare(world, held), way.prepare(twin, twinHeld)];
        const run = (values: number[]) => {
          const argument = ints(values);
          if (way.isHeld) held.copy_(argument);
          return world.with(() => step(argument));
        };
        const good = () => {
          expect(run(given.good).item()).toBe(twin.with(() => twinStep(ints(given.good))).item());
          expect(world.bits).toEqual(twin.bits);
        };
        good();
        for (const bad of given.bad) {
          const values = spoilt(given, bad);
          const wanted = errorOf(() => noGrad(() => given.run(ints(values), new World(given))));
          const before = world.bits;
          const { tensors } = memory();
          // Only the argument of the call is left.
          const error = errorOf(() => run(values));
          expect(memory().tensors - tensors).toBe(1);
          expect([error.message, error.got]).toEqual([wanted.message, wanted.got]);
          expect(world.bits).toEqual(before);
          if (way.isHeld) expect(Array.from(held.dataSync())).toEqual(values);
          good();
        }
        step.dispose();
        twinStep.dispose();
      }),
    );

    it('are refused in the first run of a program', () =>
      on(() => {
        const [world, twin] = [new World(given), new World(given)];
        for (const one of [world, twin]) one.x.mul(one.table.sum(0)).sum().backward();
        const step = compile((values: Tensor) => world.step(values.add(0)));
        const { optimizer: _, ...before } = world.bits;
        errorOf(() => world.with(() => step(ints(spoilt(given, given.bad[0]!)))));
        expect(world.bits).toMatchObject(before);
        const twinStep = compile((values: Tensor) => twin.step(values.add(0)));
        for (const [one, run] of [[world, step], [twin, twinStep]] as const) one.with(() => run(ints(given.good))); // biome-ignore format: pairs
        expect(world.bits).toEqual(twin.bits);
      }));
  });
});

it.each(all)('the first of many is reported on %s, where threads share the commands', (_, executor) => {
  withExecutor(executor, () =>
    scope(() => {
      const table = zeros([1000, 8], { requiresGrad: true });
      const optimizer = new optim.SGD([table], { lr: 1 });
      const step = compile((i: Tensor) => {
        optimizer.zeroGrad();
        F.embedding(i.add(0), table).sum().backward();
        optimizer.step();
      });
      const values = Array.from({ length: 100_000 }, (_, i) => i % 1000);
      step(ints(values));
      const before = table.dataSync();
      expect(before.every((value) => value === -100)).toBe(true);
      for (const i of [99_999, 70_001, 123]) {
        values[i] = -i;
        expect(() => step(ints(values))).toThrow(`embedding: index ${-i} is out of range, expected 0 to 999`);
        expect(table.dataSync()).toEqual(before);
      }
    }),
  );
});

describe('the list', () => {
  it('includes every command with indices', () => {
    const named = /^(index|target|lengths)$/;
    const withIndices = opcodes.filter((opcode) =>
      Object.entries(commands[opcode]).some(([name, kind]) => kind === 'in' && named.test(name)),
    );
    // Its rows come from a gradient, whose indices were checked when it was made.
    const others: Opcode[] = ['sgd'];
    expect(withIndices.filter((opcode) => !seen.has(opcode) && !others.includes(opcode))).toEqual([]);
    expect(seen).toContain('check');
  });

  it('includes every kernel that keeps indices within range', () => {
    const folder = new URL('../../src/reference/', import.meta.url);
    const users = readdirSync(folder).filter((file) =>
      readFileSync(new URL(file, folder), 'utf8').includes("'./within.ts'"),
    );
    expect(users.sort()).toEqual(['along.ts', 'crossEntropy.ts', 'optim.ts', 'rows.ts']);
  });
});
