import { describe, expect, it } from 'vitest';
import {
  compile,
  DisposedError,
  F,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  profile,
  randn,
  scope,
  type Tensor,
  TraceError,
  tensor,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { randomProblem } from '../support/randomGraph.ts';

const labels = () => tensor([1, 0, 2, 1], { dtype: 'int32' });

function classifier(seed = 3) {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(5, 8), new nn.ReLU(), new nn.Dropout(0.3), new nn.Linear(8, 3));
  const x = randn(4, 5);
  return { model, x };
}

function trainer(model: nn.Sequential, optimizer: optim.SGD | optim.Adam) {
  return (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

describe.each(executors)('compile on %s', (_, executor) => {
  const on = (fn: () => void) => () => withExecutor(executor, () => scope(fn));

  it.each(['SGD', 'SGD with momentum and dampening', 'Adam'])(
    'trains with %s as eager code does, to the bit, dropout and all',
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

  it('gives the bits of eager code for random programs', () => {
    for (let seed = 1; seed <= 150; seed++) {
      withExecutor(executor, () =>
        scope(() => {
          const eager = randomProblem(seed);
          const wanted = Array.from({ length: 3 }, () => eager.step(eager.x).item());
          const traced = randomProblem(seed);
          const step = compile(traced.step);
          const got = Array.from({ length: 3 }, () => step(traced.x).item());
          const weights = ({ leaves }: typeof eager) => leaves.flatMap((leaf) => Array.from(leaf.dataSync()));
          const results = [...got, ...weights(traced)];
          [...wanted, ...weights(eager)].forEach((value, i) => {
            // The reference rounds a product and its activation once where they are fused.
            if (executor.device === 'reference')
              expect(Math.abs(results[i]! - value), `seed ${seed}`).toBeLessThan(1e-6);
            else expect(results[i], `seed ${seed}`).toBe(value);
          });
          step.dispose();
          for (const leaf of [...eager.leaves, ...traced.leaves]) leaf.dispose();
        }),
      );
    }
  });

  it(
    'draws other numbers at each run, and the same ones under the same seed',
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
    'gives several results, in arrays and objects, views and inputs among them',
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
    'takes inputs that are views',
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
    'accumulates gradients where nobody resets them, as eager code does',
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
    'gives gradients again after they were forgotten outside',
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
    'changes tensors outside in place, as eager code does',
    on(() => {
      const total = zeros(2);
      const f = compile((x: Tensor) => noGrad(() => total.add_(x)).sum());
      expect(f(tensor([1, 2])).item()).toBe(3);
      expect(f(tensor([1, 2])).item()).toBe(6);
      expect(total.toArray()).toEqual([2, 4]);
    }),
  );

  it(
    'calls of compiled functions inside one another are one program',
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
    'goes on after memory has grown, after state was loaded, and in evaluation',
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

describe('compile', () => {
  it('says what cannot be recorded', () => {
    scope(() => {
      const x = tensor([1, 2]);
      expect(() => compile((t: Tensor) => t.sum().item())(x)).toThrow(TraceError);
      expect(() => compile((t: Tensor) => t.sum().item())(x)).toThrow(
        'item() reads a value, but inside a compiled function values do not exist yet',
      );
      expect(() => compile((t: Tensor) => t.toArray())(x)).toThrow('data(), dataSync() or toArray()');
      expect(() => compile(async (t: Tensor) => t)(x)).toThrow('the function is asynchronous');
      expect(() => compile((t: Tensor) => t)(tensor([1], { requiresGrad: true }))).toThrow('argument 0 requires grad');
      expect(() => compile(3 as never)).toThrow('expected a function, got number');
      expect(x.add(1).toArray()).toEqual([2, 3]);
    });
  });

  it('refuses to record for ever', () => {
    scope(() => {
      const f = compile((x: Tensor, n: number) => x.mul(n));
      const x = tensor([1]);
      for (let i = 0; i < 64; i++) f(x, i);
      expect(() => f(x, 64)).toThrow('each call brought new shapes or new numbers');
      f.dispose();
    });
  });

  it('says so when a tensor that it uses was disposed, and works with a new one', () => {
    scope(() => {
      let w = tensor([2]);
      const f = compile((x: Tensor) => x.mul(w));
      expect(f(tensor([3])).toArray()).toEqual([6]);
      w.dispose();
      expect(() => f(tensor([3]))).toThrow(DisposedError);
      w = tensor([5]);
      expect(f(tensor([3])).toArray()).toEqual([15]);
    });
  });

  it('passes errors of the function on and is as before', () => {
    scope(() => {
      const f = compile((x: Tensor) => x.matmul(x));
      expect(() => f(zeros(2, 3))).toThrow('matmul: inner sizes differ: [2,3] × [2,3]');
      expect(f(tensor([[2]])).toArray()).toEqual([[4]]);
    });
  });

  it('leaves memory flat over ten thousand steps, without a scope', () => {
    const { model, x } = classifier();
    const optimizer = new optim.Adam(model.parameters());
    const step = compile(trainer(model, optimizer));
    const y = labels();
    for (let i = 0; i < 50; i++) step(x, y);
    const before = memory();
    for (let i = 0; i < 10000; i++) step(x, y);
    expect(memory()).toEqual(before);
    step.dispose();
    for (const t of [x, y]) t.dispose();
    model.dispose();
    optimizer.dispose();
  });

  it('keeps the results of recent calls, and those that were given to keep', () => {
    const x = tensor([1, 2]);
    const f = compile((t: Tensor) => t.add(1));
    const first = f(x);
    const kept = keep(f(x));
    for (let i = 0; i < 10; i++) f(x);
    expect(first.toArray()).toEqual([2, 3]);
    for (let i = 0; i < 10; i++) f(x);
    expect(first.isDisposed).toBe(true);
    expect(kept.toArray()).toEqual([2, 3]);
    f.dispose();
    kept.dispose();
    x.dispose();
  });

  it('gives its memory back', () => {
    const x = tensor([1, 2]);
    const before = memory().bytesInUse;
    const f = compile((t: Tensor) => t.add(1).exp().sum());
    scope(() => {
      f(x);
    });
    expect(memory().bytesInUse).toBeGreaterThan(before);
    f.dispose();
    expect(memory().bytesInUse).toBe(before);
    x.dispose();
  });

  it('plans the memory of a deep training step to at most 60 % of its buffers', () => {
    scope(() => {
      const width = 512;
      const layers = Array.from({ length: 8 }, () => [new nn.Linear(width, width), new nn.ReLU()]).flat();
      const model = new nn.Sequential(...layers);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad();
        const loss = model.forward(x).square().mean();
        loss.backward();
        optimizer.step();
        return loss;
      });
      step(randn(256, width));
      const { plannedBytes, bufferBytes } = step.program!;
      expect(plannedBytes / bufferBytes).toBeLessThanOrEqual(0.6);
      step.dispose();
      model.dispose();
      optimizer.dispose();
    });
  });

  it('tells where the time goes', () => {
    scope(() => {
      const w = randn(16, 16);
      const f = compile((x: Tensor) => x.matmul(w).relu().sum());
      expect(() => profile(f)).toThrow('has not been called yet');
      expect(() => profile((() => {}) as never)).toThrow('expected a function made by compile()');
      f(randn(16, 16));
      const rows = profile(f, { repeats: 3 });
      expect(rows.map(({ name, flops }) => [name, flops])).toEqual([
        ['gemm + relu', 8192],
        ['sum', 256],
      ]);
      expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
      f.dispose();
    });
  });

  it('lists its program', () => {
    scope(() => {
      const w = randn(3, 2);
      const b = randn(3);
      const f = compile((x: Tensor) => F.linear(x, w, b).relu().sum());
      f(randn(4, 2));
      const lines = String(f.program).split('\n');
      expect(lines[0]).toBe('2 commands (3 recorded, 1 fused), 60 FLOP, 0.1 KiB for buffers of 0.0 KiB');
      expect(lines[1]).toMatch(/0 {2}gemm \+ bias \+ relu +4×2 · 2×3 +48 FLOP/);
      expect(lines[2]).toMatch(/1 {2}sum +1×12×1 +12 FLOP/);
    });
  });
});
