/**
 * Random programs give the same bits whether freed memory keeps its values or becomes NaN, whether tensors stay where they are or every
 * allocation parks what it can, and whether they are compiled or eager.
 */
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../bindings/executor.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { compile, scope } from '../../src/index.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { CheckedHeap } from '../support/checkedHeap.ts';
import { variants } from '../support/executors.ts';
import { type Outcome, randomProgram } from '../support/randomProgram.ts';

const PROGRAMS = 10_000;
const CHUNK = 1000;
const start = Number(process.env.SARAF_SEED ?? 1);

type Mode = 'eager' | 'compiled';

function outcomeOf(executor: Executor, seed: number, mode: Mode): Outcome {
  return withExecutor(executor, () =>
    scope(() => {
      const program = randomProgram(seed);
      const made: { dispose(): void }[] = [program];
      try {
        return program.run((fn) => {
          if (mode === 'eager') return fn;
          const compiled = compile(fn);
          made.push(compiled);
          return compiled;
        });
      } finally {
        for (const one of made) one.dispose();
      }
    }),
  );
}

describe.each(variants)('10,000 random programs give the same bits on wasm %s', (variant) => {
  const plain = new WasmExecutor({ variant });
  const checked = new WasmExecutor({ variant });
  const parking = new WasmExecutor({ variant });
  const heaps = [new CheckedHeap(checked), new CheckedHeap(parking, true)];
  const chunks = Array.from({ length: PROGRAMS / CHUNK }, (_, i) => start + i * CHUNK);

  it.each(chunks)('from seed %i on', (first) => {
    for (let seed = first; seed < first + CHUNK; seed++) {
      const eager = outcomeOf(plain, seed, 'eager');
      expect(outcomeOf(checked, seed, 'eager'), `seed ${seed}, eager`).toEqual(eager);
      expect(outcomeOf(parking, seed, 'eager'), `seed ${seed}, eager and parked`).toEqual(eager);
      const compiled = outcomeOf(plain, seed, 'compiled');
      // A program does not need a disposed tensor whose elements no result needs.
      const wanted = eager.map((outcome, call) => (outcome === 'DisposedError' ? compiled[call] : outcome));
      expect(compiled, `seed ${seed}, compiled`).toEqual(wanted);
      expect(outcomeOf(checked, seed, 'compiled'), `seed ${seed}, compiled and checked`).toEqual(compiled);
      expect(outcomeOf(parking, seed, 'compiled'), `seed ${seed}, compiled and parked`).toEqual(compiled);
    }
    for (const heap of heaps) heap.checkAll();
  });
});

describe('parking changes no bit', () => {
  const threads = new WasmExecutor({ variant: 'plain', threads: 2 });
  const others: [string, Executor, Executor][] = [
    ['with two threads', new WasmExecutor({ variant: 'plain' }), threads],
    ['on the reference', new ReferenceExecutor(), new ReferenceExecutor()],
    ['on the reference in float64', new ReferenceExecutor({ precision: 64 }), new ReferenceExecutor({ precision: 64 })],
  ];

  it.each(others)('%s', async (_, plain, parking) => {
    await threads.startThreads();
    const heap = new CheckedHeap(parking, true);
    for (let seed = start; seed < start + CHUNK; seed++) {
      for (const mode of ['eager', 'compiled'] as const)
        expect(outcomeOf(parking, seed, mode), `seed ${seed}, ${mode}`).toEqual(outcomeOf(plain, seed, mode));
    }
    heap.checkAll();
  });
});
