/** Embedding layers: initial values, training, compile, refusals. The fixtures test their numbers. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  DTypeError,
  data,
  F,
  manualSeed,
  memory,
  nn,
  optim,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { check } from '../support/refusals.ts';

const whole = (...values: number[]) => tensor(values, { dtype: 'int32' });

describe('Embedding', () => {
  it('starts standard normal, with zeros for the padding', () => {
    manualSeed(2);
    const layer = new nn.Embedding(200, 50, { paddingIdx: -1 });
    const values = layer.weight.dataSync();
    expect(Array.from(values.slice(199 * 50)).every((x) => x === 0)).toBe(true);
    const body = Array.from(values.slice(0, 199 * 50));
    const mean = body.reduce((a, b) => a + b) / body.length;
    const spread = Math.sqrt(body.reduce((a, b) => a + (b - mean) ** 2, 0) / body.length);
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(spread - 1)).toBeLessThan(0.05);
    expect(Object.keys(layer.stateDict())).toEqual(['weight']);
    layer.dispose();
  });

  it('scales down long rows in place, each once, and no other rows', () => {
    const layer = new nn.Embedding(3, 2, { maxNorm: 1 });
    layer.loadStateDict({
      weight: tensor([
        [3, 4],
        [0.3, 0.4],
        [6, 8],
      ]),
    });
    scope(() => {
      expect(
        Array.from(
          layer
            .forward(whole(0, 0, 0, 1))
            .dataSync()
            .slice(0, 2),
        ),
      ).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)]);
    });
    const rows = Array.from(layer.weight.dataSync());
    expect(rows[0]).toBeCloseTo(0.6, 5);
    expect(rows.slice(2)).toEqual([Math.fround(0.3), Math.fround(0.4), 6, 8]);
    layer.dispose();
  });

  it('learns the same when compiled, keeps the padding, and leaves memory flat', () => {
    const run = (wrap: (step: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
      manualSeed(4);
      const layer = new nn.Embedding(6, 3, { paddingIdx: 0 });
      const optimizer = new optim.Adam(layer.parameters(), { lr: 0.05 });
      const x = tensor(
        [
          [0, 2, 2],
          [5, 1, 0],
        ],
        { dtype: 'int32' },
      );
      const step = wrap((given) => {
        optimizer.zeroGrad();
        const loss = layer.forward(given).sub(1).square().sum();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const seen = new Set<string>();
      for (let i = 0; i < 50; i++) {
        scope(() => void step(x));
        if (i > 1) seen.add(JSON.stringify(memory()));
      }
      expect([...seen]).toHaveLength(1);
      const values = Array.from(layer.weight.dataSync());
      expect(values.slice(0, 3)).toEqual([0, 0, 0]);
      for (const part of [layer, optimizer, x]) part.dispose();
      return values;
    };
    expect(run((step) => compile(step))).toEqual(run((step) => step));
  });

  it('checks indices at every run of a program', () => {
    const layer = new nn.Embedding(4, 2);
    const run = compile((x: Tensor) => layer.forward(x).detach());
    const [good, bad] = [whole(0, 3), whole(0, 4)];
    expect(run(good).shape).toEqual([2, 2]);
    expect(() => run(bad)).toThrow('embedding: index 4 is out of range, expected 0 to 3');
    run.dispose();
    for (const part of [layer, good, bad]) part.dispose();
  });
});

describe('oneHot', () => {
  it('is also in data', () => {
    scope(() =>
      expect(data.oneHot(whole(1, 0), 2).toArray()).toEqual([
        [0, 1],
        [1, 0],
      ]),
    );
  });
});

describe('embeddings refuse', () => {
  const layer = new nn.Embedding(4, 2);
  const wrong = (x: unknown) => x as never;
  check([
    ['float indices', () => layer.forward(zeros(2)), DTypeError, 'embedding: input must be int32 indices, got float32'],
    ['an index too high', () => layer.forward(whole(1, 4)), ArgumentError, 'embedding: index 4 is out of range'],
    ['a negative index', () => layer.forward(whole(-1)), ArgumentError, 'embedding: index -1 is out of range'],
    [
      'a table of one dimension',
      () => F.embedding(whole(1), zeros(4)),
      ShapeError,
      'weight must be [numEmbeddings,dim]',
    ],
    ['a misspelt option', () => new nn.Embedding(4, 2, wrong({ padding: 1 })), ArgumentError, 'unknown option padding'],
    [
      'padding outside',
      () => new nn.Embedding(4, 2, { paddingIdx: 4 }),
      ArgumentError,
      'paddingIdx must be a whole number from -4 to 3',
    ],
    ['no rows', () => new nn.Embedding(0, 2), ArgumentError, 'numEmbeddings must be'],
    [
      'an index out of range, maxNorm',
      () => F.embedding(whole(9), zeros(4, 2), { maxNorm: 1 }),
      ArgumentError,
      'index 9',
    ],
    [
      'oneHot of a class out of range',
      () => F.oneHot(whole(3), 3),
      ArgumentError,
      'oneHot: index 3 is out of range, expected 0 to 2',
    ],
    ['oneHot of floats', () => F.oneHot(zeros(2), 3), DTypeError, 'oneHot: input must be int32'],
  ]);
});
