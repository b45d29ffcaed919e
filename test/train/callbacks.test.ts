/** Callbacks: when they are called, and what the ready-made ones do. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  type Callback,
  EarlyStopping,
  type Logs,
  LRScheduler,
  manualSeed,
  nn,
  optim,
  ReduceLROnPlateau,
  randn,
  type Tensor,
  Trainer,
  type TrainingState,
} from '../../src/index.ts';
import {
  CSVLogger,
  loadModel,
  loadSafetensors,
  ModelCheckpoint,
  ProgressBar,
  readCsv,
  saveModel,
} from '../../src/node/index.ts';

const wrong = (x: unknown) => x as never;

function setUp() {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(2, 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const trainer = new Trainer(model, { optimizer, loss: 'mse' });
  const [x, y] = [randn(20, 2), randn(20, 1)];
  const fit = (callbacks: Callback[], epochs = 3) =>
    trainer.fit(x, y, { epochs, batchSize: 10, callbacks, validationSplit: 0.5, verbose: 0 });
  return { model, optimizer, trainer, x, y, fit };
}

/** A trainer for calling callbacks by hand. */
function state(lr = 1): TrainingState {
  const model = new nn.Linear(1, 1);
  return {
    model,
    optimizer: new optim.SGD(model.parameters(), { lr }),
    plan: { epochs: 9, batches: 1 },
    stopTraining: false,
  };
}

/** The number of epochs until a callback stops, for these values. */
function epochsUntilStop(callback: EarlyStopping, values: number[], name = 'valLoss'): number {
  const trainer = state();
  callback.onTrainBegin();
  for (const [epoch, value] of values.entries()) {
    callback.onEpochEnd(epoch, { [name]: value }, trainer);
    if (trainer.stopTraining) return epoch;
  }
  return -1;
}

it('callbacks are called in order, and awaited', async () => {
  const { fit, trainer } = setUp();
  const calls: string[] = [];
  const slow: Callback = {
    onTrainBegin: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      calls.push('train begin');
    },
    onEpochBegin: (epoch) => void calls.push(`epoch ${epoch}`),
    onBatchEnd: (batch, logs) => void calls.push(`batch ${batch} ${Object.keys(logs)}`),
    onEpochEnd: async (epoch, logs, it) => {
      expect(it).toBe(trainer);
      await Promise.resolve();
      calls.push(`end ${epoch} ${Object.keys(logs)}`);
      if (epoch === 1) it.stopTraining = true;
    },
    onTrainEnd: () => void calls.push('train end'),
  };
  await fit([slow], 5);
  expect(calls).toEqual([
    'train begin',
    ...[0, 1].flatMap((epoch) => [`epoch ${epoch}`, 'batch 0 loss', `end ${epoch} loss,valLoss`]),
    'train end',
  ]);
});

describe('EarlyStopping', () => {
  it('waits for its patience', () => {
    expect(epochsUntilStop(new EarlyStopping(), [3, 2, 2, 1])).toBe(2);
    expect(epochsUntilStop(new EarlyStopping({ patience: 2 }), [3, 2, 2.5, 1.9, 2, 2])).toBe(5);
    expect(epochsUntilStop(new EarlyStopping({ patience: 2, minDelta: 0.5 }), [3, 2.8, 2.6])).toBe(2);
    expect(epochsUntilStop(new EarlyStopping({ patience: 2 }), [3, 2, 1, 0])).toBe(-1);
    expect(epochsUntilStop(new EarlyStopping(), [3, Number.NaN])).toBe(1);
  });

  it('knows which values should rise', () => {
    expect(epochsUntilStop(new EarlyStopping({ monitor: 'valAccuracy' }), [0.5, 0.6, 0.7], 'valAccuracy')).toBe(-1);
    expect(epochsUntilStop(new EarlyStopping({ monitor: 'gain', mode: 'max' }), [1, 2, 1], 'gain')).toBe(2);
    expect(epochsUntilStop(new EarlyStopping({ monitor: 'accuracy', mode: 'min' }), [0.5, 0.6], 'accuracy')).toBe(1);
  });

  it('restores the best weights', async () => {
    const { fit, model, optimizer } = setUp();
    const weights = () => model.parameters().flatMap((p) => [...p.dataSync()]);
    const best: number[][] = [];
    const stopping = new EarlyStopping({ patience: 2, restoreBestWeights: true });
    const spoil: Callback = {
      onEpochEnd(epoch) {
        best.push(weights());
        if (epoch === 1) optimizer.paramGroups[0]!.lr = 20;
      },
    };
    const history = await fit([spoil, stopping], 20);
    const losses = history.valLoss!;
    const at = losses.indexOf(Math.min(...losses));
    expect(losses.length).toBe(at + 3);
    expect(stopping.stoppedEpoch).toBe(at + 2);
    expect(weights()).toEqual(best[at]);
    expect(weights()).not.toEqual(best[best.length - 1]);
  });

  it('refuses values that it cannot monitor', async () => {
    const { fit } = setUp();
    await expect(fit([new EarlyStopping({ monitor: 'valAccuracy' })])).rejects.toThrow(
      'EarlyStopping: there is no valAccuracy to monitor (there are: loss, valLoss)',
    );
    expect(() => new EarlyStopping({ mode: wrong('up') })).toThrow(ArgumentError);
    expect(() => new EarlyStopping({ patience: -1 })).toThrow('patience must be a whole number of at least 0');
  });
});

describe('learning rates are changed by', () => {
  it('LRScheduler with a function', async () => {
    const { fit, optimizer } = setUp();
    const rates: number[] = [];
    const watch: Callback = { onEpochEnd: () => void rates.push(optimizer.paramGroups[0]!.lr) };
    await fit([new LRScheduler((epoch, lr) => (epoch === 0 ? lr : lr / 2)), watch]);
    expect(rates).toEqual([0.1, 0.05, 0.025]);
    await expect(fit([new LRScheduler(() => -1)])).rejects.toThrow('the learning rate must be at least 0');
    expect(() => new LRScheduler(wrong(3))).toThrow('expected a function (epoch, lr) => lr or a scheduler');
  });

  it('LRScheduler with a scheduler', async () => {
    const { fit } = setUp();
    const steps: unknown[] = [];
    const scheduler = { step: (metric?: number) => void steps.push(metric) };
    await fit([new LRScheduler(scheduler)], 2);
    const { loss } = await fit([new LRScheduler(scheduler, { monitor: 'loss' })], 2);
    expect(steps).toEqual([undefined, undefined, ...loss]);
  });

  it('ReduceLROnPlateau after its patience, with cooldown and a minimum', () => {
    const rates = (options: ConstructorParameters<typeof ReduceLROnPlateau>[0], values: number[]) => {
      const callback = new ReduceLROnPlateau(options);
      const trainer = state(1);
      callback.onTrainBegin();
      return values.map((value, epoch) => {
        callback.onEpochEnd(epoch, { valLoss: value }, trainer);
        return trainer.optimizer.paramGroups[0]!.lr;
      });
    };
    expect(rates({ patience: 2, factor: 0.5 }, [1, 1, 1, 1, 1])).toEqual([1, 1, 0.5, 0.5, 0.25]);
    expect(rates({ patience: 1, factor: 0.5, cooldown: 2 }, [1, 1, 1, 1, 1])).toEqual([1, 0.5, 0.5, 0.5, 0.25]);
    expect(rates({ patience: 1, factor: 0.1, minLr: 0.05 }, [1, 1, 1])).toEqual([1, 0.1, 0.05]);
    expect(rates({ patience: 1, factor: 0.5, minDelta: 0.2 }, [1, 0.9, 0.7])).toEqual([1, 0.5, 0.5]);
    expect(() => new ReduceLROnPlateau({ factor: 1 })).toThrow('factor must lie between 0 and 1');
  });
});

describe('saraf/node', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('ModelCheckpoint writes every epoch, or the best one', async () => {
    const { fit, model } = setUp();
    const best = new ModelCheckpoint(join(dir, 'best.safetensors'), { saveBestOnly: true });
    const history = await fit([new ModelCheckpoint(join(dir, 'model-{epoch}.safetensors')), best], 3);
    expect(readdirSync(dir).sort()).toEqual(['best.safetensors', ...[1, 2, 3].map((i) => `model-${i}.safetensors`)]);
    const last = loadModel(join(dir, 'model-3.safetensors'));
    expect([last.epoch, last.optimizer instanceof optim.SGD]).toEqual([3, true]);
    expect(last.model.parameters().map((p) => p.toArray())).toEqual(model.parameters().map((p) => p.toArray()));
    const losses = history.valLoss!;
    expect(loadModel(join(dir, 'best.safetensors')).epoch).toBe(losses.indexOf(Math.min(...losses)) + 1);
    expect(() => new ModelCheckpoint(wrong(3))).toThrow('path must be a text');
  });

  it('ModelCheckpoint makes its folder, refuses models that cannot be saved early, and can write only the weights', async () => {
    class Net extends nn.Module {
      layer = new nn.Linear(2, 1);
      override forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    const { x, y } = setUp();
    const model = new Net();
    const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loss: 'mse' });
    const path = join(dir, 'a', 'b', 'weights-{epoch}.safetensors');
    let epochs = 0;
    const count: Callback = { onEpochEnd: () => void epochs++ };
    const fit = (saveWeightsOnly: boolean) =>
      trainer.fit(x, y, {
        epochs: 2,
        verbose: false,
        callbacks: [count, new ModelCheckpoint(path, { saveWeightsOnly })],
      });
    await expect(fit(false)).rejects.toThrow('saveModel: the layer Net is not known');
    expect(epochs).toBe(0);
    await fit(true);
    const state = loadSafetensors(path.replace('{epoch}', '2'));
    expect(Object.entries(state).map(([name, t]) => [name, t.toArray()])).toEqual(
      Object.entries(model.stateDict()).map(([name, t]) => [name, t.toArray()]),
    );
    expect(() => saveModel(model.layer, join(dir, 'none', 'x'))).toThrow(`there is no folder ${join(dir, 'none')}`);
    expect(() => saveModel(wrong('x'), wrong(model))).toThrow('saveModel: expected a module');
  });

  it('CSVLogger writes a table', async () => {
    const { fit } = setUp();
    const path = join(dir, 'log.csv');
    const history = await fit([new CSVLogger(path)], 3);
    const table = readCsv(path);
    expect(table.columns).toEqual(['epoch', 'loss', 'valLoss']);
    expect(table.column('epoch')).toEqual([0, 1, 2]);
    expect(table.column('loss')).toEqual(history.loss);
    await fit([new CSVLogger(path, { append: true })], 1);
    expect(readCsv(path).length).toBe(4);
    await fit([new CSVLogger(path, { separator: ';' })], 1);
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe('epoch;loss;valLoss');
  });

  it('ProgressBar prints nothing if there is no terminal', async () => {
    const { fit } = setUp();
    const before: Logs[] = [];
    await fit([new ProgressBar(), { onEpochEnd: (_, logs) => void before.push(logs) }], 2);
    expect(before).toHaveLength(2);
  });
});
