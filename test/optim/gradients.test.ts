import { describe, expect, it } from 'vitest';
import { DisposedError, DTypeError, optim, ShapeError, scope, type Tensor, tensor } from '../../src/index.ts';

describe('a gradient that does not fit', () => {
  it.each([
    ['another shape', () => tensor([1, 2]), ShapeError, 'SGD.step: a gradient is [2], its parameter [3]'],
    [
      'another type',
      () => tensor([1, 2, 3], { dtype: 'int32' }),
      DTypeError,
      'SGD.step: gradients must be float32, got int32',
    ],
    [
      'a disposed tensor',
      () => {
        const t = tensor([1, 2, 3]);
        t.dispose();
        return t;
      },
      DisposedError,
      'was used after it had been disposed',
    ],
  ] as [string, () => Tensor, new (...args: never[]) => Error, string][])(
    '%s is refused before any parameter changes',
    (_, make, kind, message) => {
      scope(() => {
        const first = tensor([1, 1], { requiresGrad: true });
        const second = tensor([1, 1, 1], { requiresGrad: true });
        const optimizer = new optim.SGD([first, second], { lr: 0.5 });
        first.grad = tensor([2, 2]);
        second.grad = make();
        expect(() => optimizer.step()).toThrow(kind);
        expect(() => optimizer.step()).toThrow(message);
        expect(first.add(0).toArray()).toEqual([1, 1]);
        second.grad = tensor([2, 4, 6]);
        optimizer.step();
        expect([first.toArray(), second.toArray()]).toEqual([
          [0, 0],
          [0, -1, -2],
        ]);
      });
    },
  );
});
