/** Real workers: they give the bits of one thread, for any number of them and in any state. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeviceError } from '../../bindings/errors.ts';
import { encodeFill, encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { variants } from '../support/executors.ts';
import { inSandbox } from '../support/heap.ts';
import { cases } from '../support/sharedPrograms.ts';

/** The number of elements of a command that wakes the workers. */
const LARGE = 1 << 20;

interface Internals {
  team: number;
  pool: { members: { worker: { terminate(): void }; cell: number }[] };
}

const internalsOf = (executor: WasmExecutor) => executor as unknown as Internals;

async function started(threads: number, variant = variants[0]!): Promise<WasmExecutor> {
  const executor = new WasmExecutor({ variant, threads });
  await executor.startThreads();
  return executor;
}

/** The state words that the threads share: the current command, and the cell of each worker. */
function teamWords(executor: WasmExecutor, count = 2): number[] {
  return Array.from(new Int32Array(executor.memory.buffer, internalsOf(executor).team, count));
}

/** The number of shares that each worker has done. */
function taken(executor: WasmExecutor): number[] {
  const words = new Int32Array(executor.memory.buffer);
  return internalsOf(executor).pool.members.map(({ cell }) => words[cell / 4 + 2]!);
}

/** Runs a large command and checks its result. */
function work(executor: WasmExecutor, value: number): void {
  const n = 1_000_001;
  const y = executor.allocator.allocate(n);
  executor.write(y, new Float32Array(n).fill(value), 'float32');
  encodeUnary(executor.program, { fn: UnaryFn.square, x: y, y, n, p0: 0, p1: 0 });
  executor.run();
  expect(executor.read(y, n, 'float32').every((x) => x === value * value)).toBe(true);
  executor.allocator.release(y, n);
}

/** Runs `times` × 1000 small commands that are all shared. */
function rounds(executor: WasmExecutor, times: number): void {
  const n = 32 * 1024;
  const y = executor.allocator.allocate(n);
  const { program } = executor;
  encodeFill(program, { y, n, value: 7, integer: 1 });
  const one = program.words.slice(0, program.length);
  program.clear();
  const words = new Int32Array(one.length * 1000);
  for (let i = 0; i < 1000; i++) words.set(one, i * one.length);
  const loaded = executor.load(words, 1000);
  for (let i = 0; i < times; i++) loaded.run();
  loaded.dispose();
  expect(executor.read(y, n, 'int32').every((x) => x === 7)).toBe(true);
  executor.allocator.release(y, n);
}

describe.each(variants)('threads on wasm %s', (variant) => {
  let executor: WasmExecutor;
  let large: number;
  beforeAll(async () => {
    executor = await started(7, variant);
    large = executor.allocator.allocate(LARGE);
  });
  afterAll(() => executor.stopThreads());

  test('all workers start', () => {
    expect([executor.threads, executor.threadsNote]).toEqual([7, undefined]);
  });

  test.each(Object.entries(cases))('gives the same bits: %s', (_, build) => {
    const results = [1, 2, 3, 4, 7].map((threads) =>
      inSandbox(executor, (box) => {
        executor.setThreads(threads);
        expect(executor.threads).toBe(threads);
        encodeFill(executor.program, { y: large, n: LARGE, value: 0, integer: 1 });
        const outputs = build(box, executor.program);
        box.run(`${threads} threads`);
        return outputs.map((address) => box.ints(address));
      }),
    );
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

describe('the team', () => {
  test.each([
    [2, 1000],
    [3, 100],
    [4, 100],
  ])(
    'of %i threads meets %i thousand times',
    async (threads, times) => {
      const executor = await started(threads);
      rounds(executor, times);
      expect(executor.threads).toBe(threads);
      for (const count of taken(executor)) expect(count).toBeGreaterThan(0);
      executor.stopThreads();
    },
    60_000,
  );

  test('sleeps through small programs', async () => {
    const executor = await started(2);
    const y = executor.allocator.allocate(500);
    for (let i = 0; i < 100; i++) {
      encodeFill(executor.program, { y, n: 500, value: i, integer: 1 });
      encodeUnary(executor.program, { fn: UnaryFn.exp, x: y, y, n: 500, p0: 0, p1: 0 });
      executor.run();
    }
    expect(teamWords(executor)).toEqual([0, 0]);
    work(executor, 3);
    expect(teamWords(executor)[1]).toBe(2);
    executor.stopThreads();
  });

  test('allows memory to grow while workers wait', async () => {
    const executor = await started(2);
    const big = executor.allocator.allocate(8 << 20);
    encodeFill(executor.program, { y: big, n: 8 << 20, value: 9, integer: 1 });
    executor.run();
    expect(executor.read(big, 8 << 20, 'int32').every((x) => x === 9)).toBe(true);
    executor.stopThreads();
  });

  test('spins where its leader may not wait', async () => {
    const executor = await started(3);
    Object.assign(executor, { patience: 0 });
    rounds(executor, 20);
    for (let i = 0; i < 20; i++) work(executor, i);
    executor.stopThreads();
  });

  test('grows and shrinks by setThreads, up to the number of its workers', async () => {
    const executor = await started(3);
    for (const [wanted, used] of [
      [1, 1],
      [3, 3],
      [2, 2],
      [50, 3],
    ] as const) {
      executor.setThreads(wanted);
      expect(executor.threads).toBe(used);
      work(executor, wanted);
    }
    executor.stopThreads();
    expect(executor.threads).toBe(1);
    work(executor, 5);
  });

  test('continues without a worker that dies', async () => {
    const executor = await started(4);
    const warnings: string[] = [];
    const listen = ({ message }: Error) => void warnings.push(message);
    process.on('warning', listen);
    const { members } = internalsOf(executor).pool;
    members[1]!.worker.terminate();
    for (let i = 0; i < 50; i++) work(executor, i);
    for (let waits = 0; executor.threads === 4 && waits < 500; waits++) await new Promise((r) => setTimeout(r, 10));
    await new Promise((r) => setTimeout(r, 10));
    process.off('warning', listen);
    expect(executor.threads).toBe(3);
    expect(executor.threadsNote).toMatch('a worker ended');
    expect(warnings.join()).toMatch('saraf: a worker ended (exit code 1); going on with 3 threads');
    for (let i = 0; i < 50; i++) work(executor, i);
    executor.setThreads(4);
    expect(executor.threads).toBe(3);
    executor.stopThreads();
  });

  test('reports a share that traps, and continues with one thread', async () => {
    const executor = await started(2);
    const end = executor.memory.buffer.byteLength / 4;
    const n = 4 << 20;
    encodeFill(executor.program, { y: end - (n / 2 + 1000), n, value: 0, integer: 1 });
    // Not through a checked heap, which would fail before that.
    expect(() => WasmExecutor.prototype.run.call(executor)).toThrow();
    expect(executor.threads).toBe(1);
    expect(executor.threadsNote).toMatch('failed in the middle of a program');
    work(executor, 2);
  });

  describe('a worker that never finishes its share', () => {
    /** The script of a worker that takes a share and then runs `then`. */
    const hostile = (then: string) =>
      `data:text/javascript,${encodeURIComponent(`
        const { parentPort } = process.getBuiltinModule('node:worker_threads');
        parentPort.once('message', ({ memory, cell }) => {
          const words = new Int32Array(memory.buffer);
          parentPort.postMessage('ready');
          while (Atomics.compareExchange(words, cell / 4, 2, 3) !== 2);
          ${then}
        });`).replaceAll("'", '%27')}`;

    async function ruined(then: string, patience: number): Promise<WasmExecutor> {
      const executor = new WasmExecutor({ variant: variants[0]!, threads: 3, workerUrl: hostile(then) });
      await executor.startThreads();
      expect(executor.threads).toBe(3);
      Object.assign(executor, { patience });
      return executor;
    }

    test.each([
      ['hangs', 'for (;;);'],
      ['ends', 'process.exit(3);'],
      ['throws', "throw new Error('lost');"],
    ])('and %s is an error after a time limit, and one thread continues', async (_, then) => {
      const executor = await ruined(then, 1);
      const n = 4 << 20;
      const y = executor.allocator.allocate(n);
      let start = 0;
      // The leader does the shares that no worker has taken yet.
      const untilTaken = () => {
        for (let i = 0; i < 1000; i++) {
          start = performance.now();
          encodeFill(executor.program, { y, n, value: 5, integer: 1 });
          executor.run();
        }
      };
      expect(untilTaken).toThrow(/worker \d failed in the middle of a program, whose results are lost/);
      const seconds = (performance.now() - start) / 1000;
      expect(seconds).toBeGreaterThan(0.9);
      expect(seconds).toBeLessThan(20);
      expect([executor.threads, executor.threadsNote]).toEqual([1, 'a worker failed in the middle of a program']);
      encodeFill(executor.program, { y, n, value: 6, integer: 1 });
      executor.run();
      expect(executor.read(y, n, 'int32').every((x) => x === 6)).toBe(true);
      work(executor, 2);
      executor.setThreads(3);
      expect(executor.threads).toBe(1);
      // The terminated workers report nothing later.
      await new Promise((r) => setTimeout(r, 50));
      work(executor, 3);
    });

    test('fails a loaded program too, which runs again afterwards', async () => {
      const executor = await ruined('for (;;);', 1);
      const n = 4 << 20;
      const y = executor.allocator.allocate(n);
      encodeFill(executor.program, { y, n, value: 5, integer: 1 });
      const words = executor.program.words.slice(0, executor.program.length);
      executor.program.clear();
      const loaded = executor.load(words, 1);
      expect(() => {
        for (let i = 0; i < 1000; i++) loaded.run();
      }).toThrow(DeviceError);
      loaded.run();
      expect(executor.read(y, n, 'int32').every((x) => x === 5)).toBe(true);
    });
  });

  test('says which worker failed', async () => {
    const executor = await started(2);
    const lead = () => 1;
    Object.assign(internalsOf(executor), {
      kernels: { ...(executor as unknown as { kernels: object }).kernels, lead },
    });
    encodeFill(executor.program, { y: 0, n: 0, value: 0, integer: 1 });
    expect(() => executor.run()).toThrow(DeviceError);
    expect(executor.threads).toBe(1);
  });
});
