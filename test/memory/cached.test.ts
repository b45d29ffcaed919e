/** Data sets that remember the examples they have made give the same ones in every epoch, to whoever reads them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { data, init, memory, nn, optim, randn, type Tensor, Trainer, tensor, zeros } from '../../src/index.ts';
import { isChecked } from '../support/inUse.ts';

const MIB = 2 ** 20;
const LIMIT = 12;
const EXAMPLES = 10;
const batchSize = 4;

beforeAll(() => init({ memoryLimitMiB: LIMIT }));

/** Makes each example when it is asked for it the first time. */
class Cached implements data.Dataset<[Tensor, Tensor]> {
  readonly length = EXAMPLES;
  made = 0;
  private readonly known = new Map<number, [Tensor, Tensor]>();

  get(i: number): [Tensor, Tensor] {
    let example = this.known.get(i);
    if (example === undefined) {
      this.made++;
      example = [tensor([i, 1]).mul(2).sub(1), tensor([i / EXAMPLES])];
      this.known.set(i, example);
    }
    return example;
  }
}

/** Makes and drops more than fits into memory. */
function churn(): void {
  for (let i = 0; i < 2 * LIMIT; i++) zeros(MIB / 4).add(1);
}

const wanted = Array.from({ length: EXAMPLES }, (_, i) => [2 * i - 1, 1]);

describe('a data set that remembers its examples', () => {
  it('gives them in every epoch of a loop', () => {
    const set = new Cached();
    const loader = new data.DataLoader(set, { batchSize });
    for (let epoch = 0; epoch < 3; epoch++) {
      const rows = [];
      for (const [x] of loader) {
        rows.push(...(x.toArray() as number[][]));
        churn();
      }
      expect(rows).toEqual(wanted);
    }
    expect(set.made).toBe(EXAMPLES);
    if (!isChecked) expect(memory().bytesReserved).toBeLessThanOrEqual(LIMIT * MIB);
  });

  it('gives them in every epoch of a loop that awaits', async () => {
    const set = new Cached();
    const loader = new data.DataLoader(set, { batchSize, prefetch: 2 });
    for (let epoch = 0; epoch < 3; epoch++) {
      const rows = [];
      for await (const [x] of loader) {
        churn();
        rows.push(...(x.toArray() as number[][]));
      }
      expect(rows).toEqual(wanted);
    }
    expect(set.made).toBe(EXAMPLES);
  });

  it('gives them in every epoch of a Trainer, which learns from them what it learns from others', async () => {
    const start = new nn.Linear(2, 1).stateDict();
    const fit = async (set: data.Dataset<[Tensor, Tensor]>) => {
      const model = new nn.Linear(2, 1);
      model.loadStateDict(start);
      const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0.005 }), loss: 'mse' });
      const options = { epochs: 4, batchSize, shuffle: false, verbose: 0, validationSplit: 0.2 } as const;
      const { loss, valLoss } = await trainer.fit(set, { ...options, callbacks: [{ onBatchEnd: churn }] });
      const { loss: all } = await trainer.evaluate(set, { batchSize });
      return [...loss, ...valLoss!, all, ...model.weight.dataSync()];
    };
    const set = new Cached();
    const learned = await fit(set);
    expect(set.made).toBe(EXAMPLES);
    const targets = Array.from({ length: EXAMPLES }, (_, i) => [i / EXAMPLES]);
    const plain = new data.TensorDataset<[Tensor, Tensor]>(
      tensor(wanted, { dtype: 'float32' }),
      tensor(targets, { dtype: 'float32' }),
    );
    const others = await fit(plain);
    expect(learned).toHaveLength(11);
    learned.forEach((value, i) => {
      expect(value).toBeCloseTo(others[i]!, 5);
    });
    expect(learned[3]).toBeLessThan(learned[0]!);
  });

  it('may give tensors that somebody else uses, too', () => {
    const shared = randn(2);
    const values = shared.toArray();
    const set: data.Dataset = { length: 6, get: () => [shared] };
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const [x] of new data.DataLoader(set, { batchSize: 3 })) {
        churn();
        expect(x!.toArray()).toEqual([values, values, values]);
      }
    }
    expect(shared.toArray()).toEqual(values);
  });
});
