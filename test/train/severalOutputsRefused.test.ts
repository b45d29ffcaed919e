/** What a trainer with several losses refuses, and with which messages. */
import { describe, expect, it } from 'vitest';
import { data, nn, optim, randn, SarafError, type Tensor, Trainer } from '../../src/index.ts';
import { examples, twoByTwo } from '../support/twoByTwo.ts';

const quiet = { verbose: false } as const;
const { x, ages, kinds, y } = examples();
const wrong = (x: unknown) => x as never;

describe('a trainer with several losses refuses', () => {
  const make = (options: object) => {
    const model = twoByTwo();
    return new Trainer(model, wrong({ optimizer: new optim.SGD(model.parameters(), { lr: 0 }), ...options }));
  };
  const two = { loss: ['mse', 'crossEntropy'] };
  const byName = { loss: { age: 'mse', kind: 'crossEntropy' } };
  const set = new data.TensorDataset(x[0], ages);
  it.each<[string, () => unknown, string]>([
    ['no losses', () => make({ loss: [] }), 'for several outputs, got 0; for one give the loss itself'],
    ['a list of one loss', () => make({ loss: ['mse'] }), 'for several outputs, got 1; for one give the loss itself'],
    ['an unknown loss', () => make({ loss: ['mse', 'msa'] }), 'unknown loss msa'],
    [
      'a value that is not a loss',
      () => make({ loss: ['mse', 3] }),
      'loss must be a name, a loss module or a function',
    ],
    [
      'weights of one loss',
      () => make({ loss: 'mse', lossWeights: [1] }),
      'lossWeights are for several losses; there is only one',
    ],
    [
      'too few weights',
      () => make({ ...two, lossWeights: [1] }),
      'lossWeights must have one entry for each of the 2 losses, got 1',
    ],
    [
      'a weight that is not a number',
      () => make({ ...two, lossWeights: [1, Number.NaN] }),
      'lossWeights of output2 must be a finite number, got NaN',
    ],
    [
      'weights by name for losses in a list',
      () => make({ ...two, lossWeights: { age: 1 } }),
      'lossWeights must be a list with one entry for each of the 2 losses',
    ],
    [
      'a weight for an unknown output',
      () => make({ ...byName, lossWeights: { size: 1 } }),
      'lossWeights names size, which is not an output (they are age, kind)',
    ],
    [
      'metrics without a list for each output',
      () => make({ ...two, metrics: ['mae', 'accuracy'] }),
      "metrics must be a list for each output, such as [['accuracy'], []]; got mae",
    ],
    [
      'one list of metrics',
      () => make({ ...two, metrics: [['mae']] }),
      'metrics must have one entry for each of the 2 losses, got 1',
    ],
    ['metrics twice', () => make({ ...two, metrics: [['mae', 'mae'], []] }), 'two metrics are called output1Mae'],
    [
      'one target',
      () => make(two).fit(x, ages, quiet),
      'fit: there are 2 losses, so targets must be a list of that many',
    ],
    ['three targets', () => make(two).evaluate(x, [ages, kinds, kinds]), 'evaluate: there are 2 losses, so targets'],
    [
      'several targets for one loss',
      () => make({ loss: 'mse' }).fit(x, y, quiet),
      'fit: there is one loss, so targets must be one tensor, got 2',
    ],
    [
      'targets of different lengths',
      () => make(two).fit(x, [ages, kinds.slice(0, 0, 4)], quiet),
      'inputs and targets must have the same number of examples, got 13 and 13 and 13 and 4',
    ],
    [
      'examples with one target',
      () => make(two).fit(set, quiet),
      'examples must have inputs and 2 targets, one for each loss; they have 2 parts',
    ],
    [
      'validation with one target',
      () => make(two).fit(x, y, { validationData: [x, ages], ...quiet }),
      'there are 2 losses, so targets must be a list of that many tensors, got 1',
    ],
    [
      'weights of classes',
      () => make(two).fit(x, y, { classWeight: [1, 2, 3], ...quiet }),
      'fit: classWeight is for one output, and this trainer has losses for 2',
    ],
    [
      'more losses than outputs',
      () => make({ loss: ['mse', 'mse', 'mse'] }).fit(x, [ages, ages, ages], quiet),
      'there are 3 losses, so the model must give a list of that many outputs; it gives a list of 2',
    ],
    [
      'one loss for several outputs',
      () => make({ loss: 'mse' }).fit(x, ages, quiet),
      'this loss needs one output, the model gives a list of 2; give a loss for each',
    ],
    [
      'metrics of a function of all outputs',
      () => make({ loss: (a: Tensor[]) => a[0]!.mean(), metrics: ['mae'] }).fit(x, ages, quiet),
      'metrics need one output, the model gives a list of 2',
    ],
  ])('%s', async (_, fn, message) => {
    const error = await (async () => fn())().then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(SarafError);
    expect(String(error)).toContain(message);
  });

  it('losses for a model with one output', async () => {
    const model = new nn.Linear(3, 2);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    await expect(
      new Trainer(model, { optimizer, loss: ['mse', 'mse'] }).fit(x[0], [ages, ages], quiet),
    ).rejects.toThrow('there are 2 losses, so the model must give a list of that many outputs; it gives one');
  });

  it('predicting with a model that does not give tensors', async () => {
    const model = new nn.LSTM(3, 2);
    const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0 }), loss: 'mse' });
    await expect(trainer.predict(randn(2, 4, 3))).rejects.toThrow(
      'predict: the model must give a tensor or a list of tensors',
    );
  });
});
