import { describe, expect, it } from 'vitest';
import { binaryFns } from '../../bindings/commands/elementwise.ts';
import { floatBits } from '../../bindings/commands/program.ts';
import { BinaryFn, encodeBinary } from '../../bindings/generated/encode.ts';
import { dims, Machine, precisions } from './machine.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

const a = [2, -3, 0.5, nan, inf, 0];
const b = [4, -3, -1, 1, inf, -0];
const floatFns: Partial<Record<BinaryFn, number[]>> = {
  add: [6, -6, -0.5, nan, inf, 0],
  sub: [-2, 0, 1.5, nan, nan, 0],
  mul: [8, 9, -0.5, nan, inf, -0],
  div: [0.5, 1, -0.5, nan, nan, nan],
  pow: [16, -1 / 27, 2, nan, inf, 1],
  maximum: [4, -3, 0.5, nan, inf, 0],
  minimum: [2, -3, -1, nan, inf, -0],
  reluGrad: [4, 0, -1, 1, inf, 0],
  sigmoidGrad: [-8, 36, -0.25, nan, -inf, -0],
  tanhGrad: [-12, 24, -0.75, nan, -inf, -0],
  geluGrad: [4.340927204312788, 0.03583694161255209, -0.8674951246561629, nan, nan, -0],
  geluTanhGrad: [4.344397026494473, 0.03475249989290915, -0.8673699035346424, nan, nan, -0],
  siluGrad: [4.363136995139582, 0.26431231804550886, -0.7399611873026519, nan, nan, -0],
};
const comparisons: Partial<Record<BinaryFn, number[]>> = {
  eq: [0, 1, 0, 0, 1, 1],
  ne: [1, 0, 1, 1, 0, 0],
  gt: [0, 0, 1, 0, 0, 0],
  ge: [0, 1, 1, 0, 1, 1],
  lt: [1, 0, 0, 0, 0, 0],
  le: [1, 1, 0, 0, 1, 1],
};

const ai = [7, -3, INT_MAX, INT_MIN, 65537];
const bi = [2, -3, 1, 1, 65537];
const intFns: Partial<Record<BinaryFn, number[]>> = {
  addI: [9, -6, INT_MIN, INT_MIN + 1, 131074],
  subI: [5, 0, INT_MAX - 1, INT_MAX, 0],
  mulI: [14, 9, INT_MAX, INT_MIN, 131073],
  maximumI: [7, -3, INT_MAX, 1, 65537],
  minimumI: [2, -3, 1, INT_MIN, 65537],
  eqI: [0, 1, 0, 0, 1],
  neI: [1, 0, 1, 1, 0],
  gtI: [1, 0, 1, 0, 0],
  geI: [1, 1, 1, 0, 1],
  ltI: [0, 0, 0, 1, 0],
  leI: [0, 1, 0, 1, 1],
  powI: [49, 0, INT_MAX, INT_MIN, 65537],
  divI: [3, 1, INT_MAX, INT_MIN, 1],
  remI: [1, 0, 0, 0, 0],
};

it('has an expectation for every function', () => {
  expect([floatFns, comparisons, intFns].flatMap((table) => Object.keys(table)).sort()).toEqual([...binaryFns].sort());
});

describe.each(precisions)('binary in float%i', (precision) => {
  const machine = new Machine(precision);

  /** fn on contiguous operands, or with a scalar where an address is 0. */
  function apply(fn: BinaryFn, left: number, right: number, n: number, scalar = 0): number {
    const y = machine.room(n);
    const line = { ndim: 1, shape: dims(n), aStrides: dims(1), bStrides: dims(1) };
    machine.run(encodeBinary, { fn: BinaryFn[fn], a: left, b: right, y, scalar, ...line });
    return y;
  }

  it.each(Object.entries(floatFns))('%s is right', (fn, expected) => {
    machine.expectClose(apply(fn as BinaryFn, machine.floats(...a), machine.floats(...b), a.length), expected);
  });

  it.each(Object.entries(comparisons))('%s is right', (fn, expected) => {
    const y = apply(fn as BinaryFn, machine.floats(...a), machine.floats(...b), a.length);
    expect(machine.readInts(y, a.length)).toEqual(expected);
  });

  it.each(Object.entries(intFns))('%s is right', (fn, expected) => {
    const y = apply(fn as BinaryFn, machine.ints(...ai), machine.ints(...bi), ai.length);
    expect(machine.readInts(y, ai.length)).toEqual(expected);
  });

  // torch.pow of torch 1.13 in float64, equal to C's pow.
  it('pow has the special cases of C', () => {
    const base = [1, 1, -1, -1, nan, 0, -0, 2, -2, -inf, -inf, -0.5, -8];
    const exponent = [nan, inf, inf, -inf, 0, -1, -3, inf, 3, 3, -2, -inf, 1 / 3];
    const y = apply('pow', machine.floats(...base), machine.floats(...exponent), base.length);
    expect(machine.readFloats(y, base.length)).toEqual([1, 1, 1, 1, 1, inf, -inf, inf, -8, -inf, 0, inf, nan]);
  });

  it('accepts a scalar on either side', () => {
    const x = machine.floats(1, 2, 4);
    expect(machine.readFloats(apply('sub', x, 0, 3, floatBits(0.5)), 3)).toEqual([0.5, 1.5, 3.5]);
    expect(machine.readFloats(apply('div', 0, x, 3, floatBits(2)), 3)).toEqual([2, 1, 0.5]);
    const i = machine.ints(1, 2, -4);
    expect(machine.readInts(apply('mulI', i, 0, 3, -3), 3)).toEqual([-3, -6, 12]);
    expect(machine.readInts(apply('ltI', 0, i, 3, 1), 3)).toEqual([0, 1, 0]);
  });

  it('ignores the strides of a scalar', () => {
    const x = machine.floats(1, 2, 3, 4);
    const y = machine.room(4);
    const strides = { aStrides: dims(2, 1), bStrides: dims(9, 9) };
    const scalar = floatBits(10);
    machine.run(encodeBinary, { fn: BinaryFn.add, a: x, b: 0, y, scalar, ndim: 2, shape: dims(2, 2), ...strides });
    expect(machine.readFloats(y, 4)).toEqual([11, 12, 13, 14]);
  });

  it('broadcasts by stride 0 and reads transposed and reversed operands', () => {
    const column = machine.floats(10, 20);
    const matrix = machine.floats(1, 2, 3, 4, 5, 6);
    const y = machine.room(6);
    const base = { fn: BinaryFn.add, y, scalar: 0, ndim: 2, shape: dims(2, 3) };
    machine.run(encodeBinary, { ...base, a: column, b: matrix, aStrides: dims(1, 0), bStrides: dims(1, 2) });
    expect(machine.readFloats(y, 6)).toEqual([11, 13, 15, 22, 24, 26]);
    machine.run(encodeBinary, { ...base, a: matrix, b: matrix + 5, aStrides: dims(3, 1), bStrides: dims(-3, -1) });
    expect(machine.readFloats(y, 6)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('adds a bias per channel in six dimensions', () => {
    const x = machine.floats(1, 2, 3, 4, 5, 6, 7, 8);
    const bias = machine.floats(10, 20);
    const shape = dims(2, 2, 1, 2, 1, 1);
    const strides = { aStrides: dims(4, 2, 2, 1, 1, 1), bStrides: dims(0, 1, 0, 0, 0, 0) };
    machine.run(encodeBinary, { fn: BinaryFn.add, a: x, b: bias, y: x, scalar: 0, ndim: 6, shape, ...strides });
    expect(machine.readFloats(x, 8)).toEqual([11, 12, 23, 24, 15, 16, 27, 28]);
  });

  it('treats no dimensions as one element and a dimension of 0 as none', () => {
    const x = machine.floats(3);
    const y = machine.room(1);
    const command = { fn: BinaryFn.mul, a: x, b: x, y, scalar: 0, aStrides: dims(1, 1), bStrides: dims(1, 1) };
    machine.run(encodeBinary, { ...command, ndim: 2, shape: dims(4, 0) });
    expect(machine.readFloats(y, 1)).toEqual([-777]);
    machine.run(encodeBinary, { ...command, ndim: 0, shape: dims() });
    expect(machine.readFloats(y, 1)).toEqual([9]);
  });
});
