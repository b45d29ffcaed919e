import { describe, expect, it } from 'vitest';
import { argReduceFns, reduceFns } from '../../bindings/commands/reduce.ts';
import { ArgReduceFn, encodeArgReduce, encodeCumsum, encodeReduce, ReduceFn } from '../../bindings/generated/encode.ts';
import { Machine, precisions } from './machine.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** x[2, 3, 2]. */
const x = [1, -2, 3, 4, -5, 6, 0.5, 8, -1, 2, 4, -3];
const reduced: Partial<Record<ReduceFn, number[]>> = {
  sum: [-1, 8, 3.5, 7],
  prod: [-15, -48, -2, -48],
  max: [3, 6, 4, 8],
  min: [-5, -2, -1, -3],
};
const xi = [1, -2, 3, 4, -5, 6, 7, 8, -1, 2, 4, INT_MIN];
const reducedInts: Partial<Record<ReduceFn, number[]>> = {
  sumI: [-1, 8, 10, INT_MIN + 10],
  prodI: [-15, -48, -28, 0],
  maxI: [3, 6, 7, 8],
  minI: [-5, -2, -1, INT_MIN],
};

it('has an expectation for every function', () => {
  expect([reduced, reducedInts].flatMap((table) => Object.keys(table)).sort()).toEqual([...reduceFns].sort());
  expect(argReduceFns).toEqual(['max', 'min', 'maxI', 'minI']);
});

describe.each(precisions)('reductions in float%i', (precision) => {
  const machine = new Machine(precision);

  function fold(fn: ReduceFn, at: number, outer: number, size: number, inner: number, scale = 1): number {
    const y = machine.room(outer * inner);
    machine.run(encodeReduce, { fn: ReduceFn[fn], x: at, y, outer, size, inner, scale });
    return y;
  }

  it.each(Object.entries(reduced))('%s is right over the middle dimension', (fn, expected) => {
    machine.expectClose(fold(fn as ReduceFn, machine.floats(...x), 2, 3, 2), expected);
  });

  it.each(Object.entries(reducedInts))('%s is right over the middle dimension', (fn, expected) => {
    expect(machine.readInts(fold(fn as ReduceFn, machine.ints(...xi), 2, 3, 2), 4)).toEqual(expected);
  });

  it('reduce contiguous rows', () => {
    const at = machine.floats(...x);
    machine.expectClose(fold('sum', at, 4, 3, 1), [2, 5, 7.5, 3]);
    machine.expectClose(fold('max', at, 1, 12, 1), [8]);
  });

  it('scale only multiplies sums of floats', () => {
    const at = machine.floats(...x);
    machine.expectClose(fold('sum', at, 2, 3, 2, 0.5), [-0.5, 4, 1.75, 3.5]);
    machine.expectClose(fold('sum', at, 1, 12, 1, 0.25), [4.375]);
    machine.expectClose(fold('max', at, 2, 3, 2, 0.5), [3, 6, 4, 8]);
    expect(machine.readInts(fold('sumI', machine.ints(1, 2), 1, 2, 1, 0.5), 1)).toEqual([3]);
  });

  it('give the identity if there is nothing to reduce', () => {
    const at = machine.floats(9);
    machine.expectClose(fold('sum', at, 2, 0, 1), [0, 0]);
    machine.expectClose(fold('sum', at, 1, 0, 2), [0, 0]);
    machine.expectClose(fold('prod', at, 1, 0, 1), [1]);
    machine.expectClose(fold('max', at, 1, 0, 1), [-inf]);
    machine.expectClose(fold('min', at, 1, 0, 1), [inf]);
    expect(machine.readInts(fold('maxI', at, 1, 0, 1), 1)).toEqual([INT_MIN]);
    expect(machine.readInts(fold('minI', at, 1, 0, 1), 1)).toEqual([INT_MAX]);
    expect(machine.readInts(fold('prodI', at, 1, 0, 1), 1)).toEqual([1]);
  });

  it('give NaN for NaN and infinity', () => {
    const at = machine.floats(inf, nan, -inf, 2);
    machine.expectClose(fold('max', at, 1, 4, 1), [nan]);
    machine.expectClose(fold('min', at, 1, 4, 1), [nan]);
    machine.expectClose(fold('sum', at, 1, 4, 1), [nan]);
  });

  it('sum without losing small terms', () => {
    const at = machine.floats(2 ** 24, ...new Array<number>(16).fill(1));
    machine.expectClose(fold('sum', at, 1, 17, 1), [2 ** 24 + 16]);
  });

  function search(fn: ArgReduceFn, at: number, outer: number, size: number, inner: number) {
    const values = machine.room(outer * inner);
    const indices = machine.room(outer * inner);
    machine.run(encodeArgReduce, { fn: ArgReduceFn[fn], x: at, values, indices, outer, size, inner });
    return { values, indices: machine.readInts(indices, outer * inner) };
  }

  it('find extremes along the middle dimension', () => {
    const at = machine.floats(...x);
    const max = search('max', at, 2, 3, 2);
    expect(max.indices).toEqual([1, 2, 2, 0]);
    machine.expectClose(max.values, [3, 6, 4, 8]);
    const min = search('min', at, 2, 3, 2);
    expect(min.indices).toEqual([2, 0, 1, 2]);
    machine.expectClose(min.values, [-5, -2, -1, -3]);
  });

  // torch 1.13 gives the same indices for the rows with NaN.
  it('find the first of equal extremes, and the first NaN if there is one', () => {
    const at = machine.floats(3, 1, 3, 1, 1, nan, inf, nan, nan, 1, -inf, 5, -inf, -inf, -inf, -inf);
    expect(search('max', at, 4, 4, 1).indices).toEqual([0, 1, 0, 0]);
    expect(search('min', at, 4, 4, 1).indices).toEqual([1, 1, 0, 0]);
  });

  it('find extremes of integers, with and without values', () => {
    const at = machine.ints(4, INT_MIN, 4, INT_MAX, 0, INT_MAX);
    const max = search('maxI', at, 2, 3, 1);
    expect(max.indices).toEqual([0, 0]);
    expect(machine.readInts(max.values, 2)).toEqual([4, INT_MAX]);
    const indices = machine.room(2);
    machine.run(encodeArgReduce, { fn: ArgReduceFn.minI, x: at, values: 0, indices, outer: 2, size: 3, inner: 1 });
    expect(machine.readInts(indices, 2)).toEqual([1, 1]);
  });

  it('sum cumulatively in both directions', () => {
    const at = machine.floats(1, 2, 3, 4, 5, 6);
    const y = machine.room(6);
    const command = { x: at, y, outer: 1, size: 3, inner: 2, reverse: 0, integer: 0 };
    machine.run(encodeCumsum, command);
    machine.expectClose(y, [1, 2, 4, 6, 9, 12]);
    machine.run(encodeCumsum, { ...command, reverse: 1 });
    machine.expectClose(y, [9, 12, 8, 10, 5, 6]);
    machine.run(encodeCumsum, { ...command, y: at, outer: 2, inner: 1 });
    machine.expectClose(at, [1, 3, 6, 4, 9, 15]);
  });

  it('wrap cumulative sums of integers', () => {
    const at = machine.ints(INT_MAX, 1, 5);
    machine.run(encodeCumsum, { x: at, y: at, outer: 1, size: 3, inner: 1, reverse: 0, integer: 1 });
    expect(machine.readInts(at, 3)).toEqual([INT_MAX, INT_MIN, INT_MIN + 5]);
  });
});
