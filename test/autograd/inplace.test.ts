/** In-place changes while gradients are recorded: they are right or refused, and what the graph holds is freed. */
import { describe, expect, it } from 'vitest';
import { AutogradError, DTypeError, noGrad, randn, ShapeError, scope, tensor, zeros } from '../../src/index.ts';
import { inUse } from '../support/inUse.ts';

const leaf = (values: Parameters<typeof tensor>[0]) => tensor(values, { requiresGrad: true });

describe('changes in place', () => {
  it('are refused on leaves that require grad, but not inside noGrad', () => {
    const x = leaf([1, 2]);
    for (const change of [
      () => x.add_(1),
      () => x.sub_(1),
      () => x.mul_(2),
      () => x.div_(2),
      () => x.zero_(),
      () => x.fill_(3),
      () => x.copy_(zeros(2)),
    ]) {
      expect(change).toThrow(AutogradError);
      expect(change).toThrow(/_: a leaf that requires grad can be changed only inside noGrad\(\)/);
    }
    expect(x.toArray()).toEqual([1, 2]);
    noGrad(() => x.mul_(3));
    expect(x.toArray()).toEqual([3, 6]);
    expect([x.isLeaf, x.requiresGrad]).toEqual([true, true]);
  });

  it('do what their names say', () => {
    const x = tensor([1, 2, 3]);
    expect(x.add_(1)).toBe(x);
    expect(x.sub_(tensor([0, 1, 2])).toArray()).toEqual([2, 2, 2]);
    expect(x.mul_(tensor([1, 2, 3])).toArray()).toEqual([2, 4, 6]);
    expect(x.div_(2).toArray()).toEqual([1, 2, 3]);
    expect(x.copy_(tensor([7], { dtype: 'int32' })).toArray()).toEqual([7, 7, 7]);
    expect(x.fill_(0.5).toArray()).toEqual([0.5, 0.5, 0.5]);
    expect(x.zero_().toArray()).toEqual([0, 0, 0]);
  });

  it('write through views, including strided ones', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    x.T.slice(0, 0, 3, 2).add_(tensor([10, 20]));
    expect(x.toArray()).toEqual([
      [11, 2, 13],
      [24, 5, 26],
    ]);
    x.select(0, 1).zero_();
    expect(x.toArray()).toEqual([
      [11, 2, 13],
      [0, 0, 0],
    ]);
  });

  it('keep shape and type', () => {
    expect(() => zeros(3).add_(zeros(2, 3))).toThrow(ShapeError);
    expect(() => zeros(3).add_(zeros(2, 3))).toThrow("add_: the result's shape [2,3] is not the tensor's, [3]");
    const whole = tensor([1, 2], { dtype: 'int32' });
    expect(() => whole.add_(0.5)).toThrow(DTypeError);
    expect(() => whole.div_(2)).toThrow('div_: the result is float32, which does not fit into a tensor of int32');
    expect(whole.add_(2).toArray()).toEqual([3, 4]);
  });

  it('become part of the history of results', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.mul_(3).add_(x);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([7, 7]);
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    a.clone().mul_(b).sum().backward();
    a.clone().div_(b).sum().backward();
    // As in PyTorch: the factor's gradient is the tensor's previous value.
    expect(a.grad!.toArray()).toEqual([1 / 3, 1 / 4].map((x, i) => Math.fround(x + [3, 4][i]!)));
    expect(b.grad!.toArray()).toEqual([1 - 1 / 9, 2 - 2 / 16].map(Math.fround));
    const w = leaf([3, 4]);
    const total = zeros(2);
    total.add_(w).add_(w.mul(2));
    expect(total.requiresGrad).toBe(true);
    total.sum().backward();
    expect(w.grad!.toArray()).toEqual([3, 3]);
    const z = w.mul(2);
    z.zero_();
    w.grad = null;
    z.add_(w).sum().backward();
    expect(w.grad!.toArray()).toEqual([1, 1]);
    const gone = w.mul(2);
    gone.fill_(3);
    w.grad = null;
    gone.sum().backward();
    expect(w.grad!.toArray()).toEqual([0, 0]);
  });

  it('of values that a gradient needs are detected', () => {
    const changed = /was changed in place after it had been used/;
    const x = leaf([1, 2]);
    const input = x.mul(2);
    const square = input.square();
    input.add_(1);
    expect(() => square.sum().backward()).toThrow(AutogradError);
    const output = x.exp();
    output.mul_(2);
    expect(() => output.sum().backward()).toThrow(changed);
    const factor = tensor([3, 4]);
    const product = x.mul(factor);
    factor.fill_(0);
    expect(() => product.sum().backward()).toThrow(/backward: a value that mul needs, \[2\], was changed in place/);
    const weights = leaf([1, 2]);
    const used = weights.mul(x);
    noGrad(() => weights.add_(1));
    expect(() => used.sum().backward()).toThrow(changed);
    const seen = x.mul(2);
    const result = seen.square();
    seen.detach().zero_();
    expect(() => result.sum().backward()).toThrow(changed);
    const view = x.mul(2);
    const later = view.slice(0, 1).square();
    noGrad(() => view.slice(0, 0, 1).zero_());
    expect(() => later.sum().backward()).toThrow(changed);
  });

  it('of values that no gradient needs are allowed', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.add(1);
    y.fill_(0);
    z.sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 2]);
  });

  it('do not affect later passes after an error', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.square().add(x);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(AutogradError);
    x.mul(5).sum().backward();
    expect(x.grad!.toArray()).toEqual([5, 5]);
  });

  it('through a view of a leaf that requires grad are refused', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    for (const change of [() => x.reshape(4).add_(1), () => x.T.mul_(2), () => x.slice(0, 0, 1).zero_()]) {
      expect(change).toThrow(AutogradError);
    }
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('through one of two handles give the other the right gradient, or are refused', () => {
    const changes = [
      [
        'a view',
        (x: ReturnType<typeof leaf>) => {
          const y = x.mul(2);
          y.reshape(4).mul_(3);
          return y;
        },
      ],
      [
        'a tensor that has a view',
        (x: ReturnType<typeof leaf>) => {
          const y = x.mul(2);
          const view = y.reshape(4);
          y.mul_(3);
          return view;
        },
      ],
      [
        'a view of a constant',
        (x: ReturnType<typeof leaf>) => {
          const base = zeros(4);
          base.reshape(2, 2).copy_(x.mul(6));
          return base;
        },
      ],
    ] as const;
    for (const [what, change] of changes) {
      const x = leaf([
        [1, 2],
        [3, 4],
      ]);
      let refused = false;
      try {
        change(x).sum().backward();
      } catch (error) {
        expect(error, what).toBeInstanceOf(AutogradError);
        refused = true;
      }
      if (!refused)
        expect(x.grad?.toArray(), what).toEqual([
          [6, 6],
          [6, 6],
        ]);
    }
  });
});

describe('memory held by the graph', () => {
  const chain = (x: ReturnType<typeof leaf>) => x.exp().square().tanh().mul(x).sigmoid().sum();

  it('is freed by backward', () => {
    scope(() => {
      const x = randn(100, 100, { requiresGrad: true });
      const before = inUse();
      const loss = scope(() => chain(x));
      expect(inUse().bytesInUse - before.bytesInUse).toBeGreaterThan(2 * 40000);
      expect(inUse().tensors).toBe(before.tensors + 1);
      loss.backward();
      loss.dispose();
      expect(inUse().tensors).toBe(before.tensors + 1);
      expect(inUse().bytesInUse - before.bytesInUse).toBeLessThan(1.25 * 40000);
      x.grad = null;
      expect(inUse()).toEqual(before);
    });
  });

  it('is kept with retainGraph, and freed when the result is disposed', () => {
    scope(() => {
      const x = randn(100, 100, { requiresGrad: true });
      const before = inUse();
      const loss = scope(() => chain(x));
      const recorded = inUse().bytesInUse;
      loss.backward(undefined, { retainGraph: true });
      expect(inUse().bytesInUse).toBeGreaterThan(recorded);
      loss.dispose();
      x.grad = null;
      expect(inUse()).toEqual(before);
    });
  });

  it('is freed when a result is disposed without backward', () => {
    scope(() => {
      const x = randn(100, 100, { requiresGrad: true });
      const before = inUse();
      const loss = scope(() => chain(x));
      loss.dispose();
      expect(inUse()).toEqual(before);
    });
  });

  it('is freed after an error in backward', () => {
    scope(() => {
      const x = randn(50, 50, { requiresGrad: true });
      const before = inUse();
      scope(() => {
        const y = x.mul(2);
        const z = y.square().exp().mul(x);
        y.add_(1);
        expect(() => z.sum().backward()).toThrow(AutogradError);
      });
      x.grad = null;
      expect(inUse()).toEqual(before);
    });
  });
});
