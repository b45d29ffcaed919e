/** Batches that are read ahead: the same batches in the same order, few at a time, errors at their batch, no leaks. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  FormatError,
  manualSeed,
  nn,
  optim,
  rand,
  scope,
  type Tensor,
  Trainer,
  tensor,
} from '../../src/index.ts';
import { imageFolder } from '../../src/node/index.ts';

const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Examples [i], ready after some time; it records which are requested. */
function slowSet(length: number, broken = -1) {
  const asked: number[] = [];
  const set: data.Dataset<[Tensor, Tensor]> & { asked: number[] } = {
    asked,
    length,
    get: (i) => [tensor([i]), tensor([i % 2])],
    async prepare(i) {
      asked.push(i);
      await tick((i * 7) % 5);
      if (i === broken) throw new FormatError(`example ${i} is broken`);
      return () => set.get(i);
    },
  };
  return set;
}

async function seen(loader: data.DataLoader): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const [x] of loader) batches.push([...x!.dataSync()]);
  return batches;
}

const seenAtOnce = (loader: data.DataLoader) => Array.from(loader, ([x]) => [...x!.dataSync()]);

describe('for await', () => {
  // Allocates the memory of the executor before it is measured.
  beforeAll(() => tensor([1]).dispose());

  it.each([0, 1, 2, 9])('gives the same batches, %d read ahead', async (prefetch) => {
    const options = { batchSize: 3, shuffle: true, seed: 5 };
    const loader = new data.DataLoader(slowSet(10), { ...options, prefetch });
    const plain = new data.DataLoader(slowSet(10), options);
    for (let epoch = 0; epoch < 2; epoch++) expect(await seen(loader)).toEqual(seenAtOnce(plain));
  });

  it('reads exactly the requested number of batches ahead', async () => {
    const set = slowSet(12);
    const counts: number[] = [];
    for await (const [x] of new data.DataLoader(set, { batchSize: 2, prefetch: 2 })) {
      expect(x.shape).toEqual([2, 1]);
      await tick(2);
      counts.push(set.asked.length);
    }
    expect(counts).toEqual([6, 8, 10, 12, 12, 12]);
  });

  it('throws an error when its batch is due', async () => {
    const loader = new data.DataLoader(slowSet(9, 5), { batchSize: 2, prefetch: 3 });
    const batches: number[][] = [];
    await expect(
      (async () => {
        for await (const [x] of loader) {
          batches.push([...x.dataSync()]);
          await tick(10);
        }
      })(),
    ).rejects.toThrow('example 5 is broken');
    expect(batches).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('drops what was read ahead when the loop is left early', async () => {
    const set = slowSet(20, 6);
    for await (const [x] of new data.DataLoader(set, { batchSize: 2, prefetch: 4 })) {
      expect(x.numel).toBe(2);
      break;
    }
    // The broken example was being read: its error is dropped.
    await tick(20);
    expect(set.asked).toHaveLength(10);
  });

  it('works with data sets that cannot read ahead', async () => {
    const x = tensor([1, 2, 3]);
    expect(await seen(new data.DataLoader(new data.TensorDataset(x), { batchSize: 2 }))).toEqual([[1, 2], [3]]);
    x.dispose();
  });

  it('refuses promises where tensors are expected, and invalid numbers', () => {
    const set = { length: 2, get: async () => [tensor([1])] };
    expect(() => [...new data.DataLoader(set as never)]).toThrow('asynchronous reading belongs in prepare()');
    expect(() => new data.DataLoader(slowSet(2), { prefetch: -1 })).toThrow(ArgumentError);
  });
});

describe('imageFolder', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'saraf-'));
    for (const [label, name] of ['dark', 'light'].entries()) {
      mkdirSync(join(dir, name));
      for (let i = 0; i < 8; i++) {
        const image = new PNG({ width: 6, height: 5 });
        image.data.fill(label * 128 + 8 * i);
        writeFileSync(join(dir, name, `${i}.png`), PNG.sync.write(image));
      }
    }
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const { transforms } = data;
  /** Draws from the library's own random numbers, as dropout does. */
  const augment = () =>
    new transforms.Compose([new transforms.RandomHorizontalFlip(), new transforms.ColorJitter({ brightness: 0.5 })]);

  it.each([0, 1, 3])('gives the same pixels with %d workers, even with random transforms', async (workers) => {
    const set = await imageFolder(dir, { transform: augment(), workers });
    const loader = () => new data.DataLoader(set, { batchSize: 5, shuffle: true, prefetch: 2 });
    manualSeed(3);
    const plain: number[][] = [];
    for (const [x] of loader()) {
      plain.push([...x.dataSync()]);
      // Random numbers drawn between batches.
      rand(3).sum();
    }
    manualSeed(3);
    const ahead: number[][] = [];
    for await (const [x] of loader()) {
      ahead.push([...x.dataSync()]);
      rand(3).sum();
    }
    expect(ahead).toEqual(plain);
  });

  it('trains a model to the same bits', async () => {
    const fit = async (prefetch: number) => {
      manualSeed(4);
      const set = await imageFolder(dir, { transform: augment() });
      const model = new nn.Sequential(new nn.Flatten(), new nn.Dropout(0.2), new nn.Linear(90, 2));
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
      const loader = new data.DataLoader(set, { batchSize: 4, shuffle: true, prefetch });
      return trainer.fit(loader, { epochs: 3, verbose: false });
    };
    const history = await fit(2);
    expect(history).toEqual(await fit(0));
    expect(history.loss[2]!).toBeLessThan(history.loss[0]!);
  });

  it('reports damaged images at their batch, and during validation', async () => {
    const broken = join(dir, 'light', 'broken.png');
    writeFileSync(broken, PNG.sync.write(new PNG({ width: 6, height: 5 })).subarray(0, 60));
    try {
      const set = await imageFolder(dir);
      const loader = new data.DataLoader(set, { batchSize: 4 });
      let count = 0;
      await expect(
        (async () => {
          for await (const _ of loader) count++;
        })(),
      ).rejects.toThrow(/broken\.png: damaged image/);
      expect(count).toBe(4);
      const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(90, 2));
      const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters()), loss: 'crossEntropy' });
      await expect(trainer.evaluate(set, { batchSize: 4 })).rejects.toThrow(FormatError);
      await expect(trainer.fit(set, { validationSplit: 0.3, verbose: false })).rejects.toThrow('damaged image');
    } finally {
      rmSync(broken);
    }
  });

  it('decodes while the main thread works', async () => {
    const set = await imageFolder(dir);
    const make = await set.prepare(0);
    expect(scope(() => make()[0].shape)).toEqual([3, 5, 6]);
    const loader = new data.DataLoader(set, { batchSize: 8 });
    const iterator = loader[Symbol.asyncIterator]();
    await iterator.next();
    // The next batch is being read; it arrives almost at once after the work.
    const start = performance.now();
    while (performance.now() - start < 60);
    const { value } = await iterator.next();
    expect(value![1].toArray()).toEqual(Array(8).fill(1));
    await iterator.return!();
  });
});
