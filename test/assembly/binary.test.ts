import { describe, expect, test } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import type { DType } from '../../bindings/executor.ts';
import { BinaryFn, encodeBinary } from '../../bindings/generated/encode.ts';
import { Desk, seeded, tested, ulpError } from '../support/commands.ts';
import { contiguous, count, dims, type Layout, offsets, randomShape, randomView } from '../support/nest.ts';
import { type BinaryRow, binaryRows, floatSpecials, intSpecials, type Kind } from '../support/oracle.ts';

const dtypeOf = (kind: Kind): DType => (kind === 'float' ? 'float32' : 'int32');
const named = binaryRows.map((row) => [row.name, row] as const);

/** Special values that `row` takes as its first operand. */
function specials({ from, limit = Infinity }: BinaryRow): number[] {
  return (from === 'float' ? floatSpecials : intSpecials).filter((value) => !(Math.abs(value) > limit));
}

function values(row: BinaryRow, n: number, random: () => number): number[] {
  const list = specials(row);
  return Array.from({ length: n }, () => {
    if (random() < 0.2) return list[Math.floor(random() * list.length)]!;
    const x = row.lo + (row.hi - row.lo) * random();
    return row.from === 'int' || random() < 0.2 ? Math.round(x) : Math.fround(x);
  });
}

/** Checks that `got` is row.fn of a and b. */
function compare(row: BinaryRow, got: ArrayLike<number>, a: number[], b: number[], what: string): void {
  a.forEach((x, i) => {
    const exact = row.fn(x, b[i]!);
    if (row.anyZero && got[i] === 0 && Math.fround(exact) === 0) return;
    if (Math.abs(got[i]! - exact) <= (row.slack?.(x, b[i]!) ?? -1)) return;
    const error = row.to === 'int' ? (got[i] === exact ? 0 : Infinity) : ulpError(got[i]!, exact);
    if (error > row.ulp) {
      expect.fail(`${row.name}(${x}, ${b[i]}) = ${got[i]}, exactly ${exact}, ${error} ulp, element ${i}: ${what}`);
    }
  });
  expect(got.length, what).toBe(a.length);
}

describe.each(tested)('binary on %s', (_, executor) => {
  /** Runs one command on the operands' layouts; undefined is the scalar. */
  function check(
    row: BinaryRow,
    shape: number[],
    views: [Layout | undefined, Layout | undefined],
    random: () => number,
    what: string,
  ) {
    const desk = new Desk(executor);
    const scalar = values(row, 1, random)[0]!;
    const operands = views.map((view) => {
      if (view === undefined)
        return { address: 0, strides: dims([]), list: new Array<number>(count(shape)).fill(scalar) };
      const data = values(row, view.span, random);
      const placed = desk.put(data, dtypeOf(row.from), Math.floor(random() * 4));
      const list = offsets(shape, view.strides).map((o) => data[view.start + o]!);
      return { address: placed.address + view.start, strides: dims(view.strides), list };
    });
    const [a, b] = operands as [(typeof operands)[0], (typeof operands)[0]];
    const y = desk.room(count(shape), dtypeOf(row.to), Math.floor(random() * 4));
    encodeBinary(executor.program, {
      fn: BinaryFn[row.name],
      a: a.address,
      b: b.address,
      y: y.address,
      scalar: row.from === 'float' ? floatBits(scalar) : scalar,
      ndim: shape.length,
      shape: dims(shape),
      aStrides: a.strides,
      bStrides: b.strides,
    });
    executor.run();
    compare(row, y.read(), a.list, b.list, what);
    desk.check(what);
    desk.clear();
  }

  const view = (strides: number[], span: number): Layout => ({ strides, start: 0, span });

  test.each(named)('%s is right at every length, with scalars and broadcast rows', (_, row) => {
    for (let n = 0; n <= 17; n++) {
      const random = seeded(n + 1);
      const whole = view([1], n);
      check(row, [n], [whole, whole], random, `length ${n}`);
      check(row, [n], [whole, undefined], random, `length ${n}, scalar b`);
      check(row, [n], [undefined, whole], random, `length ${n}, scalar a`);
      check(row, [n], [view([0], 1), whole], random, `length ${n}, a of one element`);
      check(row, [5, n], [view([n, 1], 5 * n), view([0, 1], n)], random, `[5, ${n}] + [${n}]`);
      check(row, [5, n], [view([n, 1], 5 * n), view([1, 0], 5)], random, `[5, ${n}] + [5, 1]`);
      check(row, [5, n], [view([1, 0], 5), view([0, 1], n)], random, `[5, 1] + [${n}]`);
    }
    check(row, [], [view([], 1), view([], 1)], seeded(3), 'no dimensions');
    check(row, [], [view([], 1), undefined], seeded(4), 'no dimensions, scalar');
  });

  test.each(named)('%s is right for random shapes and strides', (_, row) => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed * 7919);
      const shape = randomShape(random);
      const pick = () => (random() < 0.1 ? undefined : randomView(shape, random));
      check(row, shape, [randomView(shape, random), pick()], random, `seed ${seed}, shape [${shape}]`);
    }
  });

  test.each(named)('%s is right for all pairs of special values', (_, row) => {
    const list = row.from === 'float' ? floatSpecials : intSpecials;
    const firsts = specials(row);
    const desk = new Desk(executor);
    const x = desk.put(list, dtypeOf(row.from));
    const w = desk.put(firsts, dtypeOf(row.from));
    const n = list.length;
    const y = desk.room(firsts.length * n, dtypeOf(row.to));
    encodeBinary(executor.program, {
      fn: BinaryFn[row.name],
      a: w.address,
      b: x.address,
      y: y.address,
      scalar: 0,
      ndim: 2,
      shape: dims([firsts.length, n]),
      aStrides: dims([1, 0]),
      bStrides: dims([0, 1]),
    });
    executor.run();
    const a = firsts.flatMap((value) => list.map(() => value));
    const b = firsts.flatMap(() => list);
    compare(row, y.read(), a, b, 'specials');
    desk.clear();
  });

  test.each(named)('%s can overwrite either operand', (_, row) => {
    for (const target of ['a', 'b', 'both'] as const) {
      const desk = new Desk(executor);
      const random = seeded(11);
      const shape = [3, 7];
      const dataA = values(row, 21, random);
      const dataB = target === 'both' ? dataA : values(row, 21, random);
      const a = desk.put(dataA, dtypeOf(row.from), 1);
      const b = target === 'both' ? a : desk.put(dataB, dtypeOf(row.from), 2);
      const y = target === 'b' ? b : a;
      const strides = dims(contiguous(shape));
      const common = { scalar: 0, ndim: 2, shape: dims(shape), aStrides: strides, bStrides: strides };
      encodeBinary(executor.program, { fn: BinaryFn[row.name], a: a.address, b: b.address, y: y.address, ...common });
      executor.run();
      compare(row, executor.read(y.address, 21, dtypeOf(row.to)), dataA, dataB, `in place of ${target}`);
      desk.check(`in place of ${target}`);
      desk.clear();
    }
  });

  test('pow is within 1 ulp on random pairs', () => {
    const row = binaryRows.find(({ name }) => name === 'pow')!;
    const random = seeded(5);
    const n = 20000;
    const patterns = new Float32Array(Int32Array.from({ length: 2 * n }, () => random() * 2 ** 32).buffer);
    const near = (i: number) => (i % 2 === 0 ? 1 + (random() - 0.5) * 2 ** (-20 * random()) : random() * 20);
    const a = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? patterns[i]! : Math.fround(near(i))));
    const b = a.map((x, i) => {
      const limit = 110 / Math.abs(Math.log2(Math.abs(x)));
      return i % 5 === 0 ? patterns[n + i]! : Math.fround((random() * 2.6 - 1.3) * limit);
    });
    const desk = new Desk(executor);
    const fields = { scalar: 0, ndim: 1, shape: dims([n]), aStrides: dims([1]), bStrides: dims([1]) };
    const y = desk.room(n);
    const operands = { a: desk.put(a).address, b: desk.put(b).address, y: y.address };
    encodeBinary(executor.program, { fn: BinaryFn.pow, ...operands, ...fields });
    executor.run();
    compare(row, y.read(), a, b, 'random pairs');
    desk.clear();
  });
});
