import { describe, expect, it } from 'vitest';
import { compile, F, nn, noGrad, randn, scope, type Tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

describe.each(executors)('packed weights on %s', (_, executor) => {
  const isExact = executor.device !== 'reference';
  const on = (fn: () => void) => () => withExecutor(executor, () => scope(fn));

  function expectSame(got: Tensor, wanted: Tensor) {
    const [a, b] = [got.dataSync(), wanted.dataSync()];
    if (isExact) expect(a).toEqual(b);
    else for (const [i, value] of b.entries()) expect(Math.abs(a[i]! - value)).toBeLessThan(1e-4);
  }

  it.each([
    [4, 128, 128, 'none', true],
    [5, 256, 784, 'relu', true],
    [16, 136, 512, 'tanh', true],
    [7, 1000, 65, 'sigmoid', true],
    [8, 128, 300, 'none', false],
  ] as const)('give the bits of eager code, packed once: %i rows, %i × %i, %s, bias %s', (rows, n, k, fn, hasBias) => {
    on(() => {
      const [w, b, x] = [randn(n, k), hasBias ? randn(n) : null, randn(rows, k)];
      const layer = (t: Tensor) => {
        const y = F.linear(t, w, b);
        return fn === 'none' ? y : y[fn]();
      };
      const f = compile(layer);
      expectSame(f(x), layer(x));
      expect(f.program).toMatchObject({ prologueCommands: 1, prologueBytes: n * k * 4 });
      w.mul_(0.5);
      expectSame(f(x), layer(x));
      expectSame(f(x.mul(2)), layer(x.mul(2)));
    })();
  });

  it.each([
    ['few rows', 3, 128, 128],
    ['many rows', 17, 128, 128],
    ['columns that do not fill a strip', 8, 130, 128],
    ['a small operand', 8, 64, 64],
  ])('are not used for %s', (_, rows, n, k) => {
    on(() => {
      const [w, x] = [randn(n, k), randn(rows, k)];
      const f = compile((t: Tensor) => F.linear(t, w));
      expectSame(f(x), F.linear(x, w));
      expect(f.program).toMatchObject({ commands: 1, prologueCommands: 0 });
    })();
  });

  it(
    'are not used for weights that the program changes or makes at each run',
    on(() => {
      const w = new nn.Parameter(randn(128, 128));
      const x = randn(8, 128);
      const changing = compile((t: Tensor) => noGrad(() => F.linear(t, w.mul_(0.5))));
      changing(x);
      const own = noGrad(() => F.linear(x, w.mul(0.5)));
      expectSame(changing(x), own);
      expect(changing.program!.prologueCommands).toBe(0);
      const made = compile((t: Tensor) => F.linear(t, t.T.matmul(t)));
      expectSame(made(x), F.linear(x, x.T.matmul(x)));
      expect(made.program!.prologueCommands).toBe(0);
    }),
  );

  it(
    'are listed with the program',
    on(() => {
      const [w, b] = [randn(128, 128), randn(128)];
      const f = compile((t: Tensor) => F.linear(t, w, b).relu());
      f(randn(8, 128));
      const names = String(f.program).match(/\d {2}(\w+)|prologue/g);
      expect(names).toEqual(['0  gemm', '1  add', '2  relu', 'prologue', '0  copy']);
    }),
  );
});
