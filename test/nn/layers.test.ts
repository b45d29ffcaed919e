/** Layers, in addition to the fixtures: dropout's statistics, initial values, containers. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  F,
  manualSeed,
  nn,
  ones,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const SEED = 11;

describe('Dropout', () => {
  it.each([0.1, 0.5, 0.9])('drops a share of %s and scales the others', (p) => {
    manualSeed(SEED);
    const n = 20000;
    const y = F.dropout(ones(n), { p });
    const values = y.dataSync();
    const kept = Math.fround(1 / (1 - p));
    let zerosSeen = 0;
    for (const value of values) {
      if (value === 0) zerosSeen++;
      else expect(value).toBeCloseTo(kept, 5);
    }
    expect(Math.abs(zerosSeen / n - p), `seed ${SEED}`).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
  });

  it('follows the seed, and changes from call to call', () => {
    const layer = new nn.Dropout(0.5);
    const x = ones(100);
    manualSeed(SEED);
    const first = layer.forward(x).toArray();
    const second = layer.forward(x).toArray();
    manualSeed(SEED);
    expect(layer.forward(x).toArray(), `seed ${SEED}`).toEqual(first);
    expect(second, `seed ${SEED}`).not.toEqual(first);
  });

  it('passes gradients to the elements that it kept, and does nothing in evaluation', () => {
    manualSeed(SEED);
    const x = tensor(new Float32Array(50).fill(3), { requiresGrad: true });
    const layer = new nn.Dropout(0.25);
    const y = layer.forward(x);
    y.sum().backward();
    expect(x.grad!.mul(3).toArray()).toEqual(y.toArray());
    expect(layer.eval().forward(x)).toBe(x);
    expect(new nn.Dropout(1).forward(x).toArray()).toEqual(zeros(50).toArray());
    expect(new nn.Dropout(0).forward(x)).toBe(x);
    expect(() => new nn.Dropout(-0.1)).toThrow('Dropout: p must be between 0 and 1, got -0.1');
  });
});

describe('initial values', () => {
  const spread = (t: Tensor) => {
    const values = t.dataSync();
    return { low: Math.min(...values), high: Math.max(...values), mean: t.mean().item(), std: t.std().item() };
  };

  it('of Linear are in ±1/√inFeatures, including the bias', () => {
    manualSeed(SEED);
    const layer = new nn.Linear(64, 300);
    const bound = 1 / 8;
    for (const p of [layer.weight, layer.bias!]) {
      const { low, high, mean, std } = spread(p);
      expect(low, `seed ${SEED}`).toBeGreaterThanOrEqual(-bound);
      expect(high, `seed ${SEED}`).toBeLessThanOrEqual(bound);
      expect(high - low, `seed ${SEED}`).toBeGreaterThan(0.97 * 2 * bound);
      expect(Math.abs(mean), `seed ${SEED}`).toBeLessThan(0.015);
      expect(Math.abs(std - bound / Math.sqrt(3)), `seed ${SEED}`).toBeLessThan(0.006);
    }
    layer.dispose();
  });

  it('are written in place, also into views, and return the tensor', () => {
    manualSeed(SEED);
    const t = zeros(20, 30);
    expect(nn.init.constant_(t, 2)).toBe(t);
    expect(t.sum().item()).toBe(1200);
    nn.init.uniform_(t.select(0, 1), 5, 6);
    expect(t.select(0, 0).toArray()).toEqual(new Array(30).fill(2));
    const row = spread(t.select(0, 1));
    expect([row.low >= 5, row.high < 6.0001]).toEqual([true, true]);
    const normal = spread(nn.init.normal_(zeros(100, 100), 3, 0.5));
    expect(Math.abs(normal.mean - 3), `seed ${SEED}`).toBeLessThan(0.03);
    expect(Math.abs(normal.std - 0.5), `seed ${SEED}`).toBeLessThan(0.02);
    expect(nn.init.constant_(zeros([2], { dtype: 'int32' }), 3).toArray()).toEqual([3, 3]);
  });

  it('can be written into parameters', () => {
    const p = new nn.Parameter(zeros(4, 4));
    nn.init.xavierUniform_(p);
    expect(p.abs().max().item()).toBeGreaterThan(0);
    expect([p.requiresGrad, p.isLeaf]).toEqual([true, true]);
    p.dispose();
  });

  it('refuse tensors that they cannot fill', () => {
    expect(() => nn.init.xavierUniform_(zeros(3))).toThrow(ShapeError);
    expect(() => nn.init.kaimingNormal_(zeros(3))).toThrow('kaimingNormal_: needs at least two dimensions, got [3]');
    expect(() => nn.init.kaimingUniform_(zeros(2, 2), { nonlinearity: 'gelu' as never })).toThrow(
      'calculateGain: unknown nonlinearity gelu',
    );
    expect(() => nn.init.kaimingUniform_(zeros(2, 2), { mode: 'in' as never })).toThrow(
      "kaimingUniform_: mode must be 'fanIn' or 'fanOut', got in",
    );
    expect(() => nn.init.kaimingUniform_(zeros(2, 2), { Mode: 1 } as never)).toThrow(
      'kaimingUniform_: unknown option Mode',
    );
    expect(() => nn.init.uniform_(zeros([2], { dtype: 'int32' }))).toThrow(
      'uniform_: random numbers are float32, the tensor is int32',
    );
    expect(() => nn.init.normal_(3 as never)).toThrow(ArgumentError);
    expect(() => nn.init.uniform_(zeros(2), { a: 1 } as never)).toThrow('uniform_: low must be a finite number');
    expect(() => nn.init.constant_(zeros(2), '1' as never)).toThrow('constant_: value must be a number, got string');
    expect(() => nn.init.xavierNormal_(zeros(2, 2), { Gain: 1 } as never)).toThrow(
      'xavierNormal_: unknown option Gain',
    );
  });
});

describe('containers and shape layers', () => {
  it('Sequential runs its modules in order, and may be empty or nested', () => {
    const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(6, 4), new nn.ReLU(), new nn.Unflatten(1, [2, 2]));
    expect(net.forward(randn(5, 2, 3)).shape).toEqual([5, 2, 2]);
    expect([net.length, net[1]]).toEqual([4, net.children()[1]]);
    const x = ones(1);
    expect(new nn.Sequential().forward(x)).toBe(x);
    expect(Object.keys(new nn.Sequential(net, new nn.Linear(2, 2, { bias: false })).stateDict())).toEqual([
      '0.1.weight',
      '0.1.bias',
      '1.weight',
    ]);
    expect(() => new nn.Sequential(net, 3 as never)).toThrow('Sequential: argument 1 is not a module');
    net.dispose();
  });

  it('Flatten takes its dimensions', () => {
    expect(new nn.Flatten(0).forward(ones(2, 3, 4)).shape).toEqual([24]);
    expect(new nn.Flatten(0, 1).forward(ones(2, 3, 4)).shape).toEqual([6, 4]);
  });

  it('Parameters share a fresh tensor or copy a strided one, and need float32', () => {
    const p = new nn.Parameter(ones(2, 3).T);
    expect([p.shape, p.contiguous, p.requiresGrad]).toEqual([[3, 2], true, true]);
    expect(new nn.Parameter(ones(2), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(() => new nn.Parameter(ones([2], { dtype: 'int32' }))).toThrow(
      'Parameter: only float32 tensors can require gradients',
    );
    expect(() => new nn.Parameter(3 as never)).toThrow('Parameter: data must be a tensor, got number');
    p.dispose();
  });
});
