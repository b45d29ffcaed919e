/** What fit, evaluate and predict refuse, and with which messages. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  EarlyStopping,
  LRScheduler,
  nn,
  optim,
  ReduceLROnPlateau,
  randn,
  SarafError,
  type Tensor,
  TerminateOnNaN,
  Trainer,
  tensor,
} from '../../src/index.ts';

const quiet = { verbose: false } as const;
const wrong = (x: unknown) => x as never;

function fixed(loss: string, outputs = 2, names: string[] = []) {
  const model = new nn.Linear(2, outputs);
  return {
    trainer: new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0 }), loss, metrics: names }),
  };
}

const x = randn(5, 2);
const y = tensor([0, 1, 1, 0, 1], { dtype: 'int32' });
const sampleWeight = [1, 0, 2, 0.5, 3];

it('fit refuses targets that are not a tensor, with a hint', async () => {
  const { trainer } = fixed('crossEntropy');
  for (const labels of [[0, 1, 1, 0, 1], new Int32Array(5)]) {
    await expect(trainer.fit(x, wrong(labels))).rejects.toThrow('fit: targets must be a tensor; tensor(list, ');
    await expect(trainer.evaluate(x, wrong(labels))).rejects.toThrow('evaluate: targets must be a tensor');
  }
});

it('fit refuses an optimizer of another model', async () => {
  const model = new nn.Linear(2, 2);
  const optimizer = new optim.SGD(new nn.Linear(2, 2).parameters(), { lr: 0.1 });
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy' });
  await expect(trainer.fit(x, y, quiet)).rejects.toThrow("fit: none of the optimizer's parameters is the model's");
  await expect(trainer.fit(x, y, quiet)).rejects.toThrow(ArgumentError);
});

describe('fit, evaluate and predict refuse', () => {
  const { trainer } = fixed('crossEntropy');
  const empty = () => [randn(0, 2), tensor(new Int32Array(0), { dtype: 'int32' })] as const;
  it.each<[string, () => unknown, string]>([
    ['no examples', () => trainer.fit(...empty(), quiet), 'fit: there are no examples'],
    ['no examples to evaluate', () => trainer.evaluate(...empty()), 'evaluate: there are no examples'],
    ['no validation examples', () => trainer.fit(x, y, { validationData: empty(), ...quiet }), 'there are no examples'],
    [
      'a loader with less than a batch',
      () => trainer.fit(new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 9, dropLast: true }), quiet),
      'there are no examples',
    ],
    [
      'empty batches',
      () => trainer.fit(x, y, { batchSize: 0, ...quiet }),
      'fit: batchSize must be a whole number of at least 1, got 0',
    ],
    ['empty batches to evaluate', () => trainer.evaluate(x, y, { batchSize: 0 }), 'evaluate: batchSize must be'],
    ['empty batches to predict', () => trainer.predict(x, { batchSize: 0 }), 'predict: batchSize must be'],
    [
      'lengths that differ',
      () => trainer.fit(x, randn(4), quiet),
      'inputs and targets must have the same number of examples, got 5 and 4',
    ],
    [
      'too few weights',
      () => trainer.fit(x, y, { sampleWeight: [1], ...quiet }),
      'sampleWeight must have one number for each of the 5 examples',
    ],
    [
      'negative weights',
      () => trainer.fit(x, y, { sampleWeight: [1, 1, 1, 1, -1], ...quiet }),
      'sampleWeight must hold finite numbers ≥ 0',
    ],
    [
      'weights of a generator',
      () => trainer.fit([[x, y]] as [Tensor, Tensor][], { sampleWeight, ...quiet }),
      'sampleWeight needs examples by number',
    ],
    [
      'a part of a generator',
      () => trainer.fit([[x, y]] as [Tensor, Tensor][], { validationSplit: 0.5, ...quiet }),
      'validationSplit needs examples by number',
    ],
    ['steps of tensors', () => trainer.fit(x, y, { stepsPerEpoch: 3, ...quiet }), 'stepsPerEpoch is for generators'],
    [
      'a value that is not a batch',
      () => trainer.fit(wrong([[x]]), quiet),
      'a batch must be a list of tensors: inputs and targets',
    ],
    [
      'a callback without new',
      () => trainer.fit(x, y, { callbacks: wrong([TerminateOnNaN]), ...quiet }),
      'callbacks must be a list of objects',
    ],
    [
      'a callback whose methods are misspelt',
      () => trainer.fit(x, y, { callbacks: [{ onEpochsEnd() {} } as object], ...quiet }),
      'callbacks[0] has none of the methods that fit calls: onTrainBegin, onEpochBegin',
    ],
    [
      'a single callback without a list',
      () => trainer.fit(x, y, { callbacks: wrong(new TerminateOnNaN()), ...quiet }),
      'callbacks must be a list of objects',
    ],
    ['metrics in a text', () => fixed('mse', 1, wrong('mae')), "metrics must be a list such as ['accuracy']"],
    ['a metric twice', () => fixed('mse', 1, ['mae', 'mae']), 'two metrics are called mae'],
  ])('%s', async (_, fn, message) => {
    let error: unknown;
    try {
      await fn();
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(SarafError);
    expect((error as Error).message).toContain(message);
  });

  it('monitoring a validation value without validation', async () => {
    for (const callback of [
      new EarlyStopping(),
      new ReduceLROnPlateau(),
      new LRScheduler({ step() {} }, { monitor: 'valLoss' }),
    ])
      await expect(trainer.fit(x, y, { callbacks: [callback], ...quiet })).rejects.toThrow(
        'there is no valLoss to monitor (there are: loss; there is no validation)',
      );
    await expect(trainer.fit(x, y, { callbacks: [new EarlyStopping()], ...quiet })).rejects.toThrow(ArgumentError);
  });
});
