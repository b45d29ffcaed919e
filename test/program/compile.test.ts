import { describe, expect, it } from 'vitest';
import {
  compile,
  F,
  manualSeed,
  memory,
  noGrad,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { classifier, labels, trainer } from '../support/classifier.ts';
import { executors } from '../support/executors.ts';

describe.each(executors)('compile on %s', (_, executor) => {
  const on = (fn: () => void) => () => withExecutor(executor, () => scope(fn));

  it.each(['SGD', 'SGD with momentum and dampening', 'Adam'])(
    'trains with %s to the same bits as eager code, including dropout',
    (name) => {
      on(() => {
        const run = (wrap: (step: (x: Tensor, y: Tensor) => Tensor) => (x: Tensor, y: Tensor) => Tensor) => {
          const { model, x } = classifier();
          const options = name === 'SGD' ? { lr: 0.1 } : { lr: 0.1, momentum: 0.9, dampening: 0.1 };
          const optimizer =
            name === 'Adam'
              ? new optim.Adam(model.parameters(), { lr: 0.01 })
              : new optim.SGD(model.parameters(), options);
          const step = wrap(trainer(model, optimizer));
          const y = labels();
          const losses = Array.from({ length: 12 }, (_, i) => {
            if (i === 6) optimizer.paramGroups[0]!.lr *= 0.5;
            return step(x, y).item();
          });
          return {
            losses,
            weights: model.parameters().map((p) => p.toArray()),
            grads: model.parameters().map((p) => p.grad!.toArray()),
          };
        };
        expect(run((step) => compile(step))).toEqual(run((step) => step));
      })();
    },
  );

  it(
    'draws different numbers at each run, and the same ones with the same seed',
    on(() => {
      const mask = compile((x: Tensor) => F.dropout(x, { p: 0.5 }));
      const x = tensor(new Float32Array(64).fill(1));
      manualSeed(5);
      const [a, b] = [mask(x).toArray(), mask(x).toArray()];
      expect(a).not.toEqual(b);
      manualSeed(5);
      expect([mask(x).toArray(), mask(x).toArray()]).toEqual([a, b]);
      manualSeed(5);
      expect(F.dropout(x, { p: 0.5 }).toArray()).toEqual(a);
    }),
  );

  it(
    'keeps a program for each shape, type and number',
    on(() => {
      let traces = 0;
      const f = compile((x: Tensor, factor: number) => {
        traces++;
        return x.mul(factor).sum();
      });
      expect(f(tensor([1, 2]), 3).item()).toBe(9);
      expect(f(tensor([4, 5]), 3).item()).toBe(27);
      expect(traces).toBe(1);
      expect(f(tensor([[1, 2, 3]]), 3).item()).toBe(18);
      expect(f(tensor([1, 2]), 4).item()).toBe(12);
      expect(f(tensor([7, 2], { dtype: 'int32' }), 3).item()).toBe(27);
      expect(traces).toBe(4);
      expect(f(tensor([1, 1]), 3).item()).toBe(6);
      expect(traces).toBe(4);
    }),
  );

  it(
    'gives several results, in arrays and objects, including views and inputs',
    on(() => {
      const f = compile((x: Tensor) => {
        const y = x.mul(2);
        return { parts: [y, y.slice(0, 1, 2)], same: x, number: 7, nothing: null };
      });
      for (const values of [
        [1, 2],
        [3, 4],
      ]) {
        const x = tensor(values);
        const { parts, same, number, nothing } = f(x);
        expect(parts[0]!.toArray()).toEqual(values.map((v) => v * 2));
        expect(parts[1]!.toArray()).toEqual([values[1]! * 2]);
        expect(same.toArray()).toEqual(values);
        expect([number, nothing]).toEqual([7, null]);
      }
    }),
  );

  it(
    'accepts inputs that are views',
    on(() => {
      const f = compile((x: Tensor) => x.add(1));
      const m = tensor([
        [1, 2],
        [3, 4],
      ]);
      expect(f(m.T).toArray()).toEqual([
        [2, 4],
        [3, 5],
      ]);
      expect(f(m.slice(0, 1, 2)).toArray()).toEqual([[4, 5]]);
    }),
  );

  it(
    'accumulates gradients that are not reset, as eager code does',
    on(() => {
      const run = (wrap: (fn: (x: Tensor) => void) => (x: Tensor) => void) => {
        const w = tensor([1, 2], { requiresGrad: true });
        const step = wrap((x) => w.mul(x).sum().backward());
        const seen = [];
        for (let i = 0; i < 4; i++) {
          step(tensor([i + 1, 1]));
          seen.push(w.grad!.toArray());
          if (i === 2) w.grad = null;
        }
        return seen;
      };
      expect(run((fn) => compile(fn))).toEqual(run((fn) => fn));
    }),
  );

  it(
    'gives gradients again after they were dropped outside',
    on(() => {
      const w = tensor([2], { requiresGrad: true });
      const optimizer = new optim.SGD([w], { lr: 0 });
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad();
        w.mul(x).sum().backward();
      });
      step(tensor([3]));
      expect(w.grad!.toArray()).toEqual([3]);
      optimizer.zeroGrad();
      expect(w.grad).toBeNull();
      step(tensor([4]));
      expect(w.grad!.toArray()).toEqual([4]);
    }),
  );

  it(
    'starts from constants afresh at each run',
    on(() => {
      const f = compile((x: Tensor) => {
        const t = tensor([1, 2]);
        t.add_(x);
        return t.mul(tensor([10, 10]));
      });
      expect(f(tensor([1, 1])).toArray()).toEqual([20, 30]);
      expect(f(tensor([2, 2])).toArray()).toEqual([30, 40]);
    }),
  );

  it(
    'changes outside tensors in place, as eager code does',
    on(() => {
      const total = zeros(2);
      const f = compile((x: Tensor) => noGrad(() => total.add_(x)).sum());
      expect(f(tensor([1, 2])).item()).toBe(3);
      expect(f(tensor([1, 2])).item()).toBe(6);
      expect(total.toArray()).toEqual([2, 4]);
    }),
  );

  it(
    'makes one program of nested calls of compiled functions',
    on(() => {
      const inner = compile((x: Tensor) => x.mul(2));
      const outer = compile((x: Tensor) => inner(x).add(1));
      expect(outer(tensor([3])).toArray()).toEqual([7]);
      expect(inner.program).toBeNull();
      expect(outer.program!.commands).toBe(2);
    }),
  );

  it(
    'checks class indices and row numbers at every run',
    on(() => {
      const loss = compile((x: Tensor, y: Tensor) => F.crossEntropy(x, y));
      const x = randn(4, 3);
      loss(x, labels());
      expect(() => loss(x, tensor([0, 1, 3, 0], { dtype: 'int32' }))).toThrow(
        'crossEntropy: target 3 is out of range for 3 classes',
      );
      const rows = compile((t: Tensor, i: Tensor) => t.indexSelect(0, i));
      rows(x, tensor([0, 3], { dtype: 'int32' }));
      expect(() => rows(x, tensor([0, 4], { dtype: 'int32' }))).toThrow('index 4 is out of range');
    }),
  );

  it(
    'continues after memory has grown, after state was loaded, and in evaluation',
    on(() => {
      const { model, x } = classifier();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const step = compile(trainer(model, optimizer));
      const y = labels();
      const saved = Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, t.clone()]));
      manualSeed(1);
      const first = step(x, y).item();
      const big = zeros(3 << 20);
      expect(Number.isFinite(step(x, y).item())).toBe(true);
      big.dispose();
      model.loadStateDict(saved);
      manualSeed(1);
      expect(step(x, y).item()).toBe(first);
    }),
  );
});

it('compile copies inputs to the given device', () => {
  scope(() => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const twice = compile((input: Tensor) => input.mul(2), { device: 'reference' });
    for (let i = 0; i < 3; i++) {
      const y = twice(x.T);
      expect(y.device).toBe('reference');
      expect(y.toArray()).toEqual([
        [2, 6],
        [4, 8],
      ]);
    }
    const { tensors } = memory();
    const y = twice(x);
    expect(memory().tensors).toBe(tensors + 1);
    y.dispose();
    twice.dispose();
  });
});
