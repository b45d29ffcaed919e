/** `init({ threads })`: its promises about numbers, limits, and the end of the process. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  ArgumentError,
  compile,
  init,
  manualSeed,
  nn,
  optim,
  randint,
  randn,
  runtimeInfo,
  setNumThreads,
  tensor,
} from '../../src/index.ts';
import { runModule } from '../support/runModule.ts';

/** Trains a small classifier and returns all of its numbers. */
function train(compiled: boolean): unknown {
  manualSeed(5);
  const model = new nn.Sequential(new nn.Linear(100, 256), new nn.ReLU(), new nn.Linear(256, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const loss = new nn.CrossEntropyLoss();
  const x = randn([300, 100]);
  const y = randint(0, 10, [300]);
  const plain = (a: typeof x, b: typeof y) => {
    optimizer.zeroGrad();
    const l = loss.forward(model.forward(a), b);
    l.backward();
    optimizer.step();
    return l;
  };
  const step = compiled ? compile(plain) : plain;
  const losses = Array.from({ length: 5 }, () => step(x, y).item());
  const parameters = [...model.parameters()].map((p) => Array.from(p.dataSync()));
  return { losses, parameters };
}

describe('init({ threads })', () => {
  afterAll(() => void setNumThreads(1));

  test('refuses a value that is not a number of threads', async () => {
    for (const threads of [0, -1, 1.5, Number.NaN, '2' as never]) {
      await expect(init({ threads })).rejects.toThrow(ArgumentError);
    }
    expect(() => setNumThreads(0)).toThrow(ArgumentError);
  });

  test('starts threads, and setNumThreads uses at most these', async () => {
    expect(setNumThreads(3)).toBe(1);
    const info = await init({ threads: 4 });
    expect([info.threads, info.threadsNote]).toEqual([4, undefined]);
    expect(setNumThreads(2)).toBe(2);
    expect(runtimeInfo().threads).toBe(2);
    expect(setNumThreads(9)).toBe(4);
    expect((await init({ threads: 3 })).threads).toBe(3);
    expect((await init()).threads).toBe(3);
  });

  test.each([false, true])('training gives the same bits for any number of threads, compiled: %s', (compiled) => {
    const results = [1, 2, 3, 4].map((threads) => {
      setNumThreads(threads);
      return train(compiled);
    });
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('refuses a new number of threads while tensors are alive', async () => {
    const t = tensor([1]);
    await expect(init({ threads: 5 })).rejects.toThrow(
      'choose deterministic, memoryMiB, threads, wasm and workerUrl before',
    );
    expect(runtimeInfo().threads).toBeGreaterThan(0);
    t.dispose();
  });
});

describe('a process with threads', () => {
  test('ends by itself while workers are running', () => {
    const code = `import { init, randn } from 'SARAF';
      const { threads } = await init({ threads: 3 });
      const a = randn([300, 300]);
      console.log(threads, a.matmul(a).shape.join());`;
    expect(runModule(code)).toBe('3 300,300');
  });

  test("starts one thread per core for 'auto'", () => {
    const code = `import { availableParallelism } from 'node:os';
      import { init } from 'SARAF';
      console.log((await init({ threads: 'auto' })).threads === availableParallelism());`;
    expect(runModule(code)).toBe('true');
  });

  test.each([
    ['process.getBuiltinModule = undefined;', 'this runtime has no workers'],
    ['delete globalThis.SharedArrayBuffer;', 'this runtime has no shared memory'],
    [
      'process.getBuiltinModule = () => ({ Worker: class { constructor() { throw new Error("refused") } } });',
      'refused',
    ],
  ])('falls back to one thread, with a note: %s', (prepare, note) => {
    const code = `${prepare}
      const { init, randn } = await import('SARAF');
      const { threads, threadsNote } = await init({ threads: 4 });
      const a = randn([200, 200]);
      a.matmul(a);
      console.log(threads, threadsNote);`;
    const [threads, ...words] = runModule(code).split(' ');
    expect(threads).toBe('1');
    expect(words.join(' ')).toMatch(note);
  });

  test('can use threads in saraf/kernels too', () => {
    const code = `import { alloc, gemm, init } from 'KERNELS';
      const { threads } = await init({ threads: 2 });
      const [a, c] = [alloc(400 * 400).fill(1), new Float32Array(400 * 400)];
      gemm({ m: 400, n: 400, k: 400, a, b: a, c });
      console.log(threads, c.every((x) => x === 400));`;
    expect(runModule(code)).toBe('2 true');
  });
});
