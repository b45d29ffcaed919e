import { describe, expect, test } from 'vitest';
import { SORT_COUNTERS } from '../../bindings/commands/limits.ts';
import { encodeSort } from '../../bindings/generated/encode.ts';
import { runAsThreads } from '../support/commands.ts';
import { wasmExecutors } from '../support/executors.ts';
import { inSandbox, kernelExecutors, lengths, randomFloats, randomInts } from '../support/heap.ts';

interface Task {
  rows: number;
  cols: number;
  count: number;
  descending: 0 | 1;
  integer: 0 | 1;
  byInsertion: 0 | 1;
}

const workOf = ({ rows, cols, count, byInsertion }: Task) => rows * (byInsertion ? count : 4 * cols + SORT_COUNTERS);

/** The indices in sorted order, by a plain stable sort; NaN is the largest. */
function oracle(data: number[], { rows, cols, count, descending }: Task): number[] {
  const rank = (v: number) => (Number.isNaN(v) ? [1, 0] : [0, v]);
  return Array.from({ length: rows }, (_, row) => {
    const order = Array.from({ length: cols }, (_, i) => i);
    order.sort((a, b) => {
      const [p, q] = [rank(data[row * cols + a]!), rank(data[row * cols + b]!)];
      const difference = p[0]! - q[0]! || (p[1] === q[1] ? 0 : p[1]! < q[1]! ? -1 : 1);
      return (descending ? -1 : 1) * difference;
    });
    return order.slice(0, count);
  }).flat();
}

describe.each(kernelExecutors)('sort on %s', (_, executor) => {
  function check(data: number[], task: Task, offset: number, note: string): void {
    const { rows, count, integer } = task;
    inSandbox(executor, (box) => {
      const x = box.put(data, integer ? 'int32' : 'float32', offset);
      const values = box.room(rows * count, offset + 1);
      const indices = box.room(rows * count, offset + 2);
      const work = box.room(workOf(task), offset + 3);
      encodeSort(executor.program, { x, values, indices, work, ...task });
      box.run(note);
      const places = oracle(data, task);
      expect(box.ints(indices), note).toEqual(places);
      const bits = box.ints(x);
      const expected = places.map((place, i) => bits[Math.floor(i / count) * task.cols + place]);
      expect(box.ints(values), note).toEqual(expected);
    });
  }

  test('is right for every length, order, type and algorithm', () => {
    for (const cols of lengths) {
      for (const byInsertion of [0, 1] as const) {
        for (const descending of [0, 1] as const) {
          for (const count of new Set([cols, Math.min(cols, 3), 0])) {
            const task = { rows: 3, cols, count, descending, byInsertion };
            const note = `seed ${cols} ${JSON.stringify(task)}`;
            check(randomInts(3 * cols, cols, -4, 4), { ...task, integer: 0 }, cols % 3, `ties, ${note}`);
            check(randomFloats(3 * cols, cols, -1e3, 1e3), { ...task, integer: 0 }, 0, note);
            check(randomInts(3 * cols, cols, -(2 ** 31), 2 ** 31), { ...task, integer: 1 }, 1, `int32, ${note}`);
          }
        }
      }
    }
  });

  test('orders special values', () => {
    const special = [NaN, 1, -0, Infinity, 0, -Infinity, 1e-45, -1e-45, NaN, -1, 0, -0, 3.4e38, -3.4e38];
    for (const byInsertion of [0, 1] as const) {
      for (const descending of [0, 1] as const) {
        const task = { rows: 1, cols: special.length, count: special.length, descending, byInsertion };
        check(special.map(Math.fround), { ...task, integer: 0 }, 0, JSON.stringify(task));
        const ends = [2 ** 31 - 1, -(2 ** 31), 0, -1, 1, 2 ** 31 - 1, -(2 ** 31)];
        check(ends, { ...task, cols: 7, count: 7, integer: 1 }, 0, `ends ${JSON.stringify(task)}`);
      }
    }
  });
});

describe.each(wasmExecutors)('parts of sort on %s', (_, executor) => {
  test('give the same order for any number of threads', () => {
    for (const byInsertion of [0, 1] as const) {
      const task: Task = { rows: 11, cols: 60, count: 20, descending: 0, integer: 0, byInsertion };
      inSandbox(executor, (box) => {
        const x = box.put(randomInts(660, 5, -20, 20));
        const results = [1, 2, 3, 7].map((threads) => {
          const [values, indices, work] = [box.room(220), box.room(220), box.room(workOf(task))];
          encodeSort(executor.program, { x, values, indices, work, ...task });
          runAsThreads(executor, threads);
          return [...box.ints(values), ...box.ints(indices)];
        });
        for (const result of results) expect(result).toEqual(results[0]);
      });
    }
  });
});
