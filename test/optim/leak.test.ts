/** After ten thousand training steps in scopes memory() is exactly as after the first one; without, what is reserved is. */
import { describe, expect, it } from 'vitest';
import { data, F, manualSeed, memory, nn, optim, randint, randn, scope } from '../../src/index.ts';

const STEPS = 10000;
const SEED = 9;

const kinds = [
  ['SGD with momentum', (params: nn.Parameter[]) => new optim.SGD(params, { lr: 0.01, momentum: 0.9 })],
  ['Adam', (params: nn.Parameter[]) => new optim.Adam(params)],
] as const;

describe.each(kinds)('%s leaks nothing', (_, make) => {
  function setUp() {
    manualSeed(SEED);
    const model = new nn.Sequential(new nn.Linear(4, 5), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(5, 3));
    const optimizer = make(model.parameters());
    const x = randn(32, 4);
    const y = randint(0, 3, [32]);
    return { model, optimizer, x, y };
  }

  it('in a DataLoader loop', () => {
    const { model, optimizer, x, y } = setUp();
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle: true, seed: SEED });
    const reserved = new Set<number>();
    let steps = 0;
    while (steps < STEPS) {
      for (const [inputs, labels] of loader) {
        optimizer.zeroGrad();
        F.crossEntropy(model.forward(inputs!), labels!).backward();
        optimizer.step();
        reserved.add(memory().bytesReserved);
        steps++;
      }
    }
    expect(steps).toBe(STEPS);
    expect([...reserved]).toHaveLength(1);
    for (const part of [optimizer, model, x, y]) part.dispose();
  });

  it('in a loop of scopes', () => {
    const { model, optimizer, x, y } = setUp();
    const seen = new Set<string>();
    for (let i = 0; i < STEPS; i++) {
      scope(() => {
        optimizer.zeroGrad();
        F.crossEntropy(model.forward(x), y).backward();
        optimizer.step();
      });
      if (i > 0) seen.add(JSON.stringify(memory()));
    }
    expect([...seen]).toHaveLength(1);
    for (const part of [optimizer, model, x, y]) part.dispose();
  });
});
