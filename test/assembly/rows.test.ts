import { describe, expect, test } from 'vitest';
import { encodeAddRows, encodeTakeRows } from '../../bindings/generated/encode.ts';
import { inSandbox, kernelExecutors, randomFloats, randomInts } from '../support/heap.ts';
import { unmarked } from '../support/rows.ts';

/** [outer, size, count, inner]: narrow rows, rows around the lengths of a vector and of the bulk copy, empty arrays. */
const shapes = [
  ...[1, 2, 3, 4, 5, 7, 8, 17, 127, 128, 129, 300].map((inner) => [2, 5, 9, inner] as const),
  [1, 50, 1000, 1],
  [3, 1, 4, 6],
  [1, 7, 0, 3],
  [0, 7, 3, 3],
  [2, 4, 3, 0],
] as const;

describe.each(kernelExecutors)('rows on %s', (_, executor) => {
  test('takeRows copies bits', () => {
    shapes.forEach(([outer, size, count, inner], seed) => {
      for (const offset of [0, 1, 2]) {
        const data = randomInts(outer * size * inner, seed, -(2 ** 31), 2 ** 31);
        const at = randomInts(count, seed + 1, 0, size);
        const expected = Array.from({ length: outer * count * inner }, (_, i) => {
          const [o, j, c] = [Math.floor(i / inner / count), Math.floor(i / inner) % count, i % inner];
          return data[(o * size + at[j]!) * inner + c]!;
        });
        const note = `[${outer}, ${size} → ${count}, ${inner}] offset ${offset} seed ${seed}`;
        inSandbox(executor, (box) => {
          const x = box.put(data, 'int32', offset);
          const index = box.put(at, 'int32', offset + 1);
          const y = box.room(expected.length, offset + 2);
          encodeTakeRows(executor.program, { x, index, y, outer, size, count, inner });
          box.run(note);
          expect(box.ints(y), note).toEqual(expected);
          expect(box.ints(x), note).toEqual(data);
        });
      }
    });
  });

  test('addRows adds in the order of j, in float32', () => {
    shapes.forEach(([outer, size, count, inner], seed) => {
      for (const offset of [0, 1, 2]) {
        const start = randomFloats(outer * size * inner, seed);
        const added = randomFloats(outer * count * inner, seed + 1, -100, 100);
        const at = randomInts(count, seed + 2, 0, size);
        const expected = [...start];
        for (let o = 0; o < outer; o++) {
          for (let j = 0; j < count; j++) {
            for (let c = 0; c < inner; c++) {
              const to = (o * size + at[j]!) * inner + c;
              expected[to] = Math.fround(expected[to]! + added[(o * count + j) * inner + c]!);
            }
          }
        }
        const note = `[${outer}, ${count} → ${size}, ${inner}] offset ${offset} seed ${seed}`;
        inSandbox(executor, (box) => {
          const g = box.put(added, 'float32', offset + 3);
          const index = box.put(at, 'int32', offset + 1);
          const y = box.put(start, 'float32', offset);
          encodeAddRows(executor.program, { g, index, y, outer, size, count, inner, ...unmarked });
          box.run(note);
          expect(box.floats(y), note).toEqual(expected);
        });
      }
    });
  });

  test('addRows writes marks, and sets rows to 0 where g is missing', () => {
    shapes.forEach(([outer, size, count, inner], seed) => {
      for (const offset of [0, 1, 2]) {
        const start = randomFloats(outer * size * inner, seed);
        const at = randomInts(count, seed + 2, 0, size);
        const cleared = start.map((x, i) => (at.includes(Math.floor(i / inner) % size) ? 0 : x));
        const before = randomInts(size, seed + 3, -9, 0);
        const last = before.map((mark, row) => (at.includes(row) && outer > 0 ? 7 + at.lastIndexOf(row) : mark));
        const note = `[${outer}, ${count} → ${size}, ${inner}] offset ${offset} seed ${seed}`;
        inSandbox(executor, (box) => {
          const index = box.put(at, 'int32', offset + 1);
          const y = box.put(start, 'float32', offset);
          const marks = box.put(before, 'int32', offset + 2);
          const sizes = { outer, size, count, inner };
          encodeAddRows(executor.program, { g: 0, index, y, marks: 0, first: 0, ...sizes });
          box.run(note);
          expect(box.floats(y), note).toEqual(cleared);
          expect(box.ints(marks), note).toEqual(before);
          const g = box.put(new Float32Array(outer * count * inner));
          encodeAddRows(executor.program, { g, index, y, marks, first: 7, ...sizes });
          box.run(note);
          expect(box.floats(y), note).toEqual(cleared);
          expect(box.ints(marks), note).toEqual(last);
        });
      }
    });
  });
});
