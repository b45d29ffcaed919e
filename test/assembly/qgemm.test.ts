/** Products of int8 matrices: exact on every executor, at all edges of the tile, for all zero points. */
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../bindings/executor.ts';
import { encodeQgemm } from '../../bindings/generated/encode.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { Desk, runAsThreads, seeded, tested } from '../support/commands.ts';
import { wasmExecutors } from '../support/executors.ts';

interface Test {
  m: number;
  n: number;
  k: number;
  aZero: number;
  /** Whether C is float32. */
  isFloat: boolean;
  hasBias: boolean;
  /** The offset from the allocator's alignment, in elements. */
  shift?: number;
  threads?: number;
}

const columns = (n: number) => Math.ceil(n / 4) * 4;
const wordsOf = (bytes: Int8Array) => new Int32Array(bytes.buffer);

/** The result of a command, and the expected result, for numbers from a seed. */
function check(executor: Executor, test: Test, seed: number): ArrayLike<number> {
  const { m, n, k, aZero, isFloat, hasBias, shift = 0, threads = 1 } = test;
  const random = seeded(seed);
  const byte = () => Math.floor(random() * 256) - 128;
  // The extremes, which give the largest products, come often.
  const bytes = (count: number) =>
    Int8Array.from({ length: count }, () => (random() < 0.2 ? (random() < 0.5 ? -128 : 127) : byte()));
  const [a, b] = [bytes(m * k), bytes(n * k)];
  const zeros = Int32Array.from({ length: n }, byte);
  const scales = Float32Array.from({ length: n }, () => random() * 0.01);
  const bias = isFloat
    ? Float32Array.from({ length: n }, () => random() - 0.5)
    : Int32Array.from({ length: n }, () => (random() - 0.5) * 2 ** 32);
  const dtype = isFloat ? 'float32' : 'int32';

  const desk = new Desk(executor);
  const padded = (values: Int32Array | Float32Array) => [...values, ...new Array(columns(n) - n).fill(99)];
  const c = desk.room(m * n, dtype, shift);
  encodeQgemm(executor.program, {
    a: desk.put(wordsOf(a), 'int32', shift).address,
    b: desk.put(wordsOf(b), 'int32', 3 - shift).address,
    c: c.address,
    bZero: desk.put(padded(zeros), 'int32', shift).address,
    scale: isFloat ? desk.put(padded(scales), 'float32', shift).address : 0,
    bias: hasBias ? desk.put(padded(bias), dtype, shift).address : 0,
    ...{ m, n, k, aZero },
  });
  if (threads > 1) runAsThreads(executor as WasmExecutor, threads);
  else executor.run();
  const got = c.read();
  desk.check(JSON.stringify(test));
  desk.clear();

  const wanted = new (isFloat ? Float32Array : Int32Array)(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += (a[i * k + p]! - aZero) * (b[j * k + p]! - zeros[j]!);
      const offset = hasBias ? bias[j]! : 0;
      wanted[i * n + j] = isFloat ? Math.fround(Math.fround(sum) * scales[j]!) + offset : sum + offset;
    }
  }
  const wrong = wanted.findIndex((value, i) => value !== got[i]);
  expect(wrong, `${JSON.stringify(test)}, seed ${seed}: ${got[wrong]} instead of ${wanted[wrong]}`).toBe(-1);
  return got;
}

describe.each(tested)('qgemm on %s', (_, executor) => {
  it('is exact at all small sizes', () => {
    let seed = 1;
    for (let m = 1; m <= 5; m++)
      for (let n = 1; n <= 9; n++)
        for (const k of [0, 8, 24])
          for (const isFloat of [false, true])
            check(
              executor,
              { m, n, k, aZero: (seed % 256) - 128, isFloat, hasBias: seed % 3 > 0, shift: seed % 4 },
              seed++,
            );
  });

  it('is exact where all numbers are extreme', () => {
    const k = 32768;
    const ones = (value: number) => wordsOf(new Int8Array(k).fill(value));
    for (const [left, aZero, right, bZero] of [
      [-128, 127, -128, 127],
      [127, -128, -128, 127],
      [-128, 0, -128, 0],
      [-128, -128, 5, 3],
    ] as const) {
      const desk = new Desk(executor);
      const c = desk.room(1, 'int32');
      encodeQgemm(executor.program, {
        a: desk.put(ones(left), 'int32').address,
        b: desk.put(ones(right), 'int32').address,
        c: c.address,
        bZero: desk.put([bZero, 0, 0, 0], 'int32').address,
        ...{ scale: 0, bias: 0, m: 1, n: 1, k, aZero },
      });
      executor.run();
      expect(c.read()[0]).toBe((left - aZero) * (right - bZero) * k);
      desk.clear();
    }
  });
});

describe.each(wasmExecutors)('qgemm on %s', (_, executor) => {
  it('is exact for random shapes', () => {
    for (let seed = 100; seed < 160; seed++) {
      const random = seeded(seed);
      const size = () => 1 + Math.floor(random() ** 2 * 70);
      const [m, n, k] = [size(), size(), 8 * size()];
      const aZero = Math.floor(random() * 256) - 128;
      check(executor, { m, n, k, aZero, isFloat: random() < 0.5, hasBias: random() < 0.5 }, seed);
    }
  });

  it('gives the same result for any number of threads', () => {
    for (const test of [
      { m: 7, n: 21, k: 40, aZero: 3, isFloat: true, hasBias: true },
      { m: 1, n: 5, k: 16, aZero: 0, isFloat: false, hasBias: false },
      { m: 40, n: 1, k: 8, aZero: -9, isFloat: false, hasBias: true },
    ])
      for (const threads of [1, 2, 3, 7, 64]) check(executor, { ...test, threads }, 5);
  });

  it('gives the same result with two workers', async () => {
    const team = new WasmExecutor({ variant: executor.variant, threads: 2 });
    await team.startThreads();
    try {
      check(team, { m: 65, n: 130, k: 400, aZero: -3, isFloat: true, hasBias: true }, 9);
      check(team, { m: 65, n: 130, k: 400, aZero: -3, isFloat: false, hasBias: true }, 9);
    } finally {
      team.stopThreads();
    }
  });
});
