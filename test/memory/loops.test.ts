/** Loops as people write them first, without scopes, run for ever: what is reserved stays as it is. */
import { beforeAll, describe, expect, it } from 'vitest';
import { data, F, init, manualSeed, memory, nn, noGrad, optim, randint, randn, type Tensor } from '../../src/index.ts';
import { collectGarbage } from '../support/garbage.ts';

const MIB = 2 ** 20;
const MOST = 512 * MIB;

beforeAll(async () => {
  await init();
  manualSeed(4);
});

/** Calls `step` so often; what is reserved after the first tenth must be all. */
function runs(times: number, step: (i: number) => void): void {
  let reserved = 0;
  for (let i = 0; i < times; i++) {
    step(i);
    if (i === Math.floor(times / 10)) reserved = memory().bytesReserved;
  }
  const { bytesReserved } = memory();
  expect(bytesReserved).toBeLessThanOrEqual(MOST);
  // Until memory is full it grows.
  expect(bytesReserved).toBeLessThanOrEqual(Math.max(reserved, 256 * MIB));
}

const perceptron = () =>
  new nn.Sequential(
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Linear(128, 64),
    new nn.ReLU(),
    new nn.Linear(64, 10),
  );

class Perceptron extends nn.Module {
  private readonly first = new nn.Linear(784, 128);
  private readonly second = new nn.Linear(128, 64);
  private readonly third = new nn.Linear(64, 10);
  forward(x: Tensor): Tensor {
    return this.third.forward(this.second.forward(this.first.forward(x).relu()).relu());
  }
}

const digits = () => ({ x: randn(64, 784), y: randint(0, 10, [64]) });

function trainer(model: { forward(x: Tensor): Tensor; parameters(): nn.Parameter[] }) {
  const optimizer = new optim.Adam(model.parameters());
  return (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

describe('plain loops', () => {
  it('train a network of layers', () => {
    const { x, y } = digits();
    const step = trainer(perceptron());
    const first = step(x, y).item();
    let last = first;
    runs(20_000, (i) => {
      const loss = step(x, y);
      if (i === 300) last = loss.item();
    });
    expect(last).toBeLessThan(first / 10);
  });

  it('train a network that is written by hand, with batches by number', () => {
    const { x, y } = digits();
    const set = new data.TensorDataset(x, y);
    const step = trainer(new Perceptron());
    const indices = Int32Array.from({ length: 64 }, (_, i) => i);
    runs(6_000, () => {
      const [inputs, labels] = set.batch(indices) as [Tensor, Tensor];
      step(inputs, labels);
    });
  });

  it('train a convolutional network', () => {
    class Net extends nn.Module {
      private readonly a = new nn.Conv2d(1, 8, 3);
      private readonly b = new nn.Conv2d(8, 16, 3);
      private readonly out = new nn.Linear(400, 10);
      forward(x: Tensor): Tensor {
        const half = F.maxPool2d(this.a.forward(x).relu(), 2);
        const hidden = F.maxPool2d(this.b.forward(half).relu(), 2);
        return this.out.forward(hidden.flatten(1));
      }
    }
    const y = randint(0, 10, [64]);
    const x = randn(64, 1, 28, 28);
    const step = trainer(new Net());
    runs(400, () => void step(x, y));
  });

  it('train an LSTM on all sequences at once', () => {
    const lstm = new nn.LSTM(1, 50);
    const head = new nn.Linear(50, 1);
    const optimizer = new optim.Adam([...lstm.parameters(), ...head.parameters()]);
    const x = randn(950, 50, 1);
    const y = randn(950, 1);
    runs(40, () => {
      optimizer.zeroGrad();
      const [all] = lstm.forward(x);
      F.mseLoss(head.forward(all.select(1, 49)), y).backward();
      optimizer.step();
    });
  });

  it.each([true, false])('infer, with gradients recorded: %s', (records) => {
    const model = new Perceptron();
    const x = randn(512, 784);
    runs(4_000, () => void (records ? model.forward(x) : noGrad(() => model.forward(x))));
  });

  it('infer with an await of what is there already, and with one that waits', async () => {
    const model = new Perceptron();
    const x = randn(512, 784);
    for (let i = 0; i < 1_500; i++) await model.forward(x).argmax(1).data();
    for (let i = 0; i < 300; i++) {
      model.forward(x);
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(memory().bytesReserved).toBeLessThanOrEqual(256 * MIB);
  });

  it('process a large image for each request', async () => {
    const blur = new nn.Conv2d(3, 3, 3, { padding: 1 });
    for (let request = 0; request < 60; request++) {
      const image = randn(1, 3, 512, 512);
      const answer = blur.forward(image.mul(0.5).add(0.5)).clamp(0, 1).mul(255);
      expect(answer.shape).toEqual([1, 3, 512, 512]);
      await Promise.resolve();
    }
    expect(memory().bytesReserved).toBeLessThanOrEqual(256 * MIB);
  });

  it('keep what is held while much is dropped', () => {
    const held = Array.from({ length: 75 }, (_, i) => randn(MIB / 4).add(10 * i));
    const ends = held.map((t) => [...t.dataSync().subarray(-3)]);
    for (let i = 0; i < 3 * 128; i++) randn(2 * MIB);
    expect(memory().bytesReserved).toBeLessThanOrEqual(256 * MIB);
    expect(memory().bytesParked).toBeGreaterThan(2 ** 30);
    expect(held.map((t) => [...t.dataSync().subarray(-3)])).toEqual(ends);
  });

  it('counts what was dropped until the collector has told', async () => {
    const before = memory().bytesParked;
    for (let i = 0; i < 64; i++) randn(2 * MIB);
    expect(memory().bytesParked).toBeGreaterThan(256 * MIB);
    await collectGarbage();
    expect(memory().bytesParked).toBeLessThanOrEqual(Math.max(before, 64 * MIB));
  });
});
