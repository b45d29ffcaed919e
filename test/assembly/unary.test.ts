import { describe, expect, test } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import type { DType, NumericArray } from '../../bindings/executor.ts';
import { encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { Desk, seeded, tested, ulpError } from '../support/commands.ts';
import { CLAMP, floatSpecials, intSpecials, type Kind, type UnaryRow, unaryRows } from '../support/oracle.ts';

const TILE = 16;
const dtypeOf = (kind: Kind): DType => (kind === 'float' ? 'float32' : 'int32');

function limits({ name }: UnaryRow): { p0: number; p1: number } {
  if (name === 'clampI') return { p0: CLAMP.lowI, p1: CLAMP.highI };
  return { p0: floatBits(CLAMP.low), p1: floatBits(CLAMP.high) };
}

/** The largest difference between y and the row's function. */
function worst(row: UnaryRow, x: NumericArray, y: NumericArray): { error: number; at: string } {
  let error = 0;
  let at = '';
  x.forEach((value, i) => {
    const exact = row.fn(value);
    if (row.anyZero && y[i] === 0 && exact === 0) return;
    if (Math.abs(y[i]! - exact) <= (row.slack?.(value) ?? -1)) return;
    const e = row.to === 'int' ? (y[i] === exact ? 0 : Infinity) : ulpError(y[i]!, exact);
    if (e > error) {
      error = e;
      at = `${row.name}(${value}) = ${y[i]}, exactly ${exact}, element ${i} of ${x.length}`;
    }
  });
  return { error, at };
}

/** A grid over the row's range, random values from it, random bit patterns, specials. */
function samples(row: UnaryRow, count: number, seed: number): NumericArray {
  const random = seeded(seed);
  const bits = Int32Array.from({ length: count }, () => random() * 2 ** 32);
  if (row.from === 'int') return Int32Array.from([...intSpecials, ...bits, ...bits.map((b) => b % row.hi)]);
  const grid = Array.from({ length: count }, (_, i) => row.lo + ((row.hi - row.lo) * i) / count);
  const inside = grid.map(() => row.lo + (row.hi - row.lo) * random());
  const near = grid.map(() => (random() - 0.5) * 2 ** (-30 * random()));
  const patterns = new Float32Array(bits.buffer);
  return Float32Array.from([...floatSpecials, ...(row.special ?? []), ...grid, ...inside, ...near, ...patterns]);
}

describe.each(tested)('unary on %s', (_, executor) => {
  test.each(unaryRows.map((row) => [row.name, row] as const))('%s is within its tolerance everywhere', (name, row) => {
    const desk = new Desk(executor);
    const x = samples(row, 10000, 1);
    const from = desk.put(x, dtypeOf(row.from));
    const to = desk.room(x.length, dtypeOf(row.to));
    encodeUnary(executor.program, { fn: UnaryFn[name], x: from.address, y: to.address, n: x.length, ...limits(row) });
    executor.run();
    const { error, at } = worst(row, from.read(), to.read());
    expect(error, at).toBeLessThanOrEqual(row.ulp);
    desk.check(name);
    desk.clear();
  });

  test.each(unaryRows.map((row) => [row.name, row] as const))(
    '%s is right at every length, at odd addresses, in place',
    (name, row) => {
      for (let n = 0; n <= 2 * TILE + 1; n++) {
        for (const [shift, inPlace] of [
          [0, false],
          [n % 4, true],
          [3, false],
        ] as const) {
          const desk = new Desk(executor);
          const x = samples(row, 80, n).slice(3 * n, 4 * n);
          const from = desk.put(x, dtypeOf(row.from), shift);
          const to = inPlace ? from : desk.room(n, dtypeOf(row.to), 3 - shift);
          const input = from.read();
          encodeUnary(executor.program, { fn: UnaryFn[name], x: from.address, y: to.address, n, ...limits(row) });
          executor.run();
          const { error, at } = worst(row, input, executor.read(to.address, n, dtypeOf(row.to)));
          expect(error, at).toBeLessThanOrEqual(row.ulp);
          desk.check(`${name}, n ${n}`);
          desk.clear();
        }
      }
    },
  );

  test('the tail gives the same bits as the body', () => {
    for (const row of unaryRows) {
      const desk = new Desk(executor);
      const x = samples(row, 64, 5).slice(0, 61);
      const from = desk.put(x, dtypeOf(row.from));
      const whole = desk.room(x.length, 'int32');
      const parts = desk.room(x.length, 'int32');
      const fn = UnaryFn[row.name];
      encodeUnary(executor.program, { fn, x: from.address, y: whole.address, n: x.length, ...limits(row) });
      executor.run();
      for (let i = 0; i < x.length; i++) {
        encodeUnary(executor.program, { fn, x: from.address + i, y: parts.address + i, n: 1, ...limits(row) });
        executor.run();
      }
      expect(parts.read(), row.name).toEqual(whole.read());
      desk.clear();
    }
  });
});
