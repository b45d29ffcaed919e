/** What frees tensors: scopes, keep, dispose, using; and what memory() counts. */
import { describe, expect, it } from 'vitest';
import { DisposedError, keep, ones, scope, softmax, type Tensor, tensor, zeros } from '../../src/index.ts';
import { inUse } from '../support/inUse.ts';

/** Runs `fn` and returns how many tensors and bytes it leaked. */
function left(fn: () => void): { tensors: number; bytes: number } {
  const before = inUse();
  fn();
  const after = inUse();
  return { tensors: after.tensors - before.tensors, bytes: after.bytesInUse - before.bytesInUse };
}

const NOTHING = { tensors: 0, bytes: 0 };

describe('scope', () => {
  it('frees tensors made inside, except returned ones', () => {
    let inner: Tensor | undefined;
    let result: Tensor | undefined;
    expect(
      left(() => {
        result = scope(() => {
          inner = ones(1000);
          return inner.mul(2).add(1);
        });
      }),
    ).toEqual({ tensors: 1, bytes: 4032 });
    expect([inner!.isDisposed, result!.isDisposed]).toEqual([true, false]);
    expect(result!.sum().item()).toBe(3000);
    result!.dispose();
  });

  it('returns tensors in arrays, objects, maps and sets, also nested', () => {
    const out = scope(() => {
      zeros(3);
      const [a, b, c, d, e] = [ones(1), ones(2), ones(3), ones(4), ones(5)];
      return { list: [a, [b]], inside: { c }, map: new Map([['d', d]]), set: new Set([e]), n: 3, nothing: null };
    });
    const [a, [b]] = out.list as [Tensor, [Tensor]];
    const all = [a, b, out.inside.c, out.map.get('d')!, [...out.set][0]!];
    expect(all.map((t) => [t!.isDisposed, t!.numel])).toEqual([1, 2, 3, 4, 5].map((n) => [false, n]));
    for (const t of all) t!.dispose();
  });

  it('passes returned tensors to the enclosing scope', () => {
    let middle: Tensor | undefined;
    expect(
      left(() =>
        scope(() => {
          middle = scope(() => scope(() => ones(3)).add(1));
          expect(middle.toArray()).toEqual([2, 2, 2]);
        }),
      ),
    ).toEqual(NOTHING);
    expect(middle!.isDisposed).toBe(true);
  });

  it('does not free outside tensors, or those that were disposed inside', () => {
    const outside = ones(2);
    expect(
      left(() =>
        scope(() => {
          const t = outside.add(1);
          t.dispose();
          t.dispose();
          return outside;
        }),
      ),
    ).toEqual(NOTHING);
    expect(outside.isDisposed).toBe(false);
  });

  it('frees everything when the function throws', () => {
    let inner: Tensor | undefined;
    expect(
      left(() =>
        expect(() =>
          scope(() => {
            inner = keep(scope(() => ones(10))).add(1);
            scope(() => {
              ones(10);
              throw new Error('inside');
            });
          }),
        ).toThrow('inside'),
      ),
    ).toEqual({ tensors: 1, bytes: 64 });
    expect(inner!.isDisposed).toBe(true);
    expect(left(() => scope(() => void ones(3)))).toEqual(NOTHING);
  });

  it('keeps tensors passed to keep() until they are disposed', () => {
    let kept: Tensor | undefined;
    expect(
      left(() => {
        scope(() => {
          scope(() => {
            kept = keep(ones(2).mul(3));
          });
        });
      }),
    ).toEqual({ tensors: 1, bytes: 64 });
    expect(kept!.toArray()).toEqual([3, 3]);
    kept!.dispose();
    expect(kept!.isDisposed).toBe(true);
  });

  it('returns other values unchanged, and refuses asynchronous functions', () => {
    expect(scope(() => 5)).toBe(5);
    expect(scope(() => undefined)).toBeUndefined();
    const loop: unknown[] = [1];
    loop.push(loop);
    expect(scope(() => loop)).toBe(loop);
    let hasRun = false;
    const run = async () => {
      hasRun = true;
      return ones(1);
    };
    expect(() => scope(run)).toThrow(/scope: the function is asynchronous/);
    expect(hasRun).toBe(false);
  });

  it('frees nothing if only the promise shows that the function is asynchronous, and the promise may fail', async () => {
    const made: Tensor[] = [];
    const run = () => {
      made.push(ones(2));
      return Promise.reject(new Error('later'));
    };
    expect(() => scope(run)).toThrow(TypeError);
    await new Promise((resolve) => setTimeout(resolve));
    expect(made[0]!.toArray()).toEqual([1, 1]);
    made[0]!.dispose();
  });

  it('does not free gradients of leaves', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    scope(() => x.square().sum().backward());
    expect(x.grad!.toArray()).toEqual([2, 4]);
    x.grad!.dispose();
    x.grad = null;
  });
});

describe('dispose', () => {
  it('makes every later use an error that says what happened', () => {
    const t = ones(2, 3);
    t.dispose();
    const uses = [
      () => t.add(1),
      () => t.sum(),
      () => t.toArray(),
      () => t.dataSync(),
      () => t.reshape(6),
      () => t.matmul(ones(3)),
      () => ones(2, 3).mul(t),
      () => t.add_(1),
      () => t.device,
      () => t.clone(),
      () => t.max(1),
      () => t.to('int32'),
    ];
    for (const use of uses) {
      expect(use).toThrow(DisposedError);
      expect(use).toThrow(
        'tensor [2,3] was used after it had been disposed (by dispose(), or at the end of a scope: return or keep() what must live on)',
      );
    }
    expect(String(t)).toBe('Tensor([2,3], float32, disposed)');
    expect([t.shape, t.dtype, t.requiresGrad]).toEqual([[2, 3], 'float32', false]);
  });

  it('rejects data()', async () => {
    const t = ones(1);
    t.dispose();
    await expect(t.data()).rejects.toThrow(DisposedError);
  });

  it('releases memory with the last view', () => {
    const before = inUse().bytesInUse;
    const base = zeros(1000);
    const flat = base.reshape(10, 100);
    const view = flat.T;
    base.dispose();
    flat.dispose();
    expect(inUse().bytesInUse).toBe(before + 4032);
    view.dispose();
    expect(inUse().bytesInUse).toBe(before);
  });

  it('is called by using', () => {
    let seen: Tensor;
    {
      using t = ones(3);
      seen = t;
      expect(t.sum().item()).toBe(3);
    }
    expect(seen.isDisposed).toBe(true);
  });
});

describe('memory', () => {
  it('counts handles and bytes', () => {
    scope(() => {
      const before = inUse();
      const t = zeros(100);
      expect(inUse()).toEqual({ ...before, tensors: before.tensors + 1, bytesInUse: before.bytesInUse + 448 });
      t.reshape(10, 10);
      expect(inUse()).toEqual({ ...before, tensors: before.tensors + 2, bytesInUse: before.bytesInUse + 448 });
    });
  });

  it('stays flat through every kind of operation', () => {
    const x = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { requiresGrad: true },
    );
    const round = () =>
      scope(() => {
        const y = softmax(x.T.matmul(x), 0).mul(x.T.matmul(x)).sum();
        y.backward();
        x.std(1)
          .add(x.norm(0, { p: 3 }).sum())
          .add(x.logsumexp([0, 1]))
          .sum()
          .backward();
        x.max(1, { keepdim: true }).values.mul(x.argmax(1).to('float32').unsqueeze(1)).sum().backward();
        x.slice(1, 0, 3, 2).T.reshape(-1).cumsum(0).prod().backward();
        x.grad = null;
      });
    round();
    const before = inUse();
    for (let i = 0; i < 50; i++) round();
    expect(inUse()).toEqual(before);
  });

  it('is not leaked by operations that fail', () => {
    const a = ones(2, 3);
    const b = ones(4);
    const index = tensor([5], { dtype: 'int32' });
    const failures = [
      () => a.add(b),
      () => a.matmul(b),
      () => a.indexSelect(0, index),
      () => a.reshape(5),
      () => a.sum(7),
      () => a.variance(7),
      () => a.add_(ones(2, 2, 3)),
      () => a.view(7),
      () => a.select(0, 9),
      () => a.item(),
    ];
    expect(left(() => scope(() => failures.map((fail) => expect(fail).toThrow())))).toEqual(NOTHING);
  });
});
