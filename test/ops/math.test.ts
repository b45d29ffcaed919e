/** What the build makes from each row of the table of functions of one element: a function and a method that compute it. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type MathFn, type MathRow, unaryFns, unaryRows } from '../../bindings/commands/unary.ts';
import { erf, type Tensor, tensor, zeros } from '../../src/index.ts';
import * as operations from '../../src/ops/public.ts';

/** The functions by name. */
const named = { ...operations };
const names = unaryFns.filter((name): name is MathFn => 'saves' in unaryRows[name]);
const numbers = [0.25, 0.5, 1, 2.5];

describe('functions of one element', () => {
  it.each(names)('%s is right as a function and as a method', (name) => {
    const row: MathRow = unaryRows[name];
    const x = tensor(numbers, { requiresGrad: true });
    for (const y of [named[name](x), x[name]()]) {
      y.dataSync().forEach((value, i) => void expect(value).toBeCloseTo(row.of(numbers[i]!, 0, 0), 5));
      expect([y.shape, y.dtype, y.requiresGrad]).toEqual([[4], 'float32', true]);
    }
    // As in PyTorch, only relu takes integers.
    const ofInts = named[name](tensor([1, 2], { dtype: 'int32' }));
    expect(ofInts.dtype).toBe(name === 'relu' ? 'int32' : 'float32');
    expect(() => named[name](3 as unknown as Tensor)).toThrow(`${name}: input must be a tensor, got number`);
  });

  it('are more than a dozen, and typed', () => {
    expect(names.length).toBeGreaterThan(12);
    expectTypeOf(erf(zeros([2, 3] as const))).toEqualTypeOf<Tensor<readonly [2, 3]>>();
    expectTypeOf(zeros([2, 3] as const).erf()).toEqualTypeOf<Tensor<readonly [2, 3]>>();
    expectTypeOf(tensor([1]).erf()).toEqualTypeOf<Tensor>();
  });
});
