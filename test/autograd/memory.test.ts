/** Loops that read gradients, differentiate twice, accumulate gradients or fail half-way: memory() stays flat. */
import { describe, expect, it } from 'vitest';
import {
  F,
  grad,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.ts';

const SEED = 17;

/** The different results of memory() after each of `iterations` iterations except the first four. */
function flatness(iterations: number, step: (i: number) => void): Set<string> {
  const seen = new Set<string>();
  for (let i = 0; i < iterations; i++) {
    scope(() => step(i));
    if (i > 3) seen.add(JSON.stringify(memory()));
  }
  return seen;
}

function withModel(run: (model: nn.Sequential, optimizer: optim.SGD, x: Tensor) => void): void {
  manualSeed(SEED);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const x = randn(5, 3);
  run(model, optimizer, x);
  for (const part of [optimizer, model, x]) part.dispose();
}

describe('memory stays flat', () => {
  it('where gradients are read and clipped', () => {
    withModel((model, optimizer, x) => {
      const seen = flatness(200, () => {
        optimizer.zeroGrad();
        model.forward(x).square().mean().backward();
        noGrad(() => {
          for (const p of model.parameters()) if (p.grad!.norm().item() > 0.1) p.grad!.mul_(0.5);
        });
        optimizer.step();
      });
      expect([...seen]).toHaveLength(1);
    });
  });

  it('where gradients of several batches are accumulated', () => {
    withModel((model, optimizer, x) => {
      const seen = flatness(100, (i) => {
        model.forward(x).square().mean().backward();
        if (i % 4 === 3) {
          optimizer.step();
          optimizer.zeroGrad();
          model.forward(x).sum().backward();
        }
      });
      expect([...seen]).toHaveLength(1);
    });
  });

  it('where gradients are read and then set to null', () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const seen = flatness(100, () => {
      x.square().sum().backward();
      expect(x.grad!.toArray()).toEqual([2, 4, 6]);
      x.grad = null;
    });
    expect([...seen]).toHaveLength(1);
  });

  it('where gradients are differentiated again (a gradient penalty)', () => {
    withModel((model, optimizer, x) => {
      const seen = flatness(200, () => {
        optimizer.zeroGrad();
        const input = x.clone();
        input.requiresGrad = true;
        const output = model.forward(input);
        const [slope] = grad(output.sum(), [input], { createGraph: true });
        const penalty = slope!.square().sum(1).sqrt().sub(1).square().mean();
        F.mseLoss(output, ones(5, 1)).add(penalty).backward();
        optimizer.step();
      });
      expect([...seen]).toHaveLength(1);
    });
  });

  it('where backward creates a graph for grad', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const seen = flatness(100, () => {
      x.grad = null;
      x.pow(3).sum().backward(undefined, { createGraph: true });
      const first = x.grad as Tensor | null;
      x.grad = null;
      first!.sum().backward();
      expect((x.grad as Tensor | null)!.toArray()).toEqual([6, 12]);
    });
    expect([...seen]).toHaveLength(1);
  });

  it('where backward is never called, or fails', () => {
    withModel((model, _, x) => {
      const seen = flatness(100, (i) => {
        const y = model.forward(x);
        if (i % 2 === 0) expect(() => y.backward()).toThrow(/a gradient can be left out only/);
        const hidden = model[0]!.forward(x);
        const z = hidden.exp();
        z.add_(1);
        expect(() => z.sum().backward()).toThrow(/changed in place/);
        model.zeroGrad();
      });
      expect([...seen]).toHaveLength(1);
    });
  });

  it('where a recurrent state is cut off with detach', () => {
    withModel((model, optimizer, x) => {
      let state = keep(randn(5, 3));
      const seen = flatness(100, () => {
        optimizer.zeroGrad();
        const y = model.forward(x.add(state));
        y.square().mean().backward();
        optimizer.step();
        const next = keep(y.detach().expand(5, 3).mul(0.5));
        state.dispose();
        state = next;
      });
      expect([...seen]).toHaveLength(1);
      state.dispose();
    });
  });
});
