import { describe, expect, it } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import { encodeCopy, encodeFill, encodeWhere } from '../../bindings/generated/encode.ts';
import { dims, Machine, precisions } from './machine.ts';

describe.each(precisions)('copy, fill and where in float%i', (precision) => {
  const machine = new Machine(precision);

  it('copies transposed', () => {
    const x = machine.floats(1, 2, 3, 4, 5, 6);
    const y = machine.room(6);
    const strides = { xStrides: dims(1, 3), yStrides: dims(2, 1) };
    machine.run(encodeCopy, { x, y, ndim: 2, shape: dims(3, 2), ...strides });
    expect(machine.readFloats(y, 6)).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('copies backwards, and with stride 0', () => {
    const x = machine.ints(1, 2, 3);
    const y = machine.room(6);
    const strides = { xStrides: dims(0, -1), yStrides: dims(3, 1) };
    machine.run(encodeCopy, { x: x + 2, y, ndim: 2, shape: dims(2, 3), ...strides });
    expect(machine.readInts(y, 6)).toEqual([3, 2, 1, 3, 2, 1]);
  });

  it('copies into a part of y and does not touch the rest', () => {
    const x = machine.floats(1, 2, 3, 4);
    const y = machine.floats(0, 0, 0, 0, 0, 0);
    const strides = { xStrides: dims(2, 1), yStrides: dims(3, 1) };
    machine.run(encodeCopy, { x, y: y + 1, ndim: 2, shape: dims(2, 2), ...strides });
    expect(machine.readFloats(y, 6)).toEqual([0, 1, 2, 0, 3, 4]);
  });

  it('copies long rows, one element, and none', () => {
    const values = Array.from({ length: 100 }, (_, e) => e * e);
    const x = machine.floats(...values);
    const y = machine.room(100);
    const strides = { xStrides: dims(50, 1), yStrides: dims(50, 1) };
    machine.run(encodeCopy, { x, y, ndim: 2, shape: dims(2, 50), ...strides });
    expect(machine.readFloats(y, 100)).toEqual(values);
    machine.run(encodeCopy, { x: x + 9, y, ndim: 0, shape: dims(), ...strides });
    machine.run(encodeCopy, { x, y: y + 1, ndim: 2, shape: dims(0, 50), ...strides });
    expect(machine.readFloats(y, 2)).toEqual([81, 1]);
  });

  it('fills floats and ints', () => {
    const y = machine.room(5);
    machine.run(encodeFill, { y: y + 1, n: 3, value: floatBits(0.75), integer: 0 });
    expect(machine.readFloats(y, 5)).toEqual([-777, 0.75, 0.75, 0.75, -777]);
    machine.run(encodeFill, { y, n: 2, value: -9, integer: 1 });
    expect(machine.readInts(y, 2)).toEqual([-9, -9]);
    machine.run(encodeFill, { y, n: 0, value: 5, integer: 1 });
    expect(machine.readInts(y, 1)).toEqual([-9]);
  });

  it('selects by condition, with broadcasting', () => {
    const condition = machine.ints(1, 0, -5);
    const a = machine.floats(1, 2, 3, 4, 5, Number.NaN);
    const b = machine.floats(-1, -2);
    const y = machine.room(6);
    const strides = { conditionStrides: dims(0, 1), aStrides: dims(3, 1), bStrides: dims(1, 0) };
    machine.run(encodeWhere, { condition, a, b, y, ndim: 2, shape: dims(2, 3), ...strides });
    expect(machine.readFloats(y, 6)).toEqual([1, -1, 3, 4, -2, Number.NaN]);
  });
});

it('copy and where keep the payload of a NaN in float32', () => {
  const machine = new Machine(32);
  const bits = [0x7fc12345, 0x7f800001, -4194303];
  const x = machine.ints(...bits);
  const y = machine.room(3);
  machine.run(encodeCopy, { x, y, ndim: 1, shape: dims(3), xStrides: dims(1), yStrides: dims(1) });
  expect(machine.readInts(y, 3)).toEqual(bits);
  const strides = { conditionStrides: dims(1), aStrides: dims(1), bStrides: dims(1) };
  const z = machine.room(3);
  machine.run(encodeWhere, { condition: machine.ints(0, 1, 1), a: x, b: y, y: z, ndim: 1, shape: dims(3), ...strides });
  expect(machine.readInts(z, 3)).toEqual(bits);
});
