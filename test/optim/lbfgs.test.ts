/** L-BFGS against the paths of PyTorch, in float64 and float32; its memory, state, refusals. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  manualSeed,
  memory,
  nn,
  optim,
  randn,
  ShapeError,
  scope,
  type Tensor,
  TraceError,
  tensor,
} from '../../src/index.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { wasmExecutors } from '../support/executors.ts';
import { expectGolden, fixtures, load, type Stored } from '../support/golden.ts';
import { check } from '../support/refusals.ts';

interface Case {
  name: string;
  kind: 'rosenbrock' | 'network';
  options: optim.LBFGSOptions;
  params: Stored[];
  data: [Stored, Stored];
  losses: number[];
  after: Stored[][];
  evaluations: number;
  iterations: number;
}

const cases = fixtures<Case>('lbfgs');

/** Rounded to float32: PyTorch started from this before it converted to float64. */
const rounded = (stored: Stored): Tensor => load({ ...stored, data: stored.data.map((x) => Math.fround(Number(x))) });

function lossOf({ kind, data: [x, y] }: Case, params: readonly Tensor[]): Tensor {
  if (kind === 'rosenbrock') {
    const p = params[0]!;
    const [before, after] = [p.slice(0, 0, p.numel - 1), p.slice(0, 1, p.numel)];
    return after.sub(before.square()).square().mul(100).add(before.neg().add(1).square()).sum();
  }
  const [w1, b1, w2, b2] = params as [Tensor, Tensor, Tensor, Tensor];
  return rounded(x).matmul(w1.T).add(b1).tanh().matmul(w2.T).add(b2).sub(rounded(y)).square().mean();
}

const closureOf = (golden: Case, params: readonly Tensor[], optimizer: { zeroGrad(): void }) => () => {
  optimizer.zeroGrad();
  const loss = lossOf(golden, params);
  loss.backward();
  return loss;
};

describe('LBFGS agrees with PyTorch', () => {
  it('in all cases', () => expect(cases.length).toBe(9));

  it.each(cases)('in float64: $name: 14 steps, saved and loaded half-way', (golden) => {
    withExecutor(new ReferenceExecutor({ precision: 64 }), () =>
      scope(() => {
        const params = golden.params.map((stored) => rounded({ ...stored, grad: true }));
        let optimizer = new optim.LBFGS(params, golden.options);
        for (const [step, expected] of golden.after.entries()) {
          if (step === 7) {
            const next = new optim.LBFGS(params);
            next.loadStateDict(optimizer.stateDict());
            optimizer.dispose();
            optimizer = next;
          }
          const loss = optimizer.step(closureOf(golden, params, optimizer)).item();
          expect(Math.abs(loss - golden.losses[step]!)).toBeLessThan(1e-6 * Math.max(1, golden.losses[step]!));
          params.forEach((p, i) => {
            expectGolden(`parameter ${i} after step ${step}`, p, expected[i]!, 1e-6);
          });
        }
        const { evaluations, iterations } = optimizer.stateDict().state[0]!;
        expect([evaluations, iterations]).toEqual([golden.evaluations, golden.iterations]);
        optimizer.dispose();
      }),
    );
  });

  it.each(wasmExecutors)('in the losses in float32, on %s', (_, executor) => {
    withExecutor(executor, () => {
      for (const golden of cases.filter(({ kind }) => kind === 'network')) {
        scope(() => {
          const params = golden.params.map((stored) => rounded({ ...stored, grad: true }));
          const optimizer = new optim.LBFGS(params, golden.options);
          for (const expected of golden.losses) {
            const loss = optimizer.step(closureOf(golden, params, optimizer)).item();
            expect(Math.abs(loss - expected), golden.name).toBeLessThan(0.02 * expected);
          }
          optimizer.dispose();
        });
      }
    });
  });
});

describe('LBFGS', () => {
  it('finds the minimum of Rosenbrock, with a compiled closure', () => {
    const p = tensor([-1.2, 1], { requiresGrad: true });
    const optimizer = new optim.LBFGS([p], { lineSearchFn: 'strong_wolfe', maxIter: 100 });
    const value = compile(() => {
      optimizer.zeroGrad();
      const loss = lossOf(cases[0]!, [p]);
      loss.backward();
      return loss;
    });
    scope(() => optimizer.step(() => value()));
    const [a, b] = p.dataSync();
    expect(Math.abs(a! - 1) + Math.abs(b! - 1)).toBeLessThan(1e-2);
    for (const part of [value, optimizer, p]) part.dispose();
  });

  it('continues with the same bits from its state, and leaves memory flat', () => {
    manualSeed(3);
    const run = (isSaved: boolean) => {
      const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
      manualSeed(4);
      for (const parameter of model.parameters()) nn.init.normal_(parameter);
      const [x, y] = [randn(10, 3), randn(10, 2)];
      const make = () =>
        new optim.LBFGS(model.parameters(), { maxIter: 3, historySize: 4, lineSearchFn: 'strong_wolfe' });
      let optimizer = make();
      const seen = new Set<string>();
      const losses = Array.from({ length: 10 }, (_, i) => {
        if (isSaved && i === 5) {
          const next = make();
          next.loadStateDict(optimizer.stateDict());
          optimizer.dispose();
          optimizer = next;
        }
        const value = scope(() =>
          optimizer
            .step(() => {
              optimizer.zeroGrad();
              const loss = model.forward(x).sub(y).square().mean();
              loss.backward();
              return loss;
            })
            .item(),
        );
        seen.add(JSON.stringify(memory()));
        return value;
      });
      expect(seen.size).toBe(1);
      for (const part of [optimizer, model, x, y]) part.dispose();
      return losses;
    };
    const before = memory().tensors;
    const losses = run(false);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    expect(run(true)).toEqual(losses);
    expect(memory().tensors).toBe(before);
  });

  it('does not leave a minimum', () => {
    const p = tensor([0, 0], { requiresGrad: true });
    const optimizer = new optim.LBFGS([p]);
    let calls = 0;
    scope(() =>
      optimizer.step(() => {
        calls++;
        optimizer.zeroGrad();
        const loss = p.square().sum();
        loss.backward();
        return loss;
      }),
    );
    expect([calls, ...p.dataSync()]).toEqual([1, 0, 0]);
    for (const part of [optimizer, p]) part.dispose();
  });
});

describe('LBFGS refuses', () => {
  const wrong = (x: unknown) => x as never;
  const p = tensor([1, 2], { requiresGrad: true });
  const optimizer = new optim.LBFGS([p]);
  check([
    ['no closure', () => optimizer.step(wrong(undefined)), ArgumentError, 'LBFGS.step: needs a closure'],
    [
      'a closure without a result',
      () => optimizer.step(wrong(() => {})),
      ArgumentError,
      'the result of closure must be',
    ],
    ['two groups', () => new optim.LBFGS([{ params: [p] }, { params: [tensor([1])] }]), ArgumentError, 'one group'],
    [
      'an unknown line search',
      () => new optim.LBFGS([p], { lineSearchFn: wrong('armijo') }),
      ArgumentError,
      "lineSearchFn must be 'strong_wolfe' or null",
    ],
    [
      'no iterations',
      () => new optim.LBFGS([p], { maxIter: 0 }),
      ArgumentError,
      'maxIter must be a whole number of at least 1',
    ],
    [
      'compile',
      () => compile(() => optimizer.step(() => p.square().sum()))(),
      TraceError,
      'LBFGS.step: cannot be recorded by compile',
    ],
    [
      'a state of a different size',
      () =>
        optimizer.loadStateDict({
          state: { 0: { direction: tensor([[1, 2, 3]]), gradient: tensor([[1, 2, 3]]) } },
          paramGroups: optimizer.stateDict().paramGroups,
        }),
      ShapeError,
      'vectors must have 2 elements, got [1,3] and [1,3]',
    ],
    [
      'a state of a parameter that it does not have',
      () =>
        new optim.Adam([p]).loadStateDict({
          state: { 4: { step: 1 } },
          paramGroups: new optim.Adam([p]).stateDict().paramGroups,
        }),
      ArgumentError,
      'there is no parameter 4',
    ],
  ]);
});
