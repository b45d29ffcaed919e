import { afterEach, describe, expect, it } from 'vitest';
import { configure } from '../../bindings/wasm/instance.ts';
import { compile, F, manualSeed, nn, noGrad, rand, randn, scope, type Tensor } from '../../src/index.ts';
import { replayOf } from '../../src/program/compile.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

afterEach(() => configure({ deterministic: false }));

describe.each(executors)('BatchNorm in evaluation on %s', (_, executor) => {
  const on = (fn: () => void) => () =>
    withExecutor(executor, () => {
      // Other numbers might all be negative, and 0 after relu.
      manualSeed(1);
      scope(fn);
    });

  /** A BatchNorm whose numbers all differ. */
  function normOf(channels: number, affine = true): nn.BatchNorm2d {
    const norm = new nn.BatchNorm2d(channels, { affine });
    noGrad(() => {
      norm.running_mean!.copy_(randn(channels));
      norm.running_var!.copy_(rand(channels).add(0.3));
      norm.weight?.copy_(randn(channels));
      norm.bias?.copy_(randn(channels));
    });
    norm.eval();
    return norm;
  }

  const opcodes = (step: unknown) => replayOf(step)!.commands.map(({ opcode }) => opcode);

  function expectClose(got: Tensor, wanted: Tensor): void {
    const [a, b] = [got.dataSync(), wanted.dataSync()];
    const largest = Math.max(...b.map(Math.abs));
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))).toBeLessThan(1e-5 * largest);
  }

  it.each([
    ['a direct one', 6, 10, 5, { stride: 2, padding: 1 }, true, true],
    ['without a bias', 3, 8, 7, { padding: 3 }, false, true],
    ['without an affine part', 3, 8, 1, {}, true, false],
    ['depthwise', 8, 16, 3, { padding: 1, groups: 8 }, false, true],
    ['in groups', 8, 6, 3, { groups: 2 }, true, true],
    ['by Winograd', 20, 21, 3, { padding: 1 }, false, true],
    ['by Winograd, with a bias, without an affine part', 32, 24, 3, { padding: 1 }, true, false],
  ] as const)('becomes part of a convolution: %s', (_name, inChannels, outChannels, kernel, options, bias, affine) =>
    on(() => {
      const conv = new nn.Conv2d(inChannels, outChannels, kernel, { ...options, bias });
      const norm = normOf(outChannels, affine);
      const layer = (t: Tensor) => noGrad(() => norm.forward(conv.forward(t)).relu());
      const f = compile(layer);
      const x = randn(2, inChannels, 14, 15);
      expectClose(f(x), layer(x));
      const [opcode, ...others] = opcodes(f);
      expect(opcode).toMatch(/^(conv|winogradConv)$/);
      expect(others).toEqual([]);
      // The prologue follows changes of its sources.
      noGrad(() => conv.weight.mul_(0.5));
      expectClose(f(x), layer(x));
      norm.running_mean!.add_(1);
      expectClose(f(x), layer(x));
      norm.running_var!.mul_(2);
      expectClose(f(x), layer(x));
      if (affine) noGrad(() => norm.bias!.add_(3));
      expectClose(f(x), layer(x));
      f.dispose();
    })(),
  );

  it(
    'stays separate if the result before it is also used or returned',
    on(() => {
      const conv = new nn.Conv2d(4, 8, 3);
      const norm = normOf(8);
      const x = randn(2, 4, 6, 6);
      const twice = (t: Tensor) =>
        noGrad(() => {
          const y = conv.forward(t);
          return norm.forward(y).mul(y);
        });
      const f = compile(twice);
      expectClose(f(x), twice(x));
      expect(opcodes(f)).toContain('normalize');
      const both = compile((t: Tensor) =>
        noGrad(() => {
          const y = conv.forward(t);
          return [y, norm.forward(y)] as const;
        }),
      );
      const [y, z] = both(x);
      expectClose(y, conv.forward(x));
      expectClose(z, norm.forward(y));
      expect(opcodes(both)).toContain('normalize');
    }),
  );

  it(
    'stays separate after an activation, and if weights are made at each run or changed by the program',
    on(() => {
      const conv = new nn.Conv2d(4, 8, 3);
      const norm = normOf(8);
      const x = randn(2, 4, 6, 6);
      const between = (t: Tensor) => noGrad(() => norm.forward(conv.forward(t).relu()));
      const f = compile(between);
      expectClose(f(x), between(x));
      expect(opcodes(f)).toContain('normalize');
      const w = randn(8, 4, 3, 3);
      const given = (t: Tensor, weight: Tensor) => noGrad(() => norm.forward(F.conv2d(t, weight)));
      const g = compile(given);
      expectClose(g(x, w), given(x, w));
      expect(opcodes(g)).toContain('normalize');
      const changing = compile((t: Tensor) =>
        noGrad(() => {
          const y = norm.forward(conv.forward(t));
          norm.running_mean!.add_(1);
          return y;
        }),
      );
      const before = noGrad(() => norm.forward(conv.forward(x)));
      expectClose(changing(x), before);
      const after = noGrad(() => norm.forward(conv.forward(x)));
      expectClose(changing(x), after);
      expect(opcodes(changing)).toContain('normalize');
    }),
  );

  it(
    'can be trained through: gradients through a frozen one are those of eager code',
    on(() => {
      const conv = new nn.Conv2d(3, 5, 3);
      const norm = normOf(5);
      const x = randn(2, 3, 6, 6);
      const step = (t: Tensor) => {
        conv.zeroGrad();
        norm.zeroGrad();
        norm.forward(conv.forward(t)).square().sum().backward();
        return [conv.weight.grad!.clone(), norm.weight!.grad!.clone()] as const;
      };
      const wanted = step(x);
      const got = compile(step)(x);
      for (const [i, gradient] of got.entries()) expectClose(gradient, wanted[i]!);
    }),
  );

  it(
    'stays separate in deterministic mode, which gives the bits of eager code',
    on(() => {
      configure({ deterministic: true });
      const conv = new nn.Conv2d(4, 8, 3);
      const norm = normOf(8);
      const layer = (t: Tensor) => noGrad(() => norm.forward(conv.forward(t)));
      const x = randn(2, 4, 6, 6);
      const f = compile(layer);
      expect(f(x).dataSync()).toEqual(layer(x).dataSync());
      expect(opcodes(f)).toContain('normalize');
    }),
  );
});
