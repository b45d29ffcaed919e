/** What was dropped is freed: models, loaded models, optimizers with their memory, compiled functions, programs. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  compile,
  F,
  init,
  loadModel,
  memory,
  nn,
  optim,
  randn,
  saveModel,
  type Tensor,
  Trainer,
  tensor,
  zeros,
} from '../../src/index.ts';

const MIB = 2 ** 20;

beforeAll(() => init());

function staysBelow(mebibytes: number, times: number, fn: (i: number) => void): void {
  for (let i = 0; i < times; i++) fn(i);
  expect(memory().bytesReserved).toBeLessThanOrEqual(mebibytes * MIB);
}

describe('dropped without a word', () => {
  it('are models', () => {
    let shape: readonly number[] = [];
    staysBelow(256, 5_000, () => {
      shape = new nn.Linear(512, 512).weight.shape;
    });
    expect(shape).toEqual([512, 512]);
  });

  it('are loaded models, which answer', () => {
    const model = new nn.Sequential(new nn.Linear(256, 256), new nn.Tanh(), new nn.Linear(256, 4));
    const x = randn(1, 256);
    const wanted = model.forward(x).toArray();
    const bytes = saveModel(model);
    staysBelow(256, 2_000, (i) => {
      const answer = (loadModel(bytes).model as nn.Sequential).forward(x);
      if (i % 500 === 0) expect(answer.toArray()).toEqual(wanted);
    });
  });

  it('are optimizers and gradients', () => {
    staysBelow(256, 600, () => {
      const model = new nn.Linear(256, 256);
      const optimizer = new optim.Adam(model.parameters());
      model.forward(zeros(1, 256)).sum().backward();
      optimizer.step();
    });
  });

  it('are trainers', async () => {
    const x = randn(8, 64);
    const y = randn(8, 64);
    for (let i = 0; i < 40; i++) {
      const model = new nn.Linear(64, 64);
      const optimizer = new optim.Adam(model.parameters());
      await new Trainer(model, { optimizer, loss: 'mse' }).fit(x, y, { epochs: 1, verbose: 0 });
    }
    expect(memory().bytesReserved).toBeLessThanOrEqual(256 * MIB);
  });

  it('are compiled functions', () => {
    const x = randn(64, 64);
    staysBelow(256, 2_000, (i) => {
      const f = compile((t: Tensor) => F.relu(t.matmul(t)).add(i).sum());
      if (i % 400 === 0) expect(f(x).item()).toBeCloseTo(F.relu(x.matmul(x)).add(i).sum().item(), -1);
      else f(x);
    });
  });

  it('are programs for shapes that do not come again', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const before = memory().programs;
    const f = compile((t: Tensor) => t.mul(2).sum());
    staysBelow(256, 5_000, (i) => {
      const answer = f(zeros(i + 1).add(1)).item();
      if (answer !== 2 * (i + 1)) expect(answer).toBe(2 * (i + 1));
    });
    expect(memory().programs - before).toBeLessThanOrEqual(128);
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
    f.dispose();
  });
});

describe('held', () => {
  it('are results of compiled functions, however many', async () => {
    const weight = randn(16, 4);
    const embed = compile((t: Tensor) => t.matmul(weight).tanh());
    const documents = Array.from({ length: 40 }, (_, i) =>
      tensor(new Float32Array(16).fill(i / 40), { shape: [1, 16] }),
    );
    const wanted = documents.map((document) => document.matmul(weight).tanh().toArray());
    expect(documents.map((document) => embed(document)).map((vector) => vector.toArray())).toEqual(wanted);
    const answers = await Promise.all(
      documents.map(async (document) => {
        const vector = embed(document);
        await new Promise((resolve) => setTimeout(resolve));
        return vector.toArray();
      }),
    );
    expect(answers).toEqual(wanted);
  });
});

describe('after backward', () => {
  it('an LSTM keeps its results only, also those of its cell', () => {
    const lstm = new nn.LSTM(2, 8, { numLayers: 2, batchFirst: true });
    const x = randn(5, 20, 2);
    const before = memory().bytesInUse;
    const [out, [h, c]] = lstm.forward(x);
    out.sum().backward();
    lstm.zeroGrad();
    const results = 4 * (out.numel + h.numel + c.numel);
    // Blocks are rounded up, and the first layer's output has its first state with it.
    expect(memory().bytesInUse - before).toBeLessThan(5 * results);
    expect(() => c.sum().backward()).toThrow('the graph behind recurrentCell has been freed by an earlier backward()');
    const [again, [, cell]] = lstm.forward(x);
    again.sum().backward(undefined, { retainGraph: true });
    cell.sum().backward();
    expect(lstm.parameters().every(({ grad }) => grad !== null)).toBe(true);
  });
});
