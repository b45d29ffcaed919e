/** Who owns the memory of a compiled function: of captured tensors, of constants, of tensors that it keeps. */
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../bindings/executor.ts';
import {
  compile,
  DisposedError,
  full,
  keep,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { Recorder } from '../../src/program/recorder.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { withTracer } from '../../src/tensor/trace.ts';
import { executors, wasmExecutors } from '../support/executors.ts';
import { inUse } from '../support/inUse.ts';

/** Runs `body` on each executor, and checks that afterwards the same memory is in use as before. */
function onEach(name: string, body: (executor: Executor) => void): void {
  it.each(executors)(`${name}, on %s`, (_, executor) => {
    const { blocks, bytesInUse } = executor.allocator;
    withExecutor(executor, () => scope(() => body(executor)));
    expect({ blocks: executor.allocator.blocks, bytesInUse: executor.allocator.bytesInUse }).toEqual({
      blocks,
      bytesInUse,
    });
  });
}

describe('a captured tensor that is disposed while the function is recorded', () => {
  onEach('is used, and freed once', (executor) => {
    const x = ones(1, 64);
    for (let i = 0; i < 6; i++) {
      const before = executor.allocator.bytesInUse;
      const w = full([64, 64], i);
      const run = compile((t: Tensor) => {
        const y = t.matmul(w);
        w.dispose();
        return y;
      });
      const y = run(x);
      expect(y.dataSync().every((value) => value === 64 * i)).toBe(true);
      // The same as without compile.
      expect(() => run(x)).toThrow(DisposedError);
      y.dispose();
      run.dispose();
      expect(executor.allocator.bytesInUse).toBe(before);
    }
  });

  onEach('may be used by several programs', () => {
    const w = full([3], 2);
    const [double, square] = [compile((t: Tensor) => t.mul(w)), compile((t: Tensor) => t.mul(w).mul(w))];
    const x = tensor([1, 2, 3]);
    expect(double(x).toArray()).toEqual([2, 4, 6]);
    expect(square(x).toArray()).toEqual([4, 8, 12]);
    w.dispose();
    // Allocates the freed memory: a program that does not notice would read these values.
    full([3], 7);
    expect(() => double(x)).toThrow(DisposedError);
    expect(() => square(x)).toThrow(DisposedError);
    double.dispose();
    square.dispose();
  });

  onEach('is freed if recording fails', () => {
    const w = full([64], 2);
    const run = compile((t: Tensor) => {
      const y = t.mul(w);
      w.dispose();
      return y.sum().item();
    });
    expect(() => run(ones(64))).toThrow('item() reads a value');
    run.dispose();
  });

  it.each(wasmExecutors)('is freed on its own device, not on that of its copy (%s)', (_, home) => {
    const away = executors[0]![1];
    const blocks = () => [home.allocator.blocks, away.allocator.blocks];
    const before = blocks();
    const w = withExecutor(home, () => full([8], 3));
    const recorder = new Recorder(away, home);
    withTracer(recorder, () => {
      w.neg().dispose();
      w.dispose();
    });
    recorder.returnAdopted();
    recorder.release();
    expect(blocks()).toEqual(before);
  });
});

describe('constants', () => {
  onEach('can be returned as results', () => {
    const constant = () => tensor([3, 4, 5]);
    const run = compile((x: Tensor) => {
      const both = constant();
      return {
        sum: x.add(1),
        alone: constant(),
        used: both,
        with: x.mul(both),
        part: tensor([
          [1, 2],
          [3, 4],
        ]).select(0, 1),
      };
    });
    const x = tensor([1, 2, 3]);
    for (let i = 0; i < 3; i++) {
      // Leaves freed memory that is not zero.
      for (let j = 0; j < 8; j++) full([3], 9).dispose();
      const { sum, alone, used, with: product, part } = run(x);
      expect(sum.toArray()).toEqual([2, 3, 4]);
      expect(alone.toArray()).toEqual([3, 4, 5]);
      expect(used.toArray()).toEqual([3, 4, 5]);
      expect(product.toArray()).toEqual([3, 8, 15]);
      expect(part.toArray()).toEqual([3, 4]);
      // Every result belongs to the caller.
      for (const t of [alone, used, part]) t.fill_(-1);
    }
    run.dispose();
  });

  onEach('that the function keeps are right', () => {
    const held: Tensor[] = [];
    const run = compile((x: Tensor) => {
      const constant = keep(tensor([3, 4, 5]));
      held.push(constant);
      return x.mul(constant);
    });
    expect(run(tensor([1, 1, 2])).toArray()).toEqual([3, 4, 10]);
    expect(held.map((t) => t.toArray())).toEqual([[3, 4, 5]]);
    expect(run(tensor([1, 1, 2])).toArray()).toEqual([3, 4, 10]);
    run.dispose();
    for (const t of held) t.dispose();
  });

  onEach('that the function changes start from their values at every call', () => {
    const run = compile((x: Tensor) => noGrad(() => tensor([1, 1]).add_(x)));
    for (let i = 0; i < 3; i++) expect(run(tensor([1, 2])).toArray()).toEqual([2, 3]);
    run.dispose();
  });
});

it('a program outside of all scopes leaks nothing', () => {
  const [w, x, y] = [randn(16, 16), ones(2, 16), ones(3, 16)];
  const before = inUse();
  const run = compile((t: Tensor) => t.matmul(w).relu());
  for (const t of [run(x), run(y)]) t.dispose();
  run.dispose();
  expect(inUse()).toEqual(before);
  for (const t of [w, x, y]) t.dispose();
});

describe('an argument that shares memory with what the function changes', () => {
  onEach('is read as it was before the change', () => {
    const outer = tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const copy = compile((a: Tensor) => {
      outer.slice(0, 3, 10).copy_(a);
      return a.mul(1);
    });
    expect(copy(tensor([1, 1, 1, 1, 1, 1, 1])).toArray()).toEqual([1, 1, 1, 1, 1, 1, 1]);
    outer.copy_(tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    copy(outer.slice(0, 0, 7));
    expect(outer.toArray()).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 6]);
    copy.dispose();

    const into = compile((a: Tensor, b: Tensor) => {
      a.copy_(b);
      return a.add(b);
    });
    into(tensor([1, 2, 3]), tensor([4, 5, 6]));
    const x = tensor([1, 2, 3, 4]);
    into(x.slice(0, 1, 4), x.slice(0, 0, 3));
    expect(x.toArray()).toEqual([1, 1, 2, 3]);
    into.dispose();
  });

  onEach('is refused if it is changed as well', () => {
    const both = compile((a: Tensor, b: Tensor) => {
      a.mul_(2);
      b.add_(1);
      return a.add(b);
    });
    both(tensor([1, 2]), tensor([1, 2]));
    const x = tensor([1, 2]);
    expect(() => both(x, x)).toThrow('args[0] in place, which shares memory with something else that it changes');
    expect(x.toArray()).toEqual([1, 2]);
    both.dispose();

    const w = tensor([1, 2]);
    const captured = compile((a: Tensor) => {
      a.mul_(2);
      return w.mul(w).add(a);
    });
    captured(tensor([1, 2]));
    expect(() => captured(w)).toThrow('pass args[0] as a clone()');
    expect(w.toArray()).toEqual([1, 2]);
    captured.dispose();
  });
});

onEach('a function that drops gradients before there are any is recorded once', () => {
  const w = tensor([1, 2], { requiresGrad: true });
  let recorded = 0;
  const run = compile((x: Tensor) => {
    recorded++;
    w.grad = null;
    w.mul(x).sum().backward();
    return w.mul(1);
  });
  for (let i = 0; i < 3; i++) run(tensor([i, 2]));
  expect(w.grad!.toArray()).toEqual([2, 2]);
  expect(recorded).toBe(1);
  run.dispose();
  w.dispose();
});
