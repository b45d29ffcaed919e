import { describe, expect, it, vi } from 'vitest';
import {
  compile,
  DisposedError,
  F,
  memory,
  nn,
  optim,
  profile,
  randn,
  scope,
  type Tensor,
  TraceError,
  tensor,
  zeros,
} from '../../src/index.ts';
import { classifier, labels, trainer } from '../support/classifier.ts';

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
      const away = tensor([5], { device: 'reference' });
      expect(() => compile((t: Tensor) => [t.neg(), away])(x)).toThrow(
        "a result lives on reference, but the program runs on wasm; return it with to('wasm')",
      );
      expect(compile((t: Tensor) => [t.neg(), away.to('wasm')])(x)[1]!.item()).toBe(5);
      const same = compile((t: Tensor) => t.mul(1));
      expect(() => same(tensor([1], { requiresGrad: true }))).toThrow('argument 0 requires grad');
      expect(same(tensor([1])).item()).toBe(1);
      expect(() => same(tensor([1], { requiresGrad: true }))).toThrow('argument 0 requires grad');
      expect(() => compile(3 as never)).toThrow('expected a function, got number');
      expect(x.add(1).toArray()).toEqual([2, 3]);
    });
  });

  it('follows models into evaluation and back', () => {
    scope(() => {
      const model = new nn.Sequential(new nn.Dropout(0.5), new nn.BatchNorm1d(3));
      const run = compile((x: Tensor) => model.forward(x));
      const x = randn(8, 3);
      run(x);
      const tracked = () => model.stateDict()['1.num_batches_tracked']!.item();
      expect(tracked()).toBe(1);
      model.eval();
      const expected = model.forward(x).toArray();
      expect(run(x).toArray()).toEqual(expected);
      const { program } = run;
      expect(run(x).toArray()).toEqual(expected);
      expect(tracked()).toBe(1);
      model.train();
      expect(run(x).toArray()).not.toEqual(expected);
      expect(tracked()).toBe(2);
      model.eval();
      expect(run(x).toArray()).toEqual(model.forward(x).toArray());
      expect(String(run.program)).toBe(String(program));
      run.dispose();
      model.dispose();
    });
  });

  it('records once if the function itself changes the mode', () => {
    scope(() => {
      const model = new nn.Dropout(0.5);
      let recorded = 0;
      const run = compile((x: Tensor) => {
        recorded++;
        const y = model.eval().forward(x);
        model.train();
        return y;
      });
      for (let i = 0; i < 3; i++) expect(run(tensor([1, 2])).toArray()).toEqual([1, 2]);
      expect(recorded).toBe(1);
      run.dispose();
    });
  });

  it('follows parameters that are frozen and unfrozen', () => {
    scope(() => {
      const model = new nn.Linear(2, 1);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad();
        model.forward(x).sum().backward();
        optimizer.step();
      });
      const x = tensor([[1, 2]]);
      const moved = () => {
        const before = model.weight.toArray() as number[][];
        step(x);
        return (model.weight.toArray() as number[][])[0]!.map((value, i) => +(before[0]![i]! - value).toFixed(4));
      };
      expect(moved()).toEqual([0.5, 1]);
      model.weight.requiresGrad = false;
      expect(moved()).toEqual([0, 0]);
      model.weight.requiresGrad = true;
      expect(moved()).toEqual([0.5, 1]);
      step.dispose();
      for (const part of [optimizer, model]) part.dispose();
    });
  });

  it('lets tensors be printed, without their values', () => {
    scope(() => {
      const texts: string[] = [];
      const outside = tensor([1]);
      const run = compile((x: Tensor) => {
        texts.push(`${x}`, `${outside}`);
        return x.add(outside);
      });
      expect(run(tensor([1, 2])).toArray()).toEqual([2, 3]);
      expect(texts).toEqual(['Tensor([2], float32, 2 elements)', 'Tensor([1], float32, 1 elements)']);
      run.dispose();
    });
  });

  it('refuses to change an argument in place that is not contiguous, before anything runs', () => {
    scope(() => {
      const x = tensor([
        [1, 2],
        [3, 4],
      ]);
      const y = tensor([0, 0]);
      const step = compile((count: number, a: Tensor, b: Tensor) => {
        b.add_(count);
        a.mul_(2);
        return a.sum();
      });
      expect(() => step(1, x.T, y)).toThrow(TraceError);
      expect(() => step(1, x.T, y)).toThrow(
        "the function changes args[1] in place; that must be contiguous and on the program's device, but it is [2,2] with strides [1,2]",
      );
      expect([x.toArray(), y.toArray()]).toEqual([
        [
          [1, 2],
          [3, 4],
        ],
        [0, 0],
      ]);
      expect(step(1, x.slice(0, 1, 2), y).item()).toBe(14);
      expect([x.toArray(), y.toArray()]).toEqual([
        [
          [1, 2],
          [6, 8],
        ],
        [1, 1],
      ]);
      const read = compile((a: Tensor) => a.add(1).mul_(2));
      expect(read(x.T).toArray()).toEqual([
        [4, 14],
        [6, 18],
      ]);
      for (const part of [step, read]) part.dispose();
    });
  });

  it('leaves no gradient that was never computed when recording fails', () => {
    scope(() => {
      const w = tensor([2], { requiresGrad: true });
      const f = compile((x: Tensor) => {
        const loss = w.mul(x).sum();
        loss.backward();
        return loss.item();
      });
      expect(() => f(tensor([3]))).toThrow(TraceError);
      expect(w.grad).toBeNull();
      w.mul(tensor([5]))
        .sum()
        .backward();
      expect(w.grad!.toArray()).toEqual([5]);
    });
  });

  it('runs without programs while calls never repeat, which it says once, and records again when they do', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      scope(() => {
        let traced = 0;
        const f = compile((x: Tensor, n: number) => {
          traced++;
          return { times: [x.mul(n)] };
        });
        const x = tensor([1, 2]);
        const { programs } = memory();
        for (let i = 0; i < 300; i++) expect(f(x, i).times[0]!.toArray()).toEqual([i, 2 * i]);
        expect(traced).toBe(300);
        expect(memory().programs - programs).toBe(64);
        expect(warned.mock.calls.map(([message]) => message)).toEqual([
          expect.stringContaining('64 programs were recorded for a function in vain'),
        ]);
        for (let round = 0; round < 80; round++) expect(f(x, 299).times[0]!.toArray()).toEqual([299, 598]);
        expect([traced, memory().programs - programs]).toEqual([301, 65]);
        expect(() => f(tensor([1], { requiresGrad: true }), 1e6)).toThrow('argument 0 requires grad');
        f.dispose();
        expect(memory().programs).toBe(programs);
      });
    } finally {
      warned.mockRestore();
    }
  });

  it('refuses what cannot be recorded however often it is called', () => {
    scope(() => {
      const f = compile((x: Tensor, n: number) => x.sum().item() + n);
      const x = tensor([1]);
      for (let i = 0; i < 100; i++) expect(() => f(x, i)).toThrow(TraceError);
    });
  });

  it('keeps the programs that are used, and lets the others go', () => {
    scope(() => {
      let traced = 0;
      const f = compile((x: Tensor, n: number) => {
        traced++;
        return x.mul(n);
      });
      const x = tensor([1]);
      const { programs } = memory();
      for (let i = 1; i <= 1000; i++) {
        for (const n of [i, 0, i]) expect(f(x, n).item()).toBe(n);
      }
      expect([traced, memory().programs - programs]).toEqual([1001, 128]);
      f.dispose();
    });
  });

  it('throws when a tensor that it uses was disposed, and works with a new one', () => {
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

  it('passes on errors of the function, and still works', () => {
    scope(() => {
      const f = compile((x: Tensor) => x.matmul(x));
      expect(() => f(zeros(2, 3))).toThrow('matmul: inner sizes differ: [2,3] × [2,3]');
      expect(f(tensor([[2]])).toArray()).toEqual([[4]]);
    });
  });

  it('leaves memory flat over ten thousand steps', () => {
    const { model, x } = classifier();
    const optimizer = new optim.Adam(model.parameters());
    const step = compile(trainer(model, optimizer));
    const y = labels();
    const run = () => scope(() => void step(x, y));
    run();
    const before = memory();
    for (let i = 0; i < 10000; i++) run();
    expect(memory()).toEqual(before);
    step.dispose();
    for (const t of [x, y]) t.dispose();
    model.dispose();
    optimizer.dispose();
  });

  it('gives results that live as long as somebody has them', () => {
    const x = tensor([1, 2]);
    const f = compile((t: Tensor, by: Tensor) => t.add(by));
    const results = Array.from({ length: 100 }, (_, i) =>
      f(
        x,
        scope(() => tensor([i])),
      ),
    );
    expect(results.map((result) => result.toArray())).toEqual(results.map((_, i) => [1 + i, 2 + i]));
    f.dispose();
    for (const part of [x, ...results]) part.dispose();
  });

  it('leaves the gradients of the program that ran last, and none if the function drops them at its end', () => {
    const weight = tensor([1, 1], { requiresGrad: true });
    const optimizer = new optim.SGD([weight], { lr: 0 });
    const pass = compile((x: Tensor, isLast: boolean) => {
      optimizer.zeroGrad();
      x.mul(weight).sum().backward();
      if (isLast) optimizer.zeroGrad();
    });
    const run = (rows: number, isLast = false) => {
      scope(() => pass(tensor(new Float32Array(rows * 2).fill(1), { shape: [rows, 2] }), isLast));
      return weight.variable!.grad?.toArray() ?? null;
    };
    const left = new Set<string>();
    for (let i = 0; i < 4; i++) {
      expect([run(2), run(3), run(3, true), run(2)]).toEqual([[2, 2], [3, 3], null, [2, 2]]);
      left.add(JSON.stringify(memory()));
    }
    expect(left.size).toBe(1);
    for (const part of [pass, optimizer, weight]) part.dispose();
  });

  it('releases its memory', () => {
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

  it('plans the memory of a convolutional training step to at most 60 % of its buffers', () => {
    scope(() => {
      const block = (inputs: number, outputs: number) => [
        new nn.Conv2d(inputs, outputs, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
      ];
      const model = new nn.Sequential(
        ...block(1, 32),
        ...block(32, 64),
        ...block(64, 128),
        new nn.Flatten(),
        new nn.Linear(128 * 3 * 3, 10),
      );
      const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
      const step = compile((x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.forward(x), y);
        loss.backward();
        optimizer.step();
        return loss;
      });
      step(
        randn(64, 1, 28, 28),
        tensor(
          Int32Array.from({ length: 64 }, (_, i) => i % 10),
          { dtype: 'int32' },
        ),
      );
      const { plannedBytes, bufferBytes } = step.program!;
      expect(plannedBytes / bufferBytes).toBeLessThanOrEqual(0.6);
      step.dispose();
      model.dispose();
      optimizer.dispose();
    });
  });

  it('reports where the time goes', () => {
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
