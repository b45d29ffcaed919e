/** Batches that a loader has given need no memory until they are used again, and hold what they held. */
import { describe, expect, it } from 'vitest';
import { compile, data, memory, move, nn, noGrad, optim, scope, type Tensor, tensor } from '../../src/index.ts';
import { isParking } from '../support/inUse.ts';

const ROWS = 12;
const values = Array.from({ length: ROWS * 5 }, (_, i) => i);
const table = () => tensor(values, { shape: [ROWS, 5], dtype: 'float32' });
const batchSize = 4;

const read = (batches: readonly Tensor[]) => batches.map((batch) => batch.toArray());

/** The batches of a pass, which the loader has left behind. */
function left(...tensors: Tensor[]): Tensor[] {
  const loader = new data.DataLoader(new data.TensorDataset(...tensors), { batchSize, shuffle: true, seed: 3 });
  return [...loader].flat();
}

/** What can happen to a data set while its batches rest. */
const changes: Record<string, (x: Tensor) => void> = {
  add_: (x) => void x.add_(1),
  'a part of it, in place': (x) => void x.slice(0, 2, 5).mul_(0),
  copy_: (x) => void x.copy_(x.neg()),
  zero_: (x) => void x.zero_(),
  'an initialisation': (x) => void nn.init.normal_(x),
  'a program': (x) => compile(() => void x.mul_(2))(),
  'a program that it is the input of': (x) => compile((t: Tensor) => void t.mul_(2))(x),
  'a step of an optimizer': (x) => {
    x.requiresGrad = true;
    x.sum().backward();
    new optim.SGD([x], { lr: 1 }).step();
  },
  'a gradient that is added': (x) => {
    const leaf = tensor(values, { shape: [ROWS, 5], dtype: 'float32', requiresGrad: true });
    leaf.grad = x;
    leaf.sum().backward();
  },
  LBFGS: (x) => {
    x.requiresGrad = true;
    const optimizer = new optim.LBFGS([x], { lr: 1 });
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = x.square().sum();
      loss.backward();
      return loss;
    });
  },
  dispose: (x) => x.dispose(),
};

describe('batches that a loader has left behind', () => {
  it('need no memory, and come back', () => {
    scope(() => {
      const x = table();
      const y = tensor(values.slice(0, ROWS), { dtype: 'int32' });
      const before = memory().bytesInUse;
      const batches = left(x, y);
      // The last batch is still in use.
      const resting = memory().bytesInUse - before;
      expect(resting).toBeLessThanOrEqual(2 * 128);
      if (!isParking) expect(memory().bytesParked).toBe(0);
      const numbers = batches.filter((_, i) => i % 2 === 1).flatMap((batch) => [...batch.dataSync()]);
      expect([...numbers].sort((a, b) => a - b)).toEqual(values.slice(0, ROWS));
      const rows = batches.filter((_, i) => i % 2 === 0).flatMap((batch) => batch.toArray() as number[][]);
      expect(rows).toEqual(numbers.map((number) => values.slice(5 * number, 5 * number + 5)));
      if (!isParking) expect(memory().bytesInUse).toBeGreaterThan(before + resting);
    });
  });

  it.each(Object.keys(changes))('hold what they held when the data set is changed by %s', (name) => {
    scope(() => {
      const x = table();
      const wanted = read(left(x));
      const batches = left(x);
      changes[name]!(x);
      const [after] = x.isDisposed ? [null] : left(x);
      expect(read(batches)).toEqual(wanted);
      if (after !== null) expect(after!.toArray()).not.toEqual(wanted[0]);
      else expect(() => left(x)).toThrow();
    });
  });

  it('hold what they held when the data set moves to another device', async () => {
    const x = table();
    const wanted = read(left(x));
    const batches = left(x);
    await move(x, 'reference');
    expect(x.device).toBe('reference');
    expect(read(batches)).toEqual(wanted);
  });

  it('keep what was done to them, and gradients that need them are right', () => {
    scope(() => {
      const x = table();
      const loader = new data.DataLoader(new data.TensorDataset(x), { batchSize });
      const seen: Tensor[] = [];
      const weight = tensor([[1], [2], [3], [4], [5]], { dtype: 'float32', requiresGrad: true });
      let total = tensor(0);
      for (const [batch] of loader) {
        if (seen.length === 1) noGrad(() => batch!.add_(100));
        seen.push(batch!);
        total = total.add(batch!.matmul(weight).sum());
      }
      total.backward();
      const sums = [0, 1, 2, 3, 4].map((d) => values.reduce((sum, value, i) => sum + (i % 5 === d ? value : 0), 400));
      expect(weight.grad!.flatten().toArray()).toEqual(sums);
      expect(seen.map((batch) => batch.toArray()).flat(2)).toEqual(
        values.map((value, i) => (i >= 20 && i < 40 ? value + 100 : value)),
      );
    });
  });

  it('are right for parts and transposes of tensors', () => {
    scope(() => {
      const part = table().slice(0, 1, 10);
      const turned = tensor(values, { shape: [5, ROWS], dtype: 'float32' }).transpose(0, 1);
      const dense = turned.clone();
      for (const t of [part, turned, dense]) {
        const loader = new data.DataLoader(new data.TensorDataset(t), { batchSize: 1 });
        expect([...loader].flatMap(([row]) => row!.toArray())).toEqual(t.toArray());
      }
    });
  });
});
