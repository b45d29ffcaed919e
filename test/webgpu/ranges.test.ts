/** Values out of range on the GPU: those that the host knows are refused at once, all others when something is read, once. */
import { expect, test } from 'vitest';
import {
  ArgumentError,
  compile,
  F,
  manualSeed,
  nn,
  optim,
  randn,
  type Tensor,
  Trainer,
  tensor,
} from '../../src/index.ts';
import { describeOnGpu } from '../support/gpu.ts';

const ints = (values: number[]) => tensor(values, { dtype: 'int32' });

describeOnGpu('values out of range on webgpu', () => {
  test.each([
    ['indexSelect', (i: Tensor) => randn(5, 2).indexSelect(0, i), 'index 7 is out of range, expected 0 to 4'],
    ['gather', (i: Tensor) => randn(5, 1).gather(0, i.unsqueeze(1)), 'index 7 is out of range, expected 0 to 4'],
    ['embedding', (i: Tensor) => F.embedding(i, randn(5, 2)), 'index 7 is out of range, expected 0 to 4'],
    ['crossEntropy', (i: Tensor) => F.crossEntropy(randn(3, 5), i), 'target 7 is out of range for 5 classes'],
  ] as const)('are reported once by %s, operation by operation', async (op, run, message) => {
    expect(() => run(ints([0, 7, 9]))).toThrow(ArgumentError);
    const result = run(ints([0, 6, 8]).add(1));
    const other = randn(2);
    await expect(result.data()).rejects.toThrow(`${op}: ${message}`);
    // The error was reported; the result is what the kernels made of the values.
    await other.data();
    expect(await run(ints([0, 1, 3]).add(1)).data()).toBeInstanceOf(Float32Array);
  });

  test('include negative numbers, fractions, and an index far out of range', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => i % 5);
    many[2990] = -3;
    many[2995] = 77;
    const table = randn(5, 2);
    await expect(table.indexSelect(0, ints(many).add(0)).data()).rejects.toThrow('index -3 is out of range');
    const shares = tensor([0.5, 1.25, 0]);
    await expect(F.binaryCrossEntropy(shares, tensor([0, 1, 1])).data()).rejects.toThrow('between 0 and 1, got 1.25');
    await table.data();
  });

  test('are reported by all reads at the same time, not by later ones', async () => {
    const table = randn(5, 2);
    const bad = () => table.indexSelect(0, ints([4]).add(1));
    const first = await Promise.allSettled([bad().data(), table.data()]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const reading = table.data();
    const next = bad();
    expect(await reading).toHaveLength(10);
    await expect(next.data()).rejects.toThrow('index 5 is out of range');
    await table.data();
  });

  test('are reported by programs when their results are read, every time', async () => {
    const table = randn(5, 2);
    const held = ints([0, 5]);
    const given = compile((i: Tensor) => table.indexSelect(0, i.mul(2)));
    const kept = compile(() => table.indexSelect(0, held.add(0)));
    expect(await given(ints([0, 2])).data()).toHaveLength(4);
    for (let i = 0; i < 2; i++) {
      await expect(given(ints([1, 3])).data()).rejects.toThrow('indexSelect: index 6 is out of range, expected 0 to 4');
      await expect(kept().data()).rejects.toThrow('indexSelect: index 5 is out of range, expected 0 to 4');
    }
    expect(await given(ints([0, 2])).data()).toHaveLength(4);
  });

  test('are reported by fit, evaluate and predict', async () => {
    manualSeed(5);
    class Tokens extends nn.Module {
      readonly table = new nn.Embedding(10, 4);
      readonly out = new nn.Linear(4, 2);

      override forward(x: Tensor): Tensor {
        return this.out.forward(this.table.forward(x.to('int32')).mean(1));
      }
    }
    const model = new Tokens();
    const optimizer = new optim.Adam(model.parameters());
    const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy' });
    const [x, y] = [tensor([[1, 2], [3, 99]]), ints([0, 1])]; // biome-ignore format: examples
    const message = 'embedding: index 99 is out of range, expected 0 to 9';
    await expect(trainer.fit(x, y, { verbose: false })).rejects.toThrow(message);
    await expect(trainer.evaluate(x, y)).rejects.toThrow(message);
    await expect(trainer.predict(x).then((p) => p.data())).rejects.toThrow(message);
    await trainer.fit(x.clamp(0, 9), y, { verbose: false });
  });
});
