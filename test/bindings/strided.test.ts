import fc from 'fast-check';
import { expect, it } from 'vitest';
import { collapse, eachRow, innermost, rowMajor, type Walk } from '../../bindings/commands/strided.ts';

/** The addresses of both operands, element by element, in the order of iteration. */
function visited(walk: Walk): [number, number][] {
  const { size, steps } = innermost(walk);
  const addresses: [number, number][] = [];
  eachRow(walk, [1000, 2000], ([a, b]) => {
    for (let r = 0; r < size; r++) addresses.push([a! + r * steps[0]!, b! + r * steps[1]!]);
  });
  return addresses;
}

/** The same by definition: the multi-index of every element in row-major order. */
function defined(shape: number[], strides: number[][]): [number, number][] {
  const size = shape.reduce((product, s) => product * s, 1);
  const units = rowMajor(shape);
  return Array.from({ length: size }, (_, e) => {
    const at = (start: number, stride: number[]) =>
      shape.reduce((sum, s, d) => sum + (Math.floor(e / units[d]!) % s) * stride[d]!, start);
    return [at(1000, strides[0]!), at(2000, strides[1]!)];
  });
}

it('collapsing keeps every address and the order', () => {
  const dimension = fc.record({ size: fc.integer({ min: 0, max: 4 }), stride: fc.integer({ min: -6, max: 6 }) });
  const property = fc.property(fc.array(dimension, { maxLength: 6 }), fc.boolean(), (dimensions, contiguous) => {
    const shape = dimensions.map(({ size }) => size);
    const first = contiguous ? rowMajor(shape) : dimensions.map(({ stride }) => stride);
    const strides = [first, rowMajor(shape)];
    expect(visited(collapse(shape, strides))).toEqual(defined(shape, strides));
  });
  fc.assert(property, { numRuns: 500 });
});

it('collapsing makes contiguous operands one row, and joins dimensions where broadcasting allows it', () => {
  const contiguous = rowMajor([2, 3, 4]);
  expect(collapse([2, 3, 4], [contiguous, contiguous])).toEqual({ shape: [24], strides: [[1], [1]] });
  const channel = [0, 1, 0, 0];
  expect(collapse([2, 3, 4, 5], [rowMajor([2, 3, 4, 5]), channel])).toEqual({
    shape: [2, 3, 20],
    strides: [
      [60, 20, 1],
      [0, 1, 0],
    ],
  });
  expect(collapse([5, 0], [[1, 1]])).toEqual({ shape: [0], strides: [[0]] });
  expect(collapse([1, 1], [[7, 7]])).toEqual({ shape: [1], strides: [[0]] });
});
