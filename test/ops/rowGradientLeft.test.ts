/** Gradients of tables that a program or an earlier pass has left, and code that then reads or changes them. */
import { describe, expect, it } from 'vitest';
import { compile, F, nn, optim, scope, type Tensor, tensor } from '../../src/index.ts';
import { defaultExecutor } from '../../src/runtime/runtime.ts';
import { workIn } from '../support/work.ts';

describe('a gradient that a program has left', () => {
  const table = () => new nn.Parameter(tensor([[1], [2], [3], [4]]));
  const rows = (...index: number[]) => tensor(index, { dtype: 'int32' });
  /** Allocates all freed memory of that size, so that code that reads it reads these values. */
  const fillFree = () => Array.from({ length: 40 }, () => tensor(new Int32Array(8).fill(3)));

  it.each([[[]], [[2, 3]], [[1]]])('outlives the program; an eager pass adds rows %j', (more) => {
    scope(() => {
      const weight = table();
      const optimizer = new optim.SGD([weight], { lr: 1 });
      const step = compile((index: Tensor) => {
        optimizer.zeroGrad();
        F.embedding(index, weight).sum().backward();
      });
      step(rows(1, 1));
      step.dispose();
      const others = fillFree();
      if (more.length > 0)
        F.embedding(rows(...more), weight)
          .sum()
          .backward();
      const expected = [0, 1, 2, 3].map((row) => (row === 1 ? 2 : 0) + more.filter((r) => r === row).length);
      expect(Array.from(weight.grad!.dataSync())).toEqual(expected);
      optimizer.step();
      expect(Array.from(weight.dataSync())).toEqual([1, 2, 3, 4].map((w, i) => w - expected[i]!));
      for (const other of others) expect(Array.from(other.dataSync())).toEqual(new Array(8).fill(3));
      weight.dispose();
      optimizer.dispose();
    });
  });

  it('can be added to by eager passes, which do not slow down the next runs', () => {
    scope(() => {
      const weight = new nn.Parameter(tensor(new Float32Array(100), { shape: [100, 1] }));
      const optimizer = new optim.SGD([weight], { lr: 1 });
      const step = compile((index: Tensor) => {
        optimizer.zeroGrad();
        F.embedding(index, weight).sum().backward();
      });
      const run = () => scope(() => step(rows(0, 1)));
      run();
      const eager = () =>
        scope(() =>
          F.embedding(rows(1, 98, 99), weight)
            .sum()
            .backward(),
        );
      const work = Array.from({ length: 60 }, () => {
        const passing = workIn(defaultExecutor(), eager);
        const [zero, one, ...others] = Array.from(weight.variable!.grad!.dataSync());
        expect([zero, one, others.slice(-3)]).toEqual([1, 2, [0, 1, 1]]);
        return [passing, workIn(defaultExecutor(), run)];
      });
      for (const measured of work) expect(measured).toEqual(work[0]);
      expect(work[0]![0]).toBeLessThan(50);
      expect(Array.from(weight.variable!.grad!.dataSync())).toEqual([1, 1, ...new Array(98).fill(0)]);
      step.dispose();
      weight.dispose();
      optimizer.dispose();
    });
  });

  it('may have any rows when another program uses it', () => {
    scope(() => {
      const weight = table();
      const optimizer = new optim.SGD([weight], { lr: 1 });
      const update = compile(() => void optimizer.step());
      const expected = [1, 2, 3, 4];
      const sum = [0, 0, 0, 0];
      for (const index of [[1], [2, 3], [0]]) {
        F.embedding(rows(...index), weight)
          .sum()
          .backward();
        update();
        for (const row of index) sum[row]! += 1;
        sum.forEach((g, row) => {
          expected[row]! -= g;
        });
        expect(Array.from(weight.dataSync()), `rows ${index}`).toEqual(expected);
      }
      update.dispose();
      weight.dispose();
      optimizer.dispose();
    });
  });

  it('becomes dense if its table has another gradient', () => {
    scope(() => {
      const weight = table();
      const optimizer = new optim.SGD([weight], { lr: 1 });
      F.embedding(rows(1, 1), weight).sum().backward();
      const held = weight.grad!;
      optimizer.zeroGrad();
      F.embedding(rows(0), weight).sum().backward();
      fillFree();
      weight.grad = held;
      optimizer.step();
      expect(Array.from(weight.dataSync())).toEqual([1, 0, 3, 4]);
      weight.dispose();
      optimizer.dispose();
    });
  });
});
