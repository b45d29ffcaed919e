import { describe, expect, it } from 'vitest';
import { encodeAddRows, encodeTakeRows } from '../../bindings/generated/encode.ts';
import { unmarked } from '../support/rows.ts';
import { Machine, precisions } from './machine.ts';

describe.each(precisions)('rows by index in float%i', (precision) => {
  const machine = new Machine(precision);
  const index = machine.ints(2, 0, 2);

  it('takes rows, also repeatedly and in two outer blocks', () => {
    const x = machine.floats(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60);
    const y = machine.room(12);
    machine.run(encodeTakeRows, { x, index, y, outer: 2, size: 3, count: 3, inner: 2 });
    expect(machine.readFloats(y, 12)).toEqual([5, 6, 1, 2, 5, 6, 50, 60, 10, 20, 50, 60]);
  });

  it('takes ints', () => {
    const x = machine.ints(7, -8, 2147483647);
    const y = machine.room(3);
    machine.run(encodeTakeRows, { x, index, y, outer: 1, size: 3, count: 3, inner: 1 });
    expect(machine.readInts(y, 3)).toEqual([2147483647, 7, 2147483647]);
  });

  it('adds rows, those of equal indices one after another', () => {
    const g = machine.floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const y = machine.floats(100, 100, 200, 200, 300, 300, 0, 0, 0, 0, 0, 0);
    machine.run(encodeAddRows, { g, index, y, outer: 2, size: 3, count: 3, inner: 2, ...unmarked });
    expect(machine.readFloats(y, 12)).toEqual([103, 104, 200, 200, 306, 308, 9, 10, 0, 0, 18, 20]);
  });

  it('writes marks for the last of equal indices, and sets rows to 0', () => {
    const y = machine.floats(100, 100, 200, 200, 300, 300);
    const marks = machine.ints(-1, -1, -1);
    const sizes = { index, y, outer: 1, size: 3, count: 3, inner: 2 };
    machine.run(encodeAddRows, { g: machine.floats(1, 2, 3, 4, 5, 6), marks, first: 5, ...sizes });
    expect(machine.readFloats(y, 6)).toEqual([103, 104, 200, 200, 306, 308]);
    expect(machine.readInts(marks, 3)).toEqual([6, -1, 7]);
    machine.run(encodeAddRows, { g: 0, marks: 0, first: 0, ...sizes });
    expect(machine.readFloats(y, 6)).toEqual([0, 0, 200, 200, 0, 0]);
  });

  it('accepts an empty index', () => {
    const y = machine.floats(1, 2);
    machine.run(encodeAddRows, { g: y, index, y, outer: 1, size: 2, count: 0, inner: 1, ...unmarked });
    expect(machine.readFloats(y, 2)).toEqual([1, 2]);
  });
});

it('takeRows keeps the payload of a NaN in float32', () => {
  const machine = new Machine(32);
  const y = machine.room(1);
  const x = machine.ints(0, 0x7fc12345);
  machine.run(encodeTakeRows, { x, index: machine.ints(1), y, outer: 1, size: 2, count: 1, inner: 1 });
  expect(machine.readInts(y, 1)).toEqual([0x7fc12345]);
});

it('addRows adds in the order of j: float32 rounds after each addition', () => {
  const machine = new Machine(32);
  const y = machine.floats(2 ** 24);
  const g = machine.floats(1, 1, 2);
  machine.run(encodeAddRows, {
    g,
    index: machine.ints(0, 0, 0),
    y,
    outer: 1,
    size: 1,
    count: 3,
    inner: 1,
    ...unmarked,
  });
  expect(machine.readFloats(y, 1)).toEqual([2 ** 24 + 2]);
});
