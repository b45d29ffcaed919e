/** fit, evaluate, predict: models learn, the reports are right, nothing leaks, and training can stop and resume. */
import { describe, expect, it, vi } from 'vitest';
import {
  ArgumentError,
  type Callback,
  data,
  F,
  type Loss,
  loadModel,
  manualSeed,
  metrics,
  nn,
  optim,
  randn,
  saveModel,
  scope,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tensor,
} from '../../src/index.ts';
import { inUse } from '../support/inUse.ts';

const wrong = (x: unknown) => x as never;
const quiet = { verbose: 0 } as const;

function classifier() {
  return new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Dropout(0.1), new nn.Linear(16, 2));
}

function moons(options: Partial<TrainerOptions> = {}) {
  manualSeed(1);
  const [x, y] = data.makeMoons(200, { noise: 0.1, seed: 2 });
  const model = classifier();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'], ...options });
  return { x, y, model, optimizer, trainer };
}

describe('fit', () => {
  it('learns, and reports loss and metrics of every epoch', async () => {
    const { x, y, trainer, model } = moons();
    const history = await trainer.fit(x, y, { epochs: 40, batchSize: 20, validationSplit: 0.2, ...quiet });
    expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy']);
    for (const values of Object.values(history)) expect(values).toHaveLength(40);
    expect(history.loss[39]!).toBeLessThan(history.loss[0]! / 3);
    expect(history.valAccuracy![39]!).toBeGreaterThan(0.92);
    const { loss, accuracy } = await trainer.evaluate(x, y);
    expect(accuracy!).toBeGreaterThan(0.95);
    expect(loss!).toBeLessThan(0.2);
    const predicted = await trainer.predict(x);
    expect(predicted.shape).toEqual([200, 2]);
    expect(scope(() => metrics.accuracy(y, predicted.argmax(1)))).toBeCloseTo(accuracy!, 10);
    expect(model.training).toBe(true);
  });

  it('takes the same steps as a loop by hand', async () => {
    const byHand = moons();
    manualSeed(7);
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      let total = 0;
      for (const [x, y] of new data.DataLoader(new data.TensorDataset(byHand.x, byHand.y), {
        batchSize: 30,
        shuffle: true,
      })) {
        byHand.optimizer.zeroGrad();
        const loss = F.crossEntropy(byHand.model.forward(x), y);
        loss.backward();
        byHand.optimizer.step();
        total += loss.item() * x.shape[0]!;
      }
      losses.push(total / 200);
    }
    const { x, y, trainer, model } = moons();
    manualSeed(7);
    const history = await trainer.fit(x, y, { epochs: 3, batchSize: 30, ...quiet });
    history.loss.forEach((loss, i) => {
      expect(loss).toBeCloseTo(losses[i]!, 5);
    });
    const [a, b] = [model.parameters(), byHand.model.parameters()].map((list) =>
      list.flatMap((p) => [...p.dataSync()]),
    );
    a!.forEach((value, i) => {
      expect(value).toBeCloseTo(b![i]!, 4);
    });
  });

  it('accepts data sets, loaders and validation data', async () => {
    const { x, y, trainer } = moons();
    const set = new data.TensorDataset(x, y);
    const first = await trainer.fit(set, { epochs: 2, validationData: [x, y], ...quiet });
    expect(Object.keys(first)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy']);
    const batches: number[] = [];
    const callback: Callback = { onBatchEnd: (batch, _, { plan }) => void batches.push(batch, plan.batches) };
    const loader = new data.DataLoader(set, { batchSize: 60, dropLast: true, shuffle: true, seed: 1 });
    await trainer.fit(loader, {
      validationData: new data.DataLoader(set, { batchSize: 7 }),
      callbacks: [callback],
      ...quiet,
    });
    expect(batches).toEqual([0, 3, 1, 3, 2, 3]);
    const own: data.Dataset = { length: 5, get: (i) => [x.select(0, i), y.select(0, i)] };
    const { loss } = await trainer.fit(own, { batchSize: 2, validationSplit: 0.4, ...quiet });
    expect(loss).toHaveLength(1);
  });

  it.each<[string, Loss, boolean]>([
    ['mse', 'mse', false],
    ['a module', new nn.MSELoss(), true],
    ['a function', (output: Tensor, target: Tensor) => output.sub(target).abs().mean(), true],
  ])('minimizes %s', async (_, loss, asColumn) => {
    manualSeed(3);
    const [x, y] = data.makeRegression(100, { nFeatures: 3, nInformative: 3, seed: 1 });
    const targets = y.div(100);
    const model = new nn.Linear(3, 1);
    const trainer = new Trainer(model, {
      optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }),
      loss,
      metrics: ['mae', 'mse'],
    });
    const history = await trainer.fit(x, asColumn ? targets : targets.flatten(), { epochs: 60, ...quiet });
    expect(history.mae!.at(-1)!).toBeLessThan(0.05);
    expect(history.mse!.at(-1)!).toBeLessThan(history.mse![0]! / 100);
  });

  it('minimizes binary cross-entropy of class labels', async () => {
    manualSeed(4);
    const [x, y] = data.makeBlobs(120, {
      centers: [
        [-2, 0],
        [2, 0],
      ],
      seed: 1,
    });
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.Sigmoid());
    const names = ['accuracy', 'precision', 'recall', 'f1'];
    const trainer = new Trainer(model, {
      optimizer: new optim.Adam(model.parameters(), { lr: 0.1 }),
      loss: 'bce',
      metrics: names,
    });
    const history = await trainer.fit(x, y, { epochs: 20, ...quiet });
    for (const name of names) expect(history[name]!.at(-1)!).toBeGreaterThan(0.9);
    const logs = await trainer.evaluate(x, y, { batchSize: 50 });
    const guesses = (await trainer.predict(x))
      .flatten()
      .dataSync()
      .map((p) => Number(p > 0.5));
    for (const name of ['accuracy', 'precision', 'recall', 'f1'] as const)
      expect(logs[name]!).toBeCloseTo((metrics[name] as (...args: unknown[]) => number)(y, guesses), 10);
  });

  it('weighs classes as Keras does', async () => {
    const x = tensor([[1], [2], [3]]);
    const y = tensor([0, 1, 1], { dtype: 'int32' });
    const run = async (classWeight: { 0: number; 1: number } | number[] | 'balanced', loss: Loss = 'crossEntropy') => {
      manualSeed(5);
      const model = new nn.Linear(1, 2);
      const before = scope(() => F.crossEntropy(model.forward(x), y, { reduction: 'none' }).toArray() as number[]);
      const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0 }), loss });
      return { before, history: await trainer.fit(x, y, { classWeight, ...quiet }) };
    };
    const { before, history } = await run({ 0: 5, 1: 0.5 });
    expect(history.loss[0]!).toBeCloseTo((5 * before[0]! + 0.5 * (before[1]! + before[2]!)) / 3, 5);
    expect((await run([5, 0.5])).history).toEqual(history);
    const balanced = (await run('balanced')).history.loss[0]!;
    expect(balanced).toBeCloseTo((1.5 * before[0]! + 0.75 * (before[1]! + before[2]!)) / 3, 5);
    expect((await run([5, 0.5], new nn.CrossEntropyLoss())).history).toEqual(history);
    const each = (output: Tensor, target: Tensor) => F.crossEntropy(output, target, { reduction: 'none' });
    expect((await run([5, 0.5], each)).history).toEqual(history);
    const sum = (await run([5, 0.5], new nn.CrossEntropyLoss({ reduction: 'sum' }))).history.loss[0]!;
    expect(sum).toBeCloseTo(3 * history.loss[0]!, 5);
    // Classes that are not named have weight 1.
    expect((await run([5])).history.loss[0]!).toBeCloseTo((5 * before[0]! + before[1]! + before[2]!) / 3, 5);
    const mean = (output: Tensor, target: Tensor) => F.crossEntropy(output, target);
    await expect(run([1, 2], mean)).rejects.toThrow('weights need a loss for each example');
  });

  it('trains models that cannot be compiled', async () => {
    class Peeking extends nn.Module {
      layer = new nn.Linear(2, 2);
      override forward(x: Tensor): Tensor {
        const y = this.layer.forward(x);
        return y.sum().item() > 0 ? y : y.mul(1);
      }
    }
    const { x, y } = moons();
    const model = new Peeking();
    const trainer = new Trainer(model, {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.5 }),
      loss: 'crossEntropy',
    });
    const history = await trainer.fit(x, y, { epochs: 5, ...quiet });
    expect(history.loss[4]!).toBeLessThan(history.loss[0]!);
  });

  it('leaks nothing', async () => {
    const { x, y, trainer } = moons();
    const options = { epochs: 2, batchSize: 30, validationSplit: 0.1, classWeight: [1, 2], ...quiet };
    await trainer.fit(x, y, options);
    await trainer.evaluate(x, y);
    const before = inUse();
    for (let i = 0; i < 3; i++) {
      await trainer.fit(x, y, options);
      await trainer.evaluate(x, y, { batchSize: 64 });
      (await trainer.predict(x, { batchSize: 64 })).dispose();
      expect(inUse()).toEqual(before);
    }
    const wrongLabels = tensor(Array(200).fill(9), { dtype: 'int32' });
    await expect(trainer.fit(x, wrongLabels, quiet)).rejects.toThrow('out of range');
    wrongLabels.dispose();
    expect(inUse()).toEqual(before);
    await expect(trainer.fit(x, y, { ...options, validationSplit: 1 })).rejects.toThrow('validationSplit');
    const { model, optimizer } = trainer;
    const other = new Trainer(model, {
      optimizer,
      loss: (output: Tensor, target: Tensor) => F.crossEntropy(output, target),
    });
    await expect(other.fit(x, y, options)).rejects.toThrow('weights need a loss for each example');
    expect(inUse()).toEqual(before);
  });

  it('lets the event loop run, and other code make tensors meanwhile', async () => {
    const { trainer } = moons();
    const x = randn(4000, 2);
    const y = tensor(new Int32Array(4000));
    let turns = 0;
    const made: Tensor[] = [];
    const timer = setInterval(() => {
      turns++;
      made.push(tensor([turns]));
    }, 1);
    const start = performance.now();
    // Many short epochs: no single one is long enough for a pause.
    await trainer.fit(x, y, { epochs: 300, batchSize: 100, ...quiet });
    const elapsed = performance.now() - start;
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(Math.min(2, Math.floor(elapsed / 200)));
    expect(made.map((t) => t.item())).toEqual(made.map((_, i) => i + 1));
    for (const t of [...made, x, y]) t.dispose();
  });

  it('stops on its signal, and omits the unfinished epoch', async () => {
    const { x, y, trainer } = moons();
    const controller = new AbortController();
    const seen: number[] = [];
    const callback: Callback = {
      onBatchEnd(batch) {
        seen.push(batch);
        if (seen.length === 7) controller.abort();
      },
    };
    const options = { epochs: 50, batchSize: 50, callbacks: [callback], signal: controller.signal, ...quiet };
    const history = await trainer.fit(x, y, options);
    expect(seen).toHaveLength(7);
    expect(history.loss).toHaveLength(1);
    expect((await trainer.fit(x, y, options)).loss).toEqual([]);
  });

  it('resumes from a file with the same bits', async () => {
    const whole = moons();
    await whole.trainer.fit(whole.x, whole.y, { epochs: 5, validationSplit: 0.1, ...quiet });
    const half = moons();
    await half.trainer.fit(half.x, half.y, { epochs: 2, validationSplit: 0.1, ...quiet });
    const bytes = saveModel(half.model, { optimizer: half.optimizer, epoch: 2 });
    manualSeed(1234);
    const { model, optimizer, epoch } = loadModel(bytes);
    const trainer = new Trainer(model, { optimizer: wrong(optimizer), loss: 'crossEntropy' });
    const rest = await trainer.fit(half.x, half.y, { epochs: 5, initialEpoch: epoch, validationSplit: 0.1, ...quiet });
    expect(rest.loss).toHaveLength(3);
    const bits = (module: nn.Module) => module.parameters().map((p) => [...p.dataSync()]);
    expect(bits(model)).toEqual(bits(whole.model));
  });

  it('prints a line per epoch', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      const { x, y, trainer } = moons();
      await trainer.fit(x, y, { epochs: 2 });
      expect(log.mock.calls).toHaveLength(2);
      expect(log.mock.calls[1]![0]).toMatch(/^epoch 2\/2: loss 0\.\d{4}, accuracy 0\.\d+ \(\d+\.\d s\)$/);
    } finally {
      log.mockRestore();
    }
  });

  it('runs on the requested device', async () => {
    const { x, y, trainer, model } = moons({ device: 'reference' });
    const history = await trainer.fit(x, y, { epochs: 2, ...quiet });
    expect(model.parameters().map((p) => p.device)).toEqual(Array(4).fill('reference'));
    expect(history.loss[1]!).toBeLessThan(history.loss[0]!);
  });
});

describe('metrics', () => {
  it('can also be functions or objects', async () => {
    const { x, y, model, optimizer } = moons();
    const half = (target: Tensor, output: Tensor) =>
      output
        .mul(0)
        .sum()
        .add(target.shape[0]! / 2);
    let batches = 0;
    const counter = {
      name: 'batches',
      reset: () => {
        batches = 0;
      },
      update: () => void batches++,
      result: () => batches,
    };
    const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: [half, counter, () => 3] });
    const logs = await trainer.evaluate(x, y, { batchSize: 50 });
    expect(logs).toMatchObject({ half: 25, batches: 4, metric2: 3 });
  });

  it('refuse targets that do not fit', async () => {
    const { x, model, optimizer } = moons();
    const trainer = new Trainer(model, { optimizer, loss: (output: Tensor) => output.sum(), metrics: ['mae'] });
    await expect(trainer.evaluate(x, randn(200, 3))).rejects.toThrow('mae: outputs [32,2] do not fit targets [32,3]');
  });
});

describe('Trainer refuses', () => {
  const { x, y, model, optimizer, trainer } = moons();
  it.each<[string, () => unknown, string]>([
    [
      'a value that is not a model',
      () => new Trainer(wrong({}), { optimizer, loss: 'mse' }),
      'Trainer: expected a module',
    ],
    ['no optimizer', () => new Trainer(model, wrong({ loss: 'mse' })), 'optimizer must be an optimizer'],
    ['an unknown loss', () => new Trainer(model, { optimizer, loss: 'rmse' }), 'unknown loss rmse (known: mse, '],
    ['an inherited loss', () => new Trainer(model, { optimizer, loss: 'toString' }), 'unknown loss toString'],
    ['no loss', () => new Trainer(model, wrong({ optimizer })), 'loss must be a name, a loss module or a function'],
    [
      'an unknown metric',
      () => new Trainer(model, { optimizer, loss: 'mse', metrics: ['acc'] }),
      'unknown metric acc (known: accuracy, ',
    ],
    [
      'a misspelt option',
      () => new Trainer(model, wrong({ optimizer, loss: 'mse', metric: [] })),
      'unknown option metric',
    ],
    ['no targets', () => trainer.fit(wrong(x)), 'inputs given as a tensor need targets'],
    ['no data', () => trainer.fit(wrong(3)), 'expected tensors, a data set or a DataLoader'],
    ['no epochs', () => trainer.fit(x, y, { epochs: 0 }), 'epochs must be a whole number of at least 1'],
    ['a misspelt fit option', () => trainer.fit(x, y, wrong({ epoch: 2 })), 'fit: unknown option epoch'],
    [
      'a split of everything',
      () => trainer.fit(x, y, { validationSplit: 1 }),
      'leaves 0 for training and 200 for validation',
    ],
    [
      'negative weights',
      () => trainer.fit(x, y, { classWeight: [-1, 1] }),
      'finite numbers ≥ 0 for classes ≥ 0, got 0: -1',
    ],
    ['class weights by name', () => trainer.fit(x, y, { classWeight: { cat: 1 } }), 'got NaN: 1'],
    [
      'inputs without targets',
      () => trainer.fit(new data.TensorDataset(x), quiet),
      'examples must have inputs and targets',
    ],
    ['nothing to predict', () => trainer.predict(wrong([1])), 'predict: expected a tensor of inputs'],
    [
      'a second fit at the same time',
      () => Promise.all([trainer.fit(x, y, quiet), trainer.fit(x, y, quiet)]),
      'is training already',
    ],
  ])('%s', async (_, fn, message) => {
    let error: unknown;
    try {
      await fn();
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toContain(message);
  });
});
