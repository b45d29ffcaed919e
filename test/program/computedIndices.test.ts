/** Indices that a program computes cannot be refused before it runs: those outside of a table count as its last entry. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, cat, compile, F, grad, scope, type Tensor, tensor, zeros } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

const ints = (values: number[]) => tensor(values, { dtype: 'int32' });

describe.each(executors)('computed indices on %s', (_, executor) => {
  const on = (fn: () => void) => withExecutor(executor, () => scope(fn));

  it('take rows and elements of the table alone', () => {
    on(() => {
      const table = tensor([[1, 2], [3, 4], [5, 6]]); // biome-ignore format: a table
      const rows = compile((i: Tensor) => table.indexSelect(0, i.mul(1000)));
      expect(rows(ints([0, 1, -1])).toArray()).toEqual([[1, 2], [5, 6], [5, 6]]); // biome-ignore format: a table
      const elements = compile((i: Tensor) => table.gather(1, i.mul(1000)));
      expect(elements(tensor([[1], [0], [-1]], { dtype: 'int32' })).toArray()).toEqual([[2], [3], [6]]);
    });
  });

  it('add nothing outside of the sum', () => {
    on(() => {
      const [before, after] = [zeros([64]), zeros([64])];
      const add = compile((i: Tensor) => zeros([3]).scatterAdd(0, i.mul(20), tensor([1, 2, 4])));
      for (const sign of [1, -1]) expect(add(ints([0, sign, sign * 5])).toArray()).toEqual([1, 0, 6]);
      expect(cat([before, after], 0).sum().item()).toBe(0);
    });
  });

  it('update the rows of an embedding alone', () => {
    on(() => {
      const table = tensor([[1, 2], [3, 4]], { requiresGrad: true }); // biome-ignore format: a table
      const gradient = compile((i: Tensor) => grad(F.embedding(i.mul(7), table).sum(), [table])[0]!);
      expect(gradient(ints([0, 1, -1])).toArray()).toEqual([[1, 1], [2, 2]]); // biome-ignore format: a table
    });
  });

  it.each([1, 5])('are the classes of a loss of %i rows', (n) => {
    on(() => {
      const logits = tensor(
        Array.from({ length: n }, () => [1, 2, 4]),
        { requiresGrad: true },
      );
      const weight = tensor([1, 1, 2]);
      const losses = compile((t: Tensor) => {
        const loss = F.crossEntropy(logits, t, { weight, ignoreIndex: 0 });
        return [loss, grad(loss, [logits])[0]!];
      });
      const computed = compile((t: Tensor) => {
        const loss = F.crossEntropy(logits, t.mul(500), { weight, ignoreIndex: 0 });
        return [loss, grad(loss, [logits])[0]!];
      });
      const signs = Array.from({ length: n }, (_, r) => [1, -1, 0][r % 3]!);
      const wanted = losses(ints(signs.map((sign) => (sign === 0 ? 0 : 2))));
      const got = computed(ints(signs));
      expect(got.map((t) => t.toArray())).toEqual(wanted.map((t) => t.toArray()));
    });
  });

  it('are refused for a table without rows', () => {
    on(() => {
      const empty = zeros([0, 2]);
      const rows = compile((i: Tensor) => empty.indexSelect(0, i.mul(2)));
      expect(() => rows(ints([1]))).toThrow(ArgumentError);
    });
  });
});
