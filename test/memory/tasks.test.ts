/** Loops that await while others run: nobody frees what belongs to somebody else. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  data,
  F,
  init,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  scope,
  type Tensor,
  Trainer,
  tensor,
  zeros,
} from '../../src/index.ts';

const MIB = 2 ** 20;
const LIMIT = 12;
const batchSize = 8;

beforeAll(() => init({ memoryLimitMiB: LIMIT }));

/** Lets other tasks run: those that wait for a promise, and those that wait for the event loop. */
const pauses: Record<string, () => Promise<void>> = {
  'a promise': () => Promise.resolve(),
  'the event loop': () => new Promise((resolve) => setImmediate(resolve)),
};

function churn(): void {
  for (let i = 0; i < LIMIT / 2; i++) zeros(MIB / 4).add(1);
}

/** A model of its own, with the data that it learns. */
function job(seed: number) {
  manualSeed(seed);
  const [x, y] = [randn(40, 6), randint(0, 3, [40])];
  const model = new nn.Sequential(new nn.Linear(6, 8), new nn.Tanh(), new nn.Linear(8, 3));
  return { model, x, y, set: new data.TensorDataset<[Tensor, Tensor]>(x, y) };
}

/** Two epochs of training. Returns all losses, read at the end, and what became of a mean from before the loop. */
async function train(seed: number, pause: () => Promise<void>): Promise<unknown[]> {
  const { model, x, set } = job(seed);
  const mean = x.mean(0);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const losses: Tensor[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (const [inputs, labels] of new data.DataLoader(set, { batchSize })) {
      optimizer.zeroGrad();
      const output = model.forward(inputs.sub(mean));
      await pause();
      const loss = F.crossEntropy(output, labels);
      loss.backward();
      await pause();
      optimizer.step();
      losses.push(loss);
      churn();
    }
  }
  return [...losses.map((loss) => loss.item()), mean.toArray()];
}

describe.each(Object.entries(pauses))('loops that await %s', (_, pause) => {
  it('train side by side as they do one after the other', async () => {
    const seeds = [1, 2, 3];
    const alone: unknown[][] = [];
    for (const seed of seeds) alone.push(await train(seed, async () => {}));
    expect(await Promise.all(seeds.map((seed) => train(seed, pause)))).toEqual(alone);
  });

  it('leave alone what others have made meanwhile: a mean, a data set, results of a compiled function', async () => {
    const made: Tensor[] = [];
    const double = compile((t: Tensor) => t.mul(2));
    let isRunning = true;
    const other = async () => {
      for (let i = 0; isRunning; i++) {
        const set = new data.TensorDataset(tensor([[i], [i + 1]], { dtype: 'float32' }));
        const [batch] = set.batch(Int32Array.of(1, 0)) as [Tensor];
        made.push(set.tensors[0]!, batch, batch.mean(), double(batch));
        await pause();
      }
    };
    const running = other();
    const { model, set } = job(4);
    for (const [inputs] of new data.DataLoader(set, { batchSize })) {
      noGrad(() => model.forward(inputs));
      await pause();
      scope(() => void model.forward(inputs).sum());
      churn();
      await pause();
    }
    isRunning = false;
    await running;
    expect(made.length).toBeGreaterThan(4 * 5);
    made.forEach((t, at) => {
      const i = at >> 2;
      const wanted = [[[i], [i + 1]], [[i + 1], [i]], i + 0.5, [[2 * i + 2], [2 * i]]][at & 3];
      expect(t.toArray()).toEqual(wanted);
    });
  });

  it('run while a Trainer fits, which learns what it learns alone', async () => {
    const fit = async (during: () => Promise<void>) => {
      const { model, x, y } = job(5);
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
      const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
      const options = { epochs: 3, batchSize, shuffle: false, verbose: 0, validationData: [x, y] } as const;
      const running = trainer.fit(x, y, { ...options, callbacks: [{ onBatchEnd: () => pause() }] });
      await during();
      const history = await running;
      return [history, (await trainer.predict(x)).toArray()];
    };
    const alone = await fit(async () => {});
    const beside = await fit(async () => {
      const { model, set } = job(6);
      for (let epoch = 0; epoch < 4; epoch++) {
        for (const [inputs] of new data.DataLoader(set, { batchSize })) {
          model.forward(inputs).sum().backward();
          churn();
          await pause();
        }
      }
    });
    expect(beside).toEqual(alone);
  });
});
