/** When a gradient that was read is freed: together with its leaf, unless the user still needs it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { compile, data, keep, memory, nn, optim, randn, scope, type Tensor, tensor } from '../../src/index.ts';
import { collectGarbage } from '../support/garbage.ts';
import { isParking } from '../support/inUse.ts';

const ROUNDS = 1000;
const SIZE = 64;

/** A new leaf that has a gradient, all ones. */
function leafWithGradient(): Tensor {
  const x = randn(SIZE);
  x.requiresGrad = true;
  x.sum().backward();
  return x;
}

/** Ways to use the gradient of a new leaf. */
const READERS: Record<string, (x: Tensor) => void> = {
  'is read': (x) => x.grad,
  'is used': (x) => x.grad!.mul(2),
  'is added to': (x) => {
    x.grad!.add_(1);
    x.mul(3).sum().backward();
    expect(x.grad!.select(0, 0).item()).toBe(5);
  },
  'is replaced': (x) => {
    const first = x.grad;
    x.grad = randn(SIZE);
    expect(x.grad).not.toBe(first);
  },
  'has a graph that leads back to the leaf': (x) => {
    x.pow(3).sum().backward(undefined, { createGraph: true });
    x.grad!.select(0, 0);
    x.square().sum().backward(undefined, { createGraph: true });
    x.grad!.select(0, 0);
  },
  'is forgotten': (x) => {
    x.grad!.select(0, 0);
    const optimizer = new optim.SGD([x], { lr: 0.1 });
    optimizer.step();
    optimizer.zeroGrad();
    optimizer.dispose();
  },
  'is computed after the leaf was disposed': (x) => {
    const y = x.exp().sum();
    x.grad!.select(0, 0);
    x.dispose();
    y.backward(undefined, { createGraph: true });
  },
};

const usage = () => [memory().tensors, memory().bytesInUse];

beforeEach(collectGarbage);

describe.each(Object.entries(READERS))('a gradient that %s is freed with its leaf', (_, read) => {
  it('when a scope ends', () => {
    const before = usage();
    for (let i = 0; i < ROUNDS; i++)
      scope(() => {
        read(leafWithGradient());
      });
    expect(usage()).toEqual(before);
  });

  it('on dispose()', () => {
    const before = usage();
    scope(() => {
      for (let i = 0; i < ROUNDS; i++) {
        const x = leafWithGradient();
        read(x);
        x.dispose();
      }
    });
    expect(usage()).toEqual(before);
  });

  it.skipIf(isParking)('when the leaf is garbage-collected', async () => {
    const before = usage();
    // Not so many that the collector is not told of all of them.
    for (let i = 0; i < ROUNDS / 10; i++) read(leafWithGradient());
    for (let i = 0; i < 3; i++) await collectGarbage();
    expect(usage()).toEqual(before);
  });
});

describe('a gradient that is still needed', () => {
  it('is the same tensor whenever it is read', () => {
    const x = leafWithGradient();
    const g = x.grad;
    x.sum().backward();
    expect(x.grad).toBe(g);
    expect(g!.select(0, 0).item()).toBe(2);
  });

  it('outlives a scope that returns it', () => {
    const g = scope(() => leafWithGradient().grad!);
    expect(g.sum().item()).toBe(SIZE);
    g.dispose();
  });

  it('outlives a scope and its leaf if it was passed to keep()', () => {
    const before = usage();
    let g!: Tensor;
    scope(() => {
      const x = leafWithGradient();
      g = keep(x.grad!);
      x.grad = null;
    });
    expect(scope(() => g.sum().item())).toBe(SIZE);
    g.dispose();
    expect(usage()).toEqual(before);
  });

  it('outlives its leaf until the open scope ends', () => {
    const before = usage();
    scope(() => {
      const x = leafWithGradient();
      const g = x.grad!;
      x.dispose();
      expect(g.sum().item()).toBe(SIZE);
    });
    expect(usage()).toEqual(before);
  });

  it('outlives a leaf that is garbage-collected while a scope is open', async () => {
    const g = (() => leafWithGradient().grad!)();
    const loader = new data.DataLoader(new data.TensorDataset(randn(4, 1)), { batchSize: 2 });
    for await (const _ of loader) await collectGarbage();
    expect(g.sum().item()).toBe(SIZE);
  });

  it('belongs to the scope that made it, whichever scope drops it', () => {
    const before = usage();
    scope(() => {
      const x = leafWithGradient();
      const g = randn(SIZE).mul(0);
      x.grad = g;
      scope(() => {
        x.grad = null;
      });
      expect(g.sum().item()).toBe(0);
    });
    expect(usage()).toEqual(before);
  });

  it('is kept by its leaf when the scope that made it ends before the leaf', () => {
    const x = leafWithGradient();
    scope(() => {
      x.grad = tensor(new Array(SIZE).fill(2));
    });
    expect(x.grad!.sum().item()).toBe(2 * SIZE);
  });

  it('is not freed by a backward pass after its leaf was disposed', () => {
    const x = leafWithGradient();
    const y = x.exp().sum();
    const g = x.grad!;
    x.dispose();
    y.backward();
    expect(g.sum().item()).toBe(SIZE);
  });
});

it('memory stays flat in compiled steps whose gradients are read', () => {
  const model = new nn.Linear(4, 2);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = model.forward(x).square().mean();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const x = randn(3, 4);
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    scope(() => {
      step(x);
      model.weight.grad!.norm().item();
      if (i % 3 === 0) optimizer.zeroGrad();
    });
    if (i % 3 === 0 && i > 9) seen.add(JSON.stringify(usage()));
  }
  expect([...seen]).toHaveLength(1);
});
