/** Indices out of range, in all ways to train and apply models: the error names them, and the model is as it was before the step. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  data,
  exportOnnx,
  F,
  init,
  loadOnnx,
  manualSeed,
  nn,
  optim,
  scope,
  type Tensor,
  Trainer,
  tensor,
} from '../../src/index.ts';

const ints = (values: number[]) => tensor(values, { dtype: 'int32' });
const valuesOf = (tensors: Iterable<Tensor>) => Array.from(tensors, (t) => Array.from(t.dataSync()));
const quiet = { verbose: false } as const;

/** Looks up tokens that are given as floats, as a Trainer's inputs often are. */
class Tokens extends nn.Module {
  readonly table = new nn.Embedding(10, 4);
  readonly norm = new nn.BatchNorm1d(4);
  readonly out = new nn.Linear(4, 2);

  override forward(x: Tensor): Tensor {
    return this.out.forward(this.norm.forward(this.table.forward(x.to('int32')).mean(1)));
  }
}

const TOKEN_99 = 'embedding: index 99 is out of range, expected 0 to 9';

describe.each(['wasm', 'reference'] as const)('indices out of range on %s', (device) => {
  beforeAll(() => init({ device }));
  afterAll(() => init({ device: 'wasm' }));

  it('are refused by fit, evaluate and predict, with the model as it was before the step', async () => {
    manualSeed(8);
    const model = new Tokens();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy' });
    const [x, y] = [tensor([[1, 2], [3, 4], [5, 6], [7, 8]]), ints([0, 1, 1, 0])]; // biome-ignore format: examples
    await trainer.fit(x, y, { epochs: 2, batchSize: 2, shuffle: false, ...quiet });
    const bits = () => [valuesOf(Object.values(model.stateDict())), valuesOf(optimizer.remembered())];
    const before = bits();
    const wrong = tensor([[1, 2], [3, 99]]); // biome-ignore format: examples
    const labels = ints([0, 1]);
    await expect(trainer.fit(wrong, labels, quiet)).rejects.toThrow(TOKEN_99);
    await expect(trainer.evaluate(wrong, labels)).rejects.toThrow(TOKEN_99);
    await expect(trainer.predict(wrong)).rejects.toThrow(TOKEN_99);
    await expect(trainer.fit(x, ints([0, 1, 2, 0]), quiet)).rejects.toThrow('crossEntropy: target 2 is out of range');
    expect(bits()).toEqual(before);
    await trainer.fit(x, y, quiet);
  });

  it('are refused in a loop over a DataLoader', () => {
    scope(() => {
      manualSeed(9);
      const model = new Tokens();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const step = compile((x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.forward(x), y.to('int32'));
        loss.backward();
        optimizer.step();
        return loss;
      });
      const set = new data.TensorDataset(tensor([[1, 2], [3, 4], [5, 6], [7, 99]]), tensor([0, 1, 1, 0])); // biome-ignore format: examples
      let steps = 0;
      const epoch = () => {
        for (const [x, y] of new data.DataLoader(set, { batchSize: 2 })) {
          step(x!, y!);
          steps++;
        }
      };
      expect(epoch).toThrow(TOKEN_99);
      expect(steps).toBe(1);
      expect(() => step(tensor([[1, 2], [3, 4]]), tensor([0, 7]))).toThrow('crossEntropy: target 7 is out of range for 2 classes'); // biome-ignore format: one call
    });
  });

  it('are refused by ONNX models, compiled and not; negative ones count from the end', () => {
    scope(() => {
      manualSeed(10);
      const model = new Tokens().eval();
      const loaded = loadOnnx(exportOnnx(model, [[2, 2]]));
      const run = compile((x: Tensor) => loaded.forward(x) as Tensor);
      const good = tensor([[1, 2], [9, 0]]); // biome-ignore format: examples
      const wanted = Array.from(model.forward(good).dataSync(), (v) => expect.closeTo(v, 5));
      expect(Array.from(run(good).dataSync())).toEqual(wanted);
      expect(Array.from(run(good.sub(10)).dataSync())).toEqual(wanted);
      const bad = tensor([[1, 2], [99, 0]]); // biome-ignore format: examples
      expect(() => loaded.forward(bad)).toThrow(TOKEN_99);
      expect(() => run(bad)).toThrow(TOKEN_99);
    });
  });
});
