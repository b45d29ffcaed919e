import { describe, expect, it } from 'vitest';
import { Activation, encodeGemm, type GemmFields } from '../../bindings/generated/encode.ts';
import { Machine, precisions } from './machine.ts';

/** A [2, 3], B [3, 4], C [2, 4]; expectations from torch 1.13. */
const a = [-2, -1, 0, 1, 2, 3];
const b = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5];
const c = [0, 1, 2, 3, 4, 5, 6, 7];
const product = [4, 2.5, 1, -0.5, 4, 7, 10, 13];

function transposed(values: number[], rows: number, cols: number): number[] {
  return Array.from({ length: rows * cols }, (_, e) => values[(e % rows) * cols + Math.floor(e / rows)]!);
}

describe.each(precisions)('gemm in float%i', (precision) => {
  const machine = new Machine(precision);
  const A = machine.floats(...a);
  const B = machine.floats(...b);
  const AT = machine.floats(...transposed(a, 2, 3));
  const BT = machine.floats(...transposed(b, 3, 4));

  /** Runs with the given C and changed fields; returns the first elements of C afterwards. */
  function gemm(changes: Partial<GemmFields>, given: number[] = c): number[] {
    const at = changes.c ?? machine.floats(...given);
    machine.run(encodeGemm, {
      a: A,
      b: B,
      c: at,
      bias: 0,
      batch: 1,
      m: 2,
      n: 4,
      k: 3,
      aRow: 3,
      aCol: 1,
      aBatch: 0,
      bRow: 4,
      bCol: 1,
      bBatch: 0,
      cRow: 4,
      cBatch: 0,
      alpha: 1,
      beta: 0,
      activation: Activation.none,
      ...changes,
    });
    return machine.readFloats(at, given.length);
  }

  const aTransposed = { a: AT, aRow: 1, aCol: 2 };
  const bTransposed = { b: BT, bRow: 1, bCol: 3 };
  it.each([
    ['NN', {}],
    ['TN', aTransposed],
    ['NT', bTransposed],
    ['TT', { ...aTransposed, ...bTransposed }],
    ['negative strides', { a: A + 5, aRow: -3, aCol: -1, b: B + 8, bRow: -4 }],
  ])('%s is right', (name, changes) => {
    const reversed = [...product.slice(4), ...product.slice(0, 4)];
    expect(gemm(changes)).toEqual(name === 'negative strides' ? reversed : product);
  });

  it('applies alpha, beta and bias', () => {
    const bias = machine.floats(1, -1, 0.5, 0);
    expect(gemm({ alpha: 2, beta: 0.5, bias })).toEqual([9, 4.5, 3.5, 0.5, 11, 15.5, 23.5, 29.5]);
    expect(gemm({ alpha: 2, beta: 0.5, bias, ...bTransposed })).toEqual([9, 4.5, 3.5, 0.5, 11, 15.5, 23.5, 29.5]);
  });

  it('applies activations last', () => {
    expect(gemm({ activation: Activation.relu })).toEqual([4, 2.5, 1, 0, 4, 7, 10, 13]);
    expect(gemm({ activation: Activation.relu, beta: -1 })).toEqual([4, 1.5, 0, 0, 0, 2, 4, 6]);
    const at = machine.room(8);
    gemm({ c: at, activation: Activation.sigmoid, alpha: 0.125 });
    machine.expectClose(
      at,
      [
        0.6224593312018546, 0.5774953651858118, 0.5312093733737563, 0.48438008427698437, 0.6224593312018546,
        0.7057850278370112, 0.7772998611746911, 0.8354835371034369,
      ],
    );
    gemm({ c: at, activation: Activation.tanh, alpha: 0.125 });
    machine.expectClose(
      at,
      [
        0.46211715726000974, 0.3027097293321085, 0.12435300177159621, -0.062418746747512514, 0.46211715726000974,
        0.703905603936621, 0.8482836399575129, 0.925346225311741,
      ],
    );
  });

  it('does not read C if beta is 0', () => {
    expect(gemm({}, new Array<number>(8).fill(Number.NaN))).toEqual(product);
  });

  it('gives beta·C + bias if k is 0', () => {
    const bias = machine.floats(1, 2, 3, 4);
    expect(gemm({ k: 0, bias })).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(gemm({ k: 0, beta: 2, bCol: 3 })).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  });

  it('gives NaN for zero times NaN', () => {
    const zeros = machine.floats(0, 0, 0);
    const nan = machine.floats(1, Number.NaN, 1, 1, 1, 1);
    expect(gemm({ a: zeros, b: nan, m: 1, n: 2, bRow: 2 }, [7, 7])).toEqual([0, Number.NaN]);
  });

  it('writes C through its row stride and nothing between rows', () => {
    expect(gemm({ n: 2, cRow: 3 }, [9, 9, 9, 9, 9, 9])).toEqual([4, 2.5, 9, 4, 7, 9]);
    expect(gemm({ m: 0 }, [9])).toEqual([9]);
  });

  it('accepts batches that share one operand', () => {
    const two = machine.floats(1, 0, 0, 1, 2, 0, 0, 2);
    const square = { m: 2, n: 2, k: 2, aRow: 2, bRow: 2, cRow: 2, batch: 2, cBatch: 4 };
    const shared = machine.floats(1, 2, 3, 4);
    const expected = [1, 2, 3, 4, 2, 4, 6, 8];
    expect(gemm({ ...square, a: two, aBatch: 4, b: shared, bBatch: 0 })).toEqual(expected);
    expect(gemm({ ...square, a: shared, aBatch: 0, b: two, bBatch: 4 })).toEqual(expected);
  });

  // Small integers: every order of summation gives the same exact sum.
  it.each([1, 3, 4, 5, 8, 9])('is right at sizes around the unrolled four: %i', (size) => {
    const [m, n, k] = [2, size, size + 1];
    const left = Array.from({ length: m * k }, (_, e) => (e % 7) - 3);
    const right = Array.from({ length: k * n }, (_, e) => (e % 5) - 2);
    const expected = Array.from({ length: m * n }, (_, e) => {
      const [i, j] = [Math.floor(e / n), e % n];
      return Array.from({ length: k }, (_, p) => left[i * k + p]! * right[p * n + j]!).reduce((sum, v) => sum + v, 0);
    });
    const shared = { a: machine.floats(...left), m, n, k, aRow: k, cRow: n };
    const given = new Array<number>(m * n).fill(9);
    expect(gemm({ ...shared, b: machine.floats(...right), bRow: n }, given)).toEqual(expected);
    const rightT = machine.floats(...transposed(right, k, n));
    expect(gemm({ ...shared, b: rightT, bRow: 1, bCol: k }, given)).toEqual(expected);
  });

  it('rounds a sum once', () => {
    const left = machine.floats(2 ** 24, ...new Array<number>(8).fill(1));
    const right = machine.floats(...new Array<number>(9).fill(1));
    expect(gemm({ a: left, b: right, m: 1, n: 1, k: 9, bRow: 1 }, [0])).toEqual([2 ** 24 + 8]);
  });
});
