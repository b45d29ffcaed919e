/** Attention: gradients in float64, dropout, memory, a transformer that learns, refusals. The fixtures test its numbers. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  DTypeError,
  F,
  gradcheck,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { check } from '../support/refusals.ts';

describe('scaledDotProductAttention', () => {
  it('has gradients that agree with finite differences', () => {
    manualSeed(1);
    const leaf = (...shape: number[]) => randn(shape, { requiresGrad: true });
    const [q, k, v] = [leaf(2, 3, 4), leaf(2, 5, 4), leaf(2, 5, 2)];
    scope(() => {
      expect(gradcheck((a, b, c) => F.scaledDotProductAttention(a, b, c), [q, k, v])).toBe(true);
      const causal = (a: Tensor, b: Tensor, c: Tensor) => F.scaledDotProductAttention(a, b, c, { isCausal: true });
      expect(gradcheck(causal, [q, k, v])).toBe(true);
      const masked = (a: Tensor, b: Tensor, c: Tensor, attnMask: Tensor) =>
        F.scaledDotProductAttention(a, b, c, { attnMask });
      expect(gradcheck(masked, [q, k, v, leaf(3, 5)])).toBe(true);
    });
    for (const t of [q, k, v]) t.dispose();
  });

  it('drops weights, and scales the others', () => {
    scope(() => {
      manualSeed(3);
      const v = F.oneHot(tensor([...Array(64).keys()], { dtype: 'int32' }), 64).to('float32');
      const out = F.scaledDotProductAttention(zeros(64, 4), zeros(64, 4), v, { dropoutP: 0.25 }).dataSync();
      const kept = Array.from(out).filter((x) => x !== 0);
      expect(Math.abs(kept.length / out.length - 0.75)).toBeLessThan(0.03);
      expect(kept.every((x) => Math.abs(x - 1 / 64 / 0.75) < 1e-6)).toBe(true);
    });
  });
});

describe('MultiheadAttention', () => {
  it('starts as in PyTorch: Glorot, and biases of 0', () => {
    manualSeed(4);
    const layer = new nn.MultiheadAttention(16, 4);
    const bound = Math.sqrt(6 / (48 + 16));
    const values = Array.from(layer.in_proj_weight!.dataSync());
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.95 * bound);
    for (const bias of [layer.in_proj_bias!, layer.out_proj.bias!])
      expect(bias.dataSync().every((x) => x === 0)).toBe(true);
    expect(Object.keys(layer.stateDict())).toEqual([
      'in_proj_weight',
      'in_proj_bias',
      'out_proj.weight',
      'out_proj.bias',
    ]);
    expect(String(layer)).toContain('MultiheadAttention(16, 4');
    layer.dispose();
  });

  it('gives the same results with isCausal as with a causal mask', () => {
    scope(() => {
      manualSeed(5);
      const layer = new nn.MultiheadAttention(8, 2, { batchFirst: true });
      const x = randn(2, 6, 8);
      const places = tensor([0, 1, 2, 3, 4, 5]);
      const later = places.unsqueeze(0).gt(places.unsqueeze(1));
      const [a] = layer.forward(x, x, x, { attnMask: later });
      const [b, weights] = layer.forward(x, x, x, { isCausal: true });
      expect(b.toArray()).toEqual(a.toArray());
      expect(weights!.mul(later.to('float32')).sum().item()).toBe(0);
      layer.dispose();
    });
  });

  it('drops weights only in training', () => {
    scope(() => {
      const layer = new nn.MultiheadAttention(4, 1, { dropout: 0.5 });
      const x = randn(40, 1, 4);
      const zerosIn = () => Array.from(layer.forward(x, x, x)[1]!.dataSync()).filter((w) => w === 0).length / 1600;
      expect(Math.abs(zerosIn() - 0.5)).toBeLessThan(0.08);
      layer.eval();
      expect(zerosIn()).toBe(0);
      layer.dispose();
    });
  });
});

/** Reverses a sequence of digits: embedding, positions, two encoder layers, and a digit chosen for each position. */
class Reverser extends nn.Module {
  tokens = new nn.Embedding(10, 32);
  places: nn.Parameter;
  first = new nn.TransformerEncoderLayer(32, 4, { dimFeedforward: 64, dropout: 0, batchFirst: true });
  second = new nn.TransformerEncoderLayer(32, 4, {
    dimFeedforward: 64,
    dropout: 0,
    activation: 'gelu',
    normFirst: true,
    batchFirst: true,
  });
  out = new nn.Linear(32, 10);

  constructor(length: number) {
    super();
    this.places = new nn.Parameter(randn(length, 32));
  }

  override forward(x: Tensor): Tensor {
    const y = this.second.forward(this.first.forward(this.tokens.forward(x).add(this.places)));
    return this.out.forward(y).flatten(0, 1);
  }
}

describe('a transformer', () => {
  it('learns to reverse sequences, compiled, with flat memory', () => {
    manualSeed(7);
    const model = scope(() => new Reverser(8));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.003 });
    const step = compile((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const draw = () => randint(0, 10, [32, 8]);
    const seen = new Set<string>();
    for (let i = 0; i < 250; i++) {
      scope(() => {
        const x = draw();
        step(x, x.flip(1).reshape(-1));
      });
      if (i > 2) seen.add(JSON.stringify(memory()));
    }
    expect([...seen]).toHaveLength(1);
    scope(() => {
      const x = draw();
      const found = noGrad(() => model.eval().forward(x)).argmax(1);
      expect(found.eq(x.flip(1).reshape(-1)).to('float32').mean().item()).toBeGreaterThan(0.98);
    });
    for (const part of [step, optimizer, model]) part.dispose();
  });

  it('leaks nothing in eager code', () => {
    manualSeed(8);
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 8 });
    const seen = new Set<string>();
    for (let i = 0; i < 5; i++) {
      layer.zeroGrad();
      scope(() =>
        layer
          .forward(randn(3, 2, 8), { isCausal: true })
          .square()
          .mean()
          .backward(),
      );
      if (i > 0) seen.add(JSON.stringify(memory()));
    }
    expect([...seen]).toHaveLength(1);
    layer.dispose();
  });
});

describe('attention refuses', () => {
  const wrong = (x: unknown) => x as never;
  const { scaledDotProductAttention: attention } = F;
  const layer = new nn.MultiheadAttention(4, 2);
  const encoder = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 4 });
  const x = zeros(3, 2, 4);
  check([
    ['different widths', () => attention(zeros(3, 4), zeros(5, 3), zeros(5, 3)), ShapeError, 'got [3,4], [5,3], [5,3]'],
    ['different lengths', () => attention(zeros(3, 4), zeros(5, 4), zeros(4, 4)), ShapeError, 'value [...,S,Ev]'],
    ['different batches', () => attention(zeros(2, 3, 4), zeros(3, 5, 4), zeros(3, 5, 4)), ShapeError, 'got [2,3,4]'],
    ['a vector', () => attention(zeros(4), zeros(5, 4), zeros(5, 4)), ShapeError, 'query needs at least 2 dimensions'],
    [
      'whole numbers',
      () => attention(zeros(3, 4), zeros([5, 4], { dtype: 'int32' }), zeros(5, 4)),
      DTypeError,
      'key must be float32, got int32',
    ],
    [
      'a mask with isCausal',
      () => attention(zeros(3, 4), zeros(5, 4), zeros(5, 4), { attnMask: zeros(3, 5), isCausal: true }),
      ArgumentError,
      'cannot be given together',
    ],
    [
      'a mask that would stretch the scores',
      () => attention(zeros(3, 4), zeros(5, 4), zeros(5, 4), { attnMask: zeros(2, 3, 5) }),
      ShapeError,
      'attnMask must broadcast to [3,5], got [2,3,5]',
    ],
    [
      'a mask of whole numbers',
      () => attention(zeros(3, 4), zeros(5, 4), zeros(5, 4), { attnMask: zeros([3, 5], { dtype: 'int32' }) }),
      DTypeError,
      'attnMask must be bool or float32, got int32',
    ],
    [
      'a misspelt option',
      () => attention(zeros(3, 4), zeros(5, 4), zeros(5, 4), wrong({ mask: null })),
      ArgumentError,
      'unknown option mask',
    ],
    ['dropout above 1', () => attention(x, x, x, { dropoutP: 2 }), ArgumentError, 'dropoutP must be between 0 and 1'],
    [
      'heads that do not divide',
      () => new nn.MultiheadAttention(4, 3),
      ArgumentError,
      '4 cannot be divided among 3 heads',
    ],
    [
      'an input of a different width',
      () => layer.forward(zeros(3, 2, 5), x, x),
      ShapeError,
      'expected query, key, value [L,N,4]',
    ],
    ['different batches in a layer', () => layer.forward(x, zeros(3, 1, 4), x), ShapeError, 'got [3,2,4], [3,1,4]'],
    ['one without a batch', () => layer.forward(x, zeros(3, 4), zeros(3, 4)), ShapeError, 'or without N'],
    [
      'padding of a different size',
      () => layer.forward(x, x, x, { keyPaddingMask: zeros(3, 2) }),
      ShapeError,
      'keyPaddingMask must be [2,3], got [3,2]',
    ],
    [
      'a mask of a different size',
      () => layer.forward(x, x, x, { attnMask: zeros(2, 3, 3) }),
      ShapeError,
      'attnMask must be [3,3] or [4,3,3], got [2,3,3]',
    ],
    ['a value that is not a tensor', () => layer.forward(wrong(null), x, x), ArgumentError, 'query must be a tensor'],
    [
      'an unknown activation',
      () => new nn.TransformerEncoderLayer(4, 2, { activation: wrong('tanh') }),
      ArgumentError,
      "activation must be 'relu' or 'gelu', got tanh",
    ],
    [
      'a misspelt mask',
      () => encoder.forward(x, wrong({ mask: null })),
      ArgumentError,
      'unknown option mask (known: srcMask',
    ],
  ]);
});
