/** A model with several outputs, each with its own loss, target and metrics. */
import { describe, expect, it } from 'vitest';
import {
  data,
  EarlyStopping,
  F,
  type History,
  type Losses,
  type LossWeights,
  type Metrics,
  nn,
  noGrad,
  optim,
  ReduceLROnPlateau,
  scope,
  type Tensor,
  Trainer,
} from '../../src/index.ts';
import { inUse } from '../support/inUse.ts';
import { examples, ROWS, twoByTwo } from '../support/twoByTwo.ts';

const quiet = { verbose: false } as const;
const { x, ages, kinds, y } = examples();
const BATCH = 4;
const sampleWeight = Array.from({ length: ROWS }, (_, i) => (i % 4) / 2);
function trainerOf<L extends Losses>(loss: L, more: { lossWeights?: LossWeights; metrics?: Metrics[] } = {}) {
  const model = twoByTwo();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  return { model, trainer: new Trainer(model, { optimizer, loss, ...more }) };
}

const named = () => trainerOf({ age: 'mse', kind: 'crossEntropy' } as const);

/** The losses of the epochs and the final parameters of a loop written by hand. */
function byHand(epochs: number, weights: [number, number]) {
  const model = twoByTwo();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const history: Record<string, number[]> = { loss: [], output1Loss: [], output2Loss: [] };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const sums = [0, 0, 0];
    for (let from = 0; from < ROWS; from += BATCH) {
      scope(() => {
        const [a, b, age, kind] = [...x, ...y].map((part) => part.slice(0, from, Math.min(ROWS, from + BATCH)));
        const [ageSaid, kindSaid] = model.forward(a!, b!) as Tensor[];
        const first = F.mseLoss(ageSaid!, age!);
        const second = F.crossEntropy(kindSaid!, kind!);
        const loss = first.mul(weights[0]).add(second.mul(weights[1]));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        [loss, first, second].forEach((value, i) => {
          sums[i]! += value.item() * a!.shape[0]!;
        });
      });
    }
    Object.values(history).forEach((list, i) => {
      list.push(sums[i]! / ROWS);
    });
  }
  return { history, state: stateOf(model) };
}

const stateOf = (model: nn.Module) =>
  Object.entries(model.stateDict()).map(([name, value]) => [name, Array.from(value.dataSync())]);

describe('training several outputs', () => {
  it.each([
    ['compiled', false],
    ['eager', true],
  ])('%s gives the numbers of a loop written by hand', async (_, looks) => {
    const expected = byHand(3, [0.5, 2]);
    const model = twoByTwo(looks);
    const trainer = new Trainer(model, {
      optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }),
      loss: ['mse', 'crossEntropy'],
      lossWeights: [0.5, 2],
    });
    const history = await trainer.fit(x, y, { epochs: 3, batchSize: BATCH, shuffle: false, ...quiet });
    expect(history).toEqual(expected.history);
    expect(stateOf(model)).toEqual(expected.state);
  });

  it('accepts losses in a list or by output name, as names, modules and functions', async () => {
    const forms: Losses[] = [
      ['mse', 'crossEntropy'],
      [new nn.MSELoss(), new nn.CrossEntropyLoss()],
      [F.mseLoss, (output: Tensor, target: Tensor) => F.crossEntropy(output, target, { reduction: 'none' })],
    ];
    const [first, ...others] = forms.map((loss) => trainerOf(loss, { lossWeights: [1, 3] }).trainer);
    const expected = await first!.evaluate(x, y);
    expect(expected.loss!).toBeCloseTo(expected.output1Loss! + 3 * expected.output2Loss!, 5);
    for (const trainer of others) {
      const found = await trainer.evaluate(x, y);
      for (const name of Object.keys(expected)) expect(found[name]!).toBeCloseTo(expected[name]!, 6);
    }
    const model = twoByTwo();
    const byName = new Trainer(model, {
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      loss: { age: 'mse', kind: 'crossEntropy' },
      lossWeights: { kind: 3 },
    });
    const { loss, ageLoss, kindLoss } = await byName.evaluate(x, y);
    expect([loss, ageLoss, kindLoss]).toEqual([expected.loss, expected.output1Loss, expected.output2Loss]);
  });

  it('accepts targets from data sets, loaders, generators and for validation', async () => {
    const set = new data.TensorDataset(...x, ...y);
    const expected = await named().trainer.evaluate(x, y, { batchSize: BATCH });
    const own: data.Dataset = { length: ROWS, get: (i) => [...x, ...y].map((part) => part.select(0, i)) };
    const rows = (from: number) => [...x, ...y].map((part) => part.slice(0, from, Math.min(ROWS, from + BATCH)));
    function* batches() {
      for (let from = 0; from < ROWS; from += BATCH) yield rows(from);
    }
    const asBatches = [rows(0), rows(4), rows(8), rows(12)];
    for (const examples of [set, own, new data.DataLoader(set, { batchSize: BATCH }), batches, asBatches]) {
      const found = await named().trainer.evaluate(examples, { batchSize: BATCH });
      for (const name of Object.keys(expected)) expect(found[name]!, name).toBeCloseTo(expected[name]!, 6);
      const { trainer } = named();
      trainer.optimizer.paramGroups[0]!.lr = 0;
      const history = await trainer.fit(set, { validationData: examples, ...quiet });
      expect(history.valKindLoss![0]).toBeCloseTo(expected.kindLoss!, 6);
    }
    const { trainer } = named();
    trainer.optimizer.paramGroups[0]!.lr = 0;
    const both = await trainer.fit(x, y, { validationData: [x, y], ...quiet });
    expect(both.valLoss![0]).toBeCloseTo(expected.loss!, 6);
    const split = await trainer.fit(x, y, { validationSplit: 0.3, ...quiet });
    const last = [...x, ...y].map((part) => part.slice(0, 9, ROWS));
    const rest = await trainer.evaluate([last[0]!, last[1]!], [last[2]!, last[3]!]);
    expect(split.valAgeLoss![0]).toBeCloseTo(rest.ageLoss!, 6);
  });

  it('weighs examples in every loss', async () => {
    const { trainer, model } = named();
    const each = scope(() =>
      noGrad(() => {
        const [age, kind] = model.forward(...x) as Tensor[];
        const losses = [
          F.mseLoss(age!, ages, { reduction: 'none' }),
          F.crossEntropy(kind!, kinds, { reduction: 'none' }),
        ];
        return losses.map((loss) => Array.from(loss.dataSync()));
      }),
    );
    const [age, kind] = each.map((losses) => losses.reduce((sum, loss, i) => sum + loss * sampleWeight[i]!, 0) / ROWS);
    const found = await trainer.evaluate(x, y, { sampleWeight, batchSize: BATCH });
    expect(found.ageLoss!).toBeCloseTo(age!, 5);
    expect(found.kindLoss!).toBeCloseTo(kind!, 5);
    expect(found.loss!).toBeCloseTo(age! + kind!, 5);
    trainer.optimizer.paramGroups[0]!.lr = 0;
    const validationData = [x, y, sampleWeight] as const;
    const history = await trainer.fit(x, y, { sampleWeight, validationData, ...quiet });
    expect([history.kindLoss![0]!, history.valKindLoss![0]!].map((v) => v.toFixed(4))).toEqual(
      [kind!, kind!].map((v) => v.toFixed(4)),
    );
  });

  it('learns, and stops when an output no longer learns', async () => {
    const { trainer, model } = trainerOf(['mse', 'crossEntropy'], { metrics: [['mae'], ['accuracy']] });
    const stopping = new EarlyStopping({ monitor: 'valOutput2Accuracy', patience: 2 });
    const plateau = new ReduceLROnPlateau({ monitor: 'output1Mae', patience: 1 });
    const seen: string[][] = [];
    const callbacks = [
      stopping,
      plateau,
      { onBatchEnd: (_: number, logs: object) => void seen.push(Object.keys(logs)) },
    ];
    const history: History = await trainer.fit(x, y, { epochs: 200, validationData: [x, y], callbacks, ...quiet });
    expect(stopping.stoppedEpoch).not.toBeNull();
    const names = ['loss', 'output1Loss', 'output2Loss', 'output1Mae', 'output2Accuracy'];
    expect(seen[0]).toEqual(names);
    expect(Object.keys(history)).toEqual([...names, ...names.map((n) => `val${n[0]!.toUpperCase()}${n.slice(1)}`)]);
    expect(history.loss.at(-1)!).toBeLessThan(history.loss[0]!);
    await expect(
      trainer.fit(x, y, { callbacks: [new EarlyStopping({ monitor: 'kindLoss' })], ...quiet }),
    ).rejects.toThrow(`there is no kindLoss to monitor (there are: ${names.join(', ')})`);
    expect(model.training).toBe(true);
  });
});

describe('metrics', () => {
  it('are computed from their own output', async () => {
    const { trainer, model } = trainerOf(['mse', 'crossEntropy'], {
      metrics: [['mae', (target, output) => target.sub(output).abs().max()], ['accuracy']],
    });
    const [age, kind] = scope(() =>
      noGrad(() => (model.forward(...x) as Tensor[]).map((output) => Array.from(output.dataSync()))),
    );
    const differences = Array.from(ages.dataSync(), (value, i) => Math.abs(value - age![i]!));
    const right = Array.from(kinds.dataSync(), (value, i) => {
      const scores = kind!.slice(3 * i, 3 * i + 3);
      return Number(scores.indexOf(Math.max(...scores)) === value);
    });
    const logs = await trainer.evaluate(x, y);
    expect(logs.output1Mae!).toBeCloseTo(differences.reduce((a, b) => a + b) / ROWS, 5);
    expect(logs.output1Metric1!).toBeCloseTo(Math.max(...differences), 5);
    expect(logs.output2Accuracy!).toBeCloseTo(right.reduce((a, b) => a + b) / ROWS, 9);
  });

  it('may be given for only some outputs, by name', async () => {
    const model = twoByTwo();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const loss = { age: 'mse', kind: 'crossEntropy' };
    const trainer = new Trainer(model, { optimizer, loss, metrics: { kind: ['accuracy', 'f1'] } });
    expect(Object.keys(await trainer.evaluate(x, y))).toEqual([
      'loss',
      'ageLoss',
      'kindLoss',
      'kindAccuracy',
      'kindF1',
    ]);
  });
});

describe('predict', () => {
  it('gives a list, in batches', async () => {
    const { trainer, model } = trainerOf(['mse', 'crossEntropy']);
    const [age, kind] = await trainer.predict(x, { batchSize: BATCH });
    const expected = scope(() => noGrad(() => (model.forward(...x) as Tensor[]).map((t) => t.toArray())));
    expect([age!.shape, kind!.shape]).toEqual([
      [ROWS, 1],
      [ROWS, 3],
    ]);
    [age!, kind!].forEach((found, i) => {
      const values = (expected[i] as number[][]).flat();
      Array.from(found.dataSync()).forEach((value, j) => {
        expect(value).toBeCloseTo(values[j]!, 5);
      });
    });
  });

  it('gives a tensor if there is one loss and one output', async () => {
    const model = new nn.Linear(3, 2);
    const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loss: 'mse' });
    const found: Tensor = await trainer.predict(x[0]);
    expect(found.shape).toEqual([ROWS, 2]);
  });
});

it('a single loss function gets all outputs', async () => {
  const model = twoByTwo();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const loss = (outputs: unknown, target: Tensor) => {
    const [age, kind] = outputs as [Tensor, Tensor];
    return F.crossEntropy(kind, target).add(age.square().mean());
  };
  const { loss: losses } = await new Trainer(model, { optimizer, loss }).fit(x, kinds, { epochs: 3, ...quiet });
  expect(losses[2]!).toBeLessThan(losses[0]!);
});

it('training several outputs leaks nothing', async () => {
  const { trainer, model } = trainerOf(['mse', 'crossEntropy'], { lossWeights: [1, 0.5], metrics: [['mae'], []] });
  const options = { validationData: [x, y] as const, sampleWeight, batchSize: BATCH, ...quiet };
  await trainer.fit(x, y, options);
  const before = inUse();
  for (let i = 0; i < 3; i++) {
    await trainer.fit(x, y, options);
    for (const output of await trainer.predict(x)) output.dispose();
  }
  expect(inUse()).toEqual(before);
  model.dispose();
});
