/** The data for fit and evaluate: weights of examples, several inputs, several labels, generators; metrics batch by batch. */
import { describe, expect, it } from 'vitest';
import {
  data,
  F,
  type Loss,
  manualSeed,
  memory,
  metrics,
  nn,
  noGrad,
  optim,
  randn,
  scope,
  type Tensor,
  TerminateOnNaN,
  Trainer,
  tensor,
} from '../../src/index.ts';

const quiet = { verbose: false } as const;

/** A linear model that does not learn, so that its losses can be compared. */
function fixed(loss: Loss, outputs = 2, names: string[] = []) {
  manualSeed(3);
  const model = new nn.Linear(2, outputs);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
  return { model, trainer: new Trainer(model, { optimizer, loss, metrics: names }) };
}

const x = tensor([
  [1, 2],
  [0, -1],
  [3, 1],
  [-2, 0.5],
  [1, 1],
]);
const classes = [0, 1, 1, 0, 1];
const y = tensor(classes, { dtype: 'int32' });
const sampleWeight = [1, 0, 2, 0.5, 3];

describe('sampleWeight', () => {
  const each = (model: nn.Linear) =>
    scope(() => noGrad(() => F.crossEntropy(model.forward(x), y, { reduction: 'none' }).toArray() as number[]));
  const expected = (model: nn.Linear, factors = [1, 1]) =>
    each(model).reduce((sum, loss, i) => sum + loss * sampleWeight[i]! * factors[classes[i]!]!, 0) / 5;

  it.each<[string, Loss]>([
    ['a name', 'crossEntropy'],
    ['a module', new nn.CrossEntropyLoss()],
    ['a function', (output: Tensor, target: Tensor) => F.crossEntropy(output, target, { reduction: 'none' })],
  ])('weighs the losses of %s as Keras does', async (_, loss) => {
    const { model, trainer } = fixed(loss);
    for (const weights of [sampleWeight, tensor(sampleWeight), Float32Array.from(sampleWeight)]) {
      const { loss: found } = await trainer.evaluate(x, y, { sampleWeight: weights, batchSize: 2 });
      expect(found!).toBeCloseTo(expected(model), 5);
    }
    const history = await trainer.fit(x, y, { sampleWeight, classWeight: { 1: 10 }, batchSize: 3, ...quiet });
    expect(history.loss[0]!).toBeCloseTo(expected(model, [1, 10]), 4);
  });

  it('follows the examples: shuffled, split off, in a data set, a loader, and for validation', async () => {
    const { trainer, model } = fixed('crossEntropy');
    const set = new data.TensorDataset(x, y);
    const loader = new data.DataLoader(set, { batchSize: 2, shuffle: true, seed: 1 });
    for (const examples of [set, loader]) {
      const { loss } = await trainer.fit(examples, { sampleWeight, validationData: [x, y, sampleWeight], ...quiet });
      expect(loss[0]!).toBeCloseTo(expected(model), 5);
    }
    const { valLoss } = await trainer.fit(x, y, { validationData: [x, y, sampleWeight], ...quiet });
    expect(valLoss![0]!).toBeCloseTo(expected(model), 5);
    const split = await trainer.fit(x, y, { sampleWeight, validationSplit: 0.2, ...quiet });
    expect(split.valLoss![0]!).toBeCloseTo(each(model)[4]! * 3, 5);
    const own: data.Dataset = { length: 5, get: (i) => [x.select(0, i), y.select(0, i)] };
    expect((await trainer.evaluate(own, { sampleWeight })).loss!).toBeCloseTo(expected(model), 5);
  });

  it('does not change the metrics', async () => {
    const { trainer } = fixed('crossEntropy', 2, ['accuracy']);
    const { accuracy } = await trainer.evaluate(x, y);
    expect((await trainer.evaluate(x, y, { sampleWeight })).accuracy).toBe(accuracy);
  });

  it('makes models learn from examples by their weights', async () => {
    manualSeed(1);
    const [points] = data.makeBlobs(60, { centers: 2, seed: 1 });
    // The same points twice, with both labels: the weights say which are right.
    const labels = tensor([...Array(60).fill(0), ...Array(60).fill(1)], { dtype: 'int32' });
    const twice = scope(() => tensor([...(points.toArray() as number[][]), ...(points.toArray() as number[][])]));
    const right = (points.toArray() as number[][]).map(([a]) => Number(a! > 0));
    const weights = [...right.map((label) => 1 - label), ...right];
    const model = new nn.Linear(2, 2);
    const trainer = new Trainer(model, {
      optimizer: new optim.Adam(model.parameters(), { lr: 0.1 }),
      loss: 'crossEntropy',
    });
    await trainer.fit(twice, labels, { sampleWeight: weights, epochs: 30, ...quiet });
    const said = scope(() => [...noGrad(() => model.forward(points).argmax(1)).dataSync()]);
    expect(metrics.accuracy(right, said)).toBeGreaterThan(0.95);
  });
});

describe('labels', () => {
  it('may be several per example, in losses and metrics', async () => {
    const labels = tensor([
      [1, 0, 1],
      [0, 0, 1],
      [1, 1, 0],
      [0, 1, 0],
      [1, 1, 1],
    ]);
    const names = ['accuracy', 'precision', 'recall', 'f1'] as const;
    for (const loss of ['bceWithLogits', new nn.BCEWithLogitsLoss()]) {
      const { trainer, model } = fixed(loss, 3, [...names]);
      const logs = await trainer.evaluate(x, labels, { batchSize: 2 });
      const said = scope(() =>
        Array.from(
          noGrad(() => model.forward(x))
            .flatten()
            .dataSync(),
          (v) => Number(v > 0),
        ),
      );
      const truth = Array.from(labels.flatten().dataSync());
      for (const name of names)
        expect(logs[name], name).toBeCloseTo((metrics[name] as (...args: unknown[]) => number)(truth, said), 12);
      expect(logs.loss!).toBeCloseTo(
        scope(() => F.binaryCrossEntropyWithLogits(model.forward(x), labels).item()),
        5,
      );
      const weighed = await trainer.fit(x, labels, { sampleWeight, ...quiet });
      expect(weighed.loss).toHaveLength(1);
      await expect(trainer.fit(x, labels, { classWeight: [1, 2], ...quiet })).rejects.toThrow(
        'classWeight needs one class per example; targets are [5,3]',
      );
    }
  });

  it('may be probabilities of classes', async () => {
    const { trainer } = fixed('crossEntropy', 2, ['accuracy', 'f1']);
    const oneHot = data.oneHot(y, 2);
    const logs = await trainer.evaluate(x, y);
    expect(await trainer.evaluate(x, oneHot.to('float32'))).toEqual(logs);
    const weighed = await trainer.fit(x, oneHot.to('float32'), { classWeight: [2, 3], ...quiet });
    expect(weighed).toEqual(await trainer.fit(x, y, { classWeight: [2, 3], ...quiet }));
  });

  it('may be given at every position', async () => {
    manualSeed(1);
    const model = new nn.Conv1d(2, 3, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
    const signals = randn(4, 2, 5);
    const classes = tensor(
      Array.from({ length: 4 }, (_, i) => Array.from({ length: 5 }, (__, j) => (i + j) % 3)),
      { dtype: 'int32' },
    );
    const said = scope(() =>
      noGrad(() => model.forward(signals).argmax(1))
        .flatten()
        .dataSync()
        .slice(),
    );
    const { accuracy } = await trainer.evaluate(signals, classes, { batchSize: 3 });
    expect(accuracy!).toBeCloseTo(metrics.accuracy(classes.flatten(), said), 12);
  });
});

describe('metrics batch by batch equal those of the whole', () => {
  it.each([1, 7, 64])('in batches of %d', async (batchSize) => {
    const [points, classes] = data.makeMoons(64, { noise: 0.4, seed: 5 });
    const names = ['accuracy', 'precision', 'recall', 'f1', 'auc'] as const;
    const { trainer, model } = fixed('crossEntropy', 2, [...names]);
    const logs = await trainer.evaluate(points, classes, { batchSize });
    const output = scope(() => noGrad(() => model.forward(points)).toArray() as number[][]);
    const said = output.map(([a, b]) => Number(b! > a!));
    expect(logs.auc!).toBeCloseTo(
      metrics.rocAuc(
        classes,
        output.map(([a, b]) => b! - a!),
      ),
      12,
    );
    for (const name of names.slice(0, 4) as ('accuracy' | 'f1')[])
      expect(logs[name], name).toBeCloseTo((metrics[name] as (...args: unknown[]) => number)(classes, said), 12);
    const [inputs, numbers] = data.makeRegression(50, { nFeatures: 2, nInformative: 2, seed: 1 });
    const regression = fixed('mse', 1, ['mae', 'mse', 'r2']);
    const found = await regression.trainer.evaluate(inputs, numbers, { batchSize });
    const values = scope(() =>
      Array.from(
        noGrad(() => regression.model.forward(inputs))
          .flatten()
          .dataSync(),
      ),
    );
    const truth = Array.from(numbers.flatten().dataSync());
    expect(found.mae!).toBeCloseTo(metrics.meanAbsoluteError(truth, values), 9);
    expect(found.mse! / metrics.meanSquaredError(truth, values)).toBeCloseTo(1, 12);
    expect(found.r2!).toBeCloseTo(metrics.r2(truth, values), 12);
  });
});

describe('several inputs', () => {
  it('may be a list, for fit, evaluate and predict', async () => {
    manualSeed(1);
    const graph = new nn.Graph();
    const [a, b] = [graph.input([2]), graph.input([3])];
    const h = graph.concat([graph.apply(new nn.Linear(2, 4), a), graph.apply(new nn.Linear(3, 4), b)]);
    const model = graph.model({ inputs: [a, b], outputs: [graph.apply(new nn.Linear(8, 1), h)] });
    const [left, right] = [randn(40, 2), randn(40, 3)];
    const targets = scope(() => left.sum(1).add(right.mean(1)));
    const trainer = new Trainer(model, { optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }), loss: 'mse' });
    const history = await trainer.fit([left, right], targets, {
      epochs: 60,
      validationData: [[left, right], targets],
      ...quiet,
    });
    expect(history.valLoss!.at(-1)).toBeLessThan(0.01);
    const outputs = await trainer.predict([left, right], { batchSize: 7 });
    expect(outputs.shape).toEqual([40, 1]);
    expect((await trainer.evaluate([left, right], targets)).loss!).toBeCloseTo(
      scope(() => F.mseLoss(outputs.flatten(), targets).item()),
      5,
    );
    await expect(trainer.predict([left, x])).rejects.toThrow('predict: expected a tensor of inputs');
  });
});

describe('generators', () => {
  const batches = function* (count: number): Generator<[Tensor, Tensor]> {
    for (let i = 0; i < count; i++) {
      const input = randn(4, 2);
      yield [input, input.sum(1).gt(0).to('int32')];
    }
  };
  const learner = () => {
    manualSeed(2);
    const model = new nn.Linear(2, 2);
    return new Trainer(model, {
      optimizer: new optim.Adam(model.parameters(), { lr: 0.1 }),
      loss: 'crossEntropy',
      metrics: ['accuracy'],
    });
  };

  it('may come from a function, one for each epoch, without leaks', async () => {
    const trainer = learner();
    const plans: number[] = [];
    await trainer.fit(() => batches(2), quiet);
    const before = memory();
    const history = await trainer.fit(() => batches(10), {
      epochs: 4,
      validationData: () => batches(3),
      callbacks: [{ onEpochEnd: (_, __, { plan }) => void plans.push(plan.batches) }],
      ...quiet,
    });
    expect(history.accuracy!.at(-1)).toBeGreaterThan(0.8);
    expect(history.valLoss).toHaveLength(4);
    expect(plans).toEqual([10, 10, 10, 10]);
    // The generators' own: four in each batch of training and of validation.
    expect(memory().tensors - before.tensors).toBe(4 * (10 + 3) * 4);
  });

  it('may continue from epoch to epoch', async () => {
    let closed = 0;
    const endless = (function* () {
      try {
        for (;;) yield* batches(1);
      } finally {
        closed++;
      }
    })();
    const { loss } = await learner().fit(endless, { epochs: 3, stepsPerEpoch: 4, ...quiet });
    expect([loss.length, closed]).toEqual([3, 1]);
    await expect(learner().fit(batches(5), { epochs: 2, stepsPerEpoch: 3, ...quiet })).rejects.toThrow(
      'there are no more batches',
    );
    await expect(learner().fit(batches(5), { epochs: 2, ...quiet })).rejects.toThrow(
      'a generator can be iterated over only once',
    );
  });

  it('may be asynchronous or lists of batches, and give the same numbers as tensors', async () => {
    const list: [Tensor, Tensor][] = [0, 2].map((at) => [x.slice(0, at, at + 2), y.slice(0, at, at + 2)]);
    const stream = async function* () {
      for (const batch of list) {
        await Promise.resolve();
        yield batch;
      }
    };
    const histories = [];
    const loader = () =>
      new data.DataLoader(new data.TensorDataset(x.slice(0, 0, 4), y.slice(0, 0, 4)), { batchSize: 2 });
    for (const examples of [list, stream, loader])
      histories.push(await learner().fit(examples, { epochs: 3, ...quiet }));
    histories.push(
      await learner().fit(x.slice(0, 0, 4), y.slice(0, 0, 4), { epochs: 3, batchSize: 2, shuffle: false, ...quiet }),
    );
    for (const history of histories) expect(history).toEqual(histories[0]);
  });

  it('are closed if training ends early', async () => {
    let closed = 0;
    const open = function* () {
      try {
        for (;;) yield* batches(1);
      } finally {
        closed++;
      }
    };
    let seen = 0;
    await learner().fit(open, {
      callbacks: [
        {
          onBatchEnd(_, __, state) {
            state.stopTraining = ++seen === 3;
          },
        },
      ],
      ...quiet,
    });
    expect([seen, closed]).toEqual([3, 1]);
  });
});

it('TerminateOnNaN stops when the loss is not a number', async () => {
  const { trainer } = fixed((output: Tensor) => output.sum().mul(Number.NaN));
  const callback = new TerminateOnNaN();
  const { loss } = await trainer.fit(x, y, { epochs: 9, batchSize: 2, callbacks: [callback], ...quiet });
  expect([loss, callback.stopped]).toEqual([[Number.NaN], { epoch: 0, batch: 0 }]);
});
