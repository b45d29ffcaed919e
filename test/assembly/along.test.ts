import { describe, expect, test } from 'vitest';
import { encodeGather, encodeScatterAdd } from '../../bindings/generated/encode.ts';
import { runAsThreads } from '../support/commands.ts';
import { wasmExecutors } from '../support/executors.ts';
import { inSandbox, kernelExecutors, randomFloats, randomInts, type Sandbox } from '../support/heap.ts';

const shapes = [
  ...[1, 2, 3, 4, 5, 17, 33, 70].map((inner) => [2, 5, 9, inner] as const),
  [1, 50, 400, 1],
  [9, 3, 4, 2],
  [1, 7, 0, 3],
  [0, 7, 3, 3],
  [2, 4, 3, 0],
] as const;
type Shape = (typeof shapes)[number];

/** The index in the larger array of element e of the smaller one. */
function place(e: number, index: number[], [, size, count, inner]: Shape): number {
  return (Math.floor(e / inner / count) * size + index[e]!) * inner + (e % inner);
}

describe.each(kernelExecutors)('elements by index on %s', (_, executor) => {
  test('gather copies bits', () => {
    shapes.forEach((shape, seed) => {
      const [outer, size, count, inner] = shape;
      for (const offset of [0, 1, 2]) {
        const data = randomInts(outer * size * inner, seed, -(2 ** 31), 2 ** 31);
        const at = randomInts(outer * count * inner, seed + 1, 0, size);
        const note = `[${shape}] offset ${offset} seed ${seed}`;
        inSandbox(executor, (box) => {
          const x = box.put(data, 'int32', offset);
          const index = box.put(at, 'int32', offset + 1);
          const y = box.room(at.length, offset + 2);
          encodeGather(executor.program, { x, index, y, outer, size, count, inner });
          box.run(note);
          expect(box.ints(y), note).toEqual(at.map((_, e) => data[place(e, at, shape)]));
        });
      }
    });
  });

  test.each([0, 1])('scatterAdd adds in the order of j, integer %i', (integer) => {
    shapes.forEach((shape, seed) => {
      const [outer, size, count, inner] = shape;
      for (const offset of [0, 1, 2]) {
        const draw = (n: number, s: number) =>
          integer ? randomInts(n, s, -(2 ** 31), 2 ** 31) : randomFloats(n, s, -100, 100);
        const start = draw(outer * size * inner, seed);
        const added = draw(outer * count * inner, seed + 1);
        const at = randomInts(added.length, seed + 2, 0, size);
        const expected = [...start];
        added.forEach((value, e) => {
          const to = place(e, at, shape);
          expected[to] = integer ? (expected[to]! + value) | 0 : Math.fround(expected[to]! + value);
        });
        const note = `[${shape}] offset ${offset} seed ${seed}`;
        inSandbox(executor, (box) => {
          const dtype = integer ? 'int32' : 'float32';
          const g = box.put(added, dtype, offset + 3);
          const index = box.put(at, 'int32', offset + 1);
          const y = box.put(start, dtype, offset);
          encodeScatterAdd(executor.program, { g, index, y, outer, size, count, inner, integer });
          box.run(note);
          expect(integer ? box.ints(y) : box.floats(y), note).toEqual(expected);
        });
      }
    });
  });
});

describe.each(wasmExecutors)('parts of commands by index on %s', (_, executor) => {
  test('give the same bits for any number of threads', () => {
    for (const [outer, size, count, inner] of [
      [5, 7, 11, 3],
      [1, 40, 300, 1],
      [1, 6, 9, 200],
    ] as const) {
      const n = outer * count * inner;
      inSandbox(executor, (box: Sandbox) => {
        const x = box.put(randomFloats(outer * size * inner, 1));
        const g = box.put(randomFloats(n, 2));
        const index = box.put(randomInts(n, 3, 0, size), 'int32');
        const results = [1, 2, 3, 7].map((threads) => {
          const taken = box.room(n);
          const sums = box.put(randomFloats(outer * size * inner, 4));
          const sizes = { outer, size, count, inner };
          encodeGather(executor.program, { x, index, y: taken, ...sizes });
          encodeScatterAdd(executor.program, { g, index, y: sums, ...sizes, integer: 0 });
          runAsThreads(executor, threads);
          return [...box.ints(taken), ...box.ints(sums)];
        });
        for (const result of results) expect(result).toEqual(results[0]);
      });
    }
  });
});
