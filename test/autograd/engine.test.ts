/** The backward pass: which gradients are added up, which tensors are kept, which calls are refused. */
import { describe, expect, it } from 'vitest';
import type { Rule } from '../../src/autograd/rules/rule.ts';
import { rules } from '../../src/autograd/rules.ts';
import {
  AutogradError,
  add,
  DTypeError,
  grad,
  isGradEnabled,
  noGrad,
  ones,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const leaf = (values: Parameters<typeof tensor>[0]) => tensor(values, { requiresGrad: true });

describe('backward', () => {
  it('gives gradients to leaves and to no other tensor', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const frozen = tensor([10, 20]);
    const y = x.mul(frozen);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([
      [10, 20],
      [10, 20],
    ]);
    expect(frozen.grad).toBeNull();
    expect(y.grad).toBeNull();
    expect(x.grad!.requiresGrad).toBe(false);
  });

  it('adds the gradients of several calls', () => {
    const x = leaf([1, 2]);
    x.square().sum().backward();
    const first = x.grad;
    x.mul(3).sum().backward();
    expect(x.grad!.toArray()).toEqual([5, 7]);
    expect(x.grad).toBe(first);
    x.grad = null;
    x.mul(3).sum().backward();
    expect(x.grad!.toArray()).toEqual([3, 3]);
  });

  it('visits shared expressions once, however often they are used', () => {
    const x = leaf([2]);
    const shared = x.square();
    const y = shared.mul(shared).add(shared).sub(shared.mul(x));
    y.backward();
    expect(x.grad!.item()).toBeCloseTo(4 * 8 + 2 * 2 - 3 * 4, 5);
    let diamond = leaf([1]);
    const start = diamond;
    for (let i = 0; i < 40; i++) diamond = diamond.add(diamond);
    diamond.backward();
    expect(start.grad!.item()).toBe(2 ** 40);
  });

  it('allows one tensor as several operands of an operation', () => {
    const x = leaf([3, -2]);
    x.mul(x).add(x.div(x)).sum().backward();
    expect(x.grad!.toArray()).toEqual([6, -4]);
    const m = leaf([
      [1, 2],
      [3, 4],
    ]);
    m.matmul(m).sum().backward();
    expect(m.grad!.toArray()).toEqual([
      [7, 11],
      [9, 13],
    ]);
  });

  it('accepts a rule that returns the same tensor for several inputs, one of which already has a gradient', () => {
    const table: { add: Rule<undefined> } = rules;
    const { add: rule } = table;
    try {
      table.add = (g) => {
        const both = g.mul(2);
        return [both, both];
      };
      for (const retainGraph of [false, true]) {
        const [x, y] = [leaf([1, 2]), leaf([3, 4])];
        const [p, q] = [x.mul(1), y.mul(1)];
        const z = add(p, q);
        // Newer than z: when the rule of z runs, p and q may already have gradients.
        const total = z.sum().sub(p.mul(3).sum()).sub(q.mul(5).sum());
        total.backward(undefined, { retainGraph, createGraph: false });
        // The rule doubles at each addition; only z is a sum, `total` is made of differences.
        expect(x.grad!.toArray()).toEqual([-1, -1]);
        expect(y.grad!.toArray()).toEqual([-3, -3]);
      }
    } finally {
      table.add = rule;
    }
  });

  it('follows 20,000 operations in a row', () => {
    const x = leaf([1, -1]);
    scope(() => {
      let y: Tensor = x;
      for (let i = 0; i < 20000; i++) y = i % 2 === 0 ? y.add(0.5) : y.neg();
      y.sum().backward();
    });
    expect(x.grad!.toArray()).toEqual([1, 1]);
    scope(() => {
      let y: Tensor = x;
      for (let i = 0; i < 20000; i++) y = y.add(0.5);
      expect(y.requiresGrad).toBe(true);
    });
    expect(x.requiresGrad).toBe(true);
  });

  it('takes the gradient of the result, which is required if the result has several elements', () => {
    const x = leaf([1, 2, 3]);
    x.square().backward(tensor([1, 0.5, 0]));
    expect(x.grad!.toArray()).toEqual([2, 2, 0]);
    expect(() => x.square().backward()).toThrow(AutogradError);
    expect(() => x.square().backward()).toThrow(
      'backward: a gradient can be left out only for a tensor with one element, this one is [3]',
    );
    expect(() => x.square().backward(ones(2))).toThrow(ShapeError);
    expect(() => x.square().backward(ones(2))).toThrow("backward: the gradient's shape [2] is not the tensor's, [3]");
    expect(() => x.square().backward(ones([3], { dtype: 'int32' }))).toThrow(DTypeError);
    const one = leaf([[4]]);
    one.square().backward();
    expect(one.grad!.toArray()).toEqual([[8]]);
  });

  it('gives the leaf on which it is called the given gradient', () => {
    const x = leaf([1, 2]);
    const g = tensor([3, 4]);
    x.backward(g);
    expect(x.grad!.toArray()).toEqual([3, 4]);
    g.fill_(0);
    expect(x.grad!.toArray()).toEqual([3, 4]);
    expect(g.isDisposed).toBe(false);
  });

  it('is refused where nothing requires grad', () => {
    expect(() => tensor([1]).mul(2).backward()).toThrow(AutogradError);
    expect(() => tensor([1]).mul(2).backward()).toThrow(/backward: the tensor \[1\] does not require grad/);
    expect(() => leaf([1]).gt(0).to('float32').sum().backward()).toThrow(/does not require grad/);
  });

  it('frees its graph, and the second call says so', () => {
    const x = leaf([2]);
    const y = x.square().sum();
    y.backward();
    expect(() => y.backward()).toThrow(AutogradError);
    expect(() => y.backward()).toThrow(/has been freed by an earlier backward\(\); pass \{ retainGraph: true \}/);
    expect(x.grad!.item()).toBe(4);
    const shared = x.exp();
    shared.sum().backward();
    expect(() => shared.square().sum().backward()).toThrow(/freed by an earlier backward/);
  });

  it('keeps its graph with retainGraph', () => {
    const x = leaf([2]);
    const y = x.pow(3).sum();
    y.backward(undefined, { retainGraph: true });
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(x.grad!.item()).toBe(36);
    expect(() => y.backward()).toThrow(/freed/);
  });

  it('undoes broadcasting at every position', () => {
    for (let mask = 0; mask < 8; mask++) {
      const full = [2, 3, 4];
      const shape = full.map((size, i) => ((mask >> i) & 1 ? 1 : size));
      const repeats = 24 / shape.reduce((a, b) => a * b, 1);
      for (let lead = 0; lead < 3 && shape.slice(0, lead).every((size) => size === 1); lead++) {
        const x = zeros(shape.slice(lead), { requiresGrad: true });
        add(x, ones(full)).sum().backward();
        expect(x.grad!.shape).toEqual(x.shape);
        expect([...x.grad!.dataSync()]).toEqual(new Array(x.numel).fill(repeats));
      }
    }
  });

  it('passes gradients through views to the right elements', () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    x.T.slice(0, 1)
      .select(1, 0)
      .unsqueeze(0)
      .expand(2, 2)
      .reshape(-1)
      .mul(tensor([1, 2, 4, 8]))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([
      [0, 5, 10],
      [0, 0, 0],
    ]);
    expect(x.grad!.contiguous).toBe(true);
  });
});

describe('leaves', () => {
  it('are distinguished from results', () => {
    const x = leaf([1]);
    const y = x.mul(2);
    expect([x.isLeaf, y.isLeaf, y.detach().isLeaf, tensor([1]).isLeaf]).toEqual([true, false, true, true]);
    expect([x.requiresGrad, y.requiresGrad, y.detach().requiresGrad]).toEqual([true, true, false]);
    expect(() => {
      y.requiresGrad = false;
    }).toThrow(/requiresGrad: only leaves can be changed/);
  });

  it('cannot require grad unless they are floats', () => {
    const index = tensor([1, 2], { dtype: 'int32' });
    expect(() => {
      index.requiresGrad = true;
    }).toThrow(AutogradError);
    expect(() => {
      index.requiresGrad = true;
    }).toThrow('requiresGrad: only float32 tensors can require gradients, this one is int32');
    expect(() => tensor([true], { requiresGrad: true })).toThrow(/tensor: only float32 tensors .* this one is bool/);
    expect(() => zeros([2], { dtype: 'int32', requiresGrad: true })).toThrow(AutogradError);
  });

  it('can be frozen and unfrozen', () => {
    const x = leaf([1]);
    x.requiresGrad = false;
    expect(x.mul(2).requiresGrad).toBe(false);
    x.requiresGrad = true;
    x.mul(2).backward();
    expect(x.grad!.item()).toBe(2);
  });

  it('accept a gradient that is set by hand', () => {
    const x = leaf([1, 2]);
    x.grad = tensor([5, 5]);
    x.sum().backward();
    expect(x.grad!.toArray()).toEqual([6, 6]);
  });
});

describe('noGrad', () => {
  it('records nothing inside, and everything again afterwards', () => {
    const x = leaf([1, 2]);
    const y = noGrad(() => {
      expect(isGradEnabled()).toBe(false);
      return noGrad(() => x.mul(2)).add(x);
    });
    expect(y.requiresGrad).toBe(false);
    expect(isGradEnabled()).toBe(true);
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(isGradEnabled()).toBe(true);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('cuts a part out of the graph, as detach does', () => {
    const x = leaf([3]);
    x.mul(noGrad(() => x.mul(2))).backward();
    expect(x.grad!.item()).toBe(6);
    x.grad = null;
    x.mul(x.mul(2).detach()).backward();
    expect(x.grad!.item()).toBe(6);
  });
});

describe('grad', () => {
  it('gives gradients without touching any grad', () => {
    const x = leaf([1, 2]);
    const y = leaf([3, 4]);
    const [gx, gy] = grad(x.mul(y).sum(), [x, y]);
    expect([gx!.toArray(), gy!.toArray()]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect([x.grad, y.grad]).toEqual([null, null]);
    expect(gx!.requiresGrad).toBe(false);
  });

  it('gives gradients of intermediate results, and of several outputs', () => {
    const x = leaf([1, 2]);
    const middle = x.square();
    const [gm, gx] = grad(middle.mul(3).sum(), [middle, x]);
    expect([gm!.toArray(), gx!.toArray()]).toEqual([
      [3, 3],
      [6, 12],
    ]);
    const [both] = grad([x.mul(2), x.square().sum()], x, { gradOutputs: [tensor([1, 10]), tensor(1)] });
    expect(both!.toArray()).toEqual([4, 24]);
  });

  it('can be differentiated again any number of times', () => {
    const x = leaf([2]);
    let value: Tensor = x.pow(5).sum();
    for (const expected of [80, 160, 240, 240, 120]) {
      const [next] = grad(value, x, { createGraph: true });
      expect(next!.item()).toBeCloseTo(expected, 2);
      value = next!.sum();
    }
  });

  it('adds second derivatives by backward to grad', () => {
    const x = leaf([1, 2]);
    x.pow(3).sum().backward(undefined, { createGraph: true });
    const first = x.grad!;
    expect(first.requiresGrad).toBe(true);
    expect(first.toArray()).toEqual([3, 12]);
    x.grad = null;
    first.square().sum().backward();
    expect(x.grad!.toArray()).toEqual([2 * 3 * 6, 2 * 12 * 12]);
  });

  it('gives null for inputs that the output does not depend on, if that is allowed', () => {
    const [x, other] = [leaf([1]), leaf([1])];
    const [dx, none] = grad(x.mul(2), [x, other], { allowUnused: true });
    expect([dx!.toArray(), none]).toEqual([[2], null]);
    expect(() => grad(x.mul(2), [x, tensor([1])], { allowUnused: true })).toThrow(
      'grad: input 1 does not require grad',
    );
    expect(() => grad(x.mul(2), [x, other], { allowUnused: false })).toThrow(
      /pass \{ allowUnused: true \} to get null/,
    );
  });

  it('refuses inputs that do not require grad, and inputs that the output does not depend on', () => {
    const x = leaf([1]);
    const other = leaf([1]);
    expect(() => grad(x.mul(2), [x, tensor([1])])).toThrow('grad: input 1 does not require grad');
    expect(() => grad(x.mul(2), [x, other])).toThrow('grad: output does not depend on input 1');
    expect(() => grad(tensor([1]), [x])).toThrow(/grad: the tensor \[1\] does not require grad/);
    expect(() => grad(tensor([1]), [x])).toThrow(AutogradError);
    expect(() => grad(leaf([1, 2]).mul(2), [x])).toThrow(/grad: a gradient can be left out only for a tensor with one/);
  });
});
