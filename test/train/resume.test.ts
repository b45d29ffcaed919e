/** Training that stops and continues from its file gives the same bits as training that never stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Callback,
  data,
  EarlyStopping,
  type History,
  init,
  LRScheduler,
  manualSeed,
  nn,
  optim,
  ReduceLROnPlateau,
  Trainer,
} from '../../src/index.ts';
import { loadModel, ModelCheckpoint } from '../../src/node/index.ts';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  await init({ deterministic: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

const EPOCHS = 9;

type Optimizer = optim.Adam | optim.SGD;

/** Everything that belongs to a run, new or from a file. */
function run(kind: 'Adam' | 'SGD', path: string | null) {
  const [x, y] = data.makeMoons(120, { noise: 0.25, seed: 2 });
  manualSeed(7);
  const saved = path === null ? null : loadModel(path);
  const model =
    saved?.model ??
    new nn.Sequential(
      new nn.Linear(2, 16),
      new nn.BatchNorm1d(16),
      new nn.ReLU(),
      new nn.Dropout(0.3),
      new nn.Linear(16, 2),
    );
  const optimizer = (saved?.optimizer ??
    (kind === 'Adam'
      ? new optim.Adam(model.parameters(), { lr: 0.05, weightDecay: 1e-3 })
      : new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }))) as Optimizer;
  const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.7 });
  const plateau = new ReduceLROnPlateau({ patience: 1, factor: 0.5 });
  const stopping = new EarlyStopping({ patience: 3, restoreBestWeights: true });
  const states = { schedule, plateau, stopping };
  if (saved !== null) {
    const scheduler = saved.scheduler as Record<keyof typeof states, never>;
    for (const [name, holder] of Object.entries(states)) holder.loadStateDict(scheduler[name as keyof typeof states]);
  }
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy', 'f1'] });
  const fit = (file: string | null, stopAfter = EPOCHS): Promise<History> => {
    const callbacks: Callback[] = [new LRScheduler(schedule), plateau, stopping];
    if (file !== null) {
      const stateDict = () =>
        Object.fromEntries(Object.entries(states).map(([name, holder]) => [name, holder.stateDict()]));
      callbacks.push(new ModelCheckpoint(file, { scheduler: { stateDict } }));
    }
    // As when a process ends in the middle: nothing that happens at the end of training affects the file.
    callbacks.push({
      onEpochEnd(epoch, _, state) {
        if (epoch + 1 === stopAfter) state.stopTraining = true;
      },
    });
    return trainer.fit(x, y, {
      epochs: EPOCHS,
      initialEpoch: saved?.epoch ?? 0,
      batchSize: 16,
      validationSplit: 0.25,
      callbacks,
      verbose: false,
    });
  };
  const bits = () => ({
    weights: Object.entries(model.stateDict()).map(([name, t]) => [name, [...t.dataSync()]]),
    rates: optimizer.paramGroups.map(({ lr }) => lr),
    stopped: stopping.stoppedEpoch,
  });
  return { fit, bits };
}

const joined = (a: History, b: History): History =>
  Object.fromEntries(Object.entries(a).map(([name, values]) => [name, [...values, ...b[name]!]])) as History;

it.each(['Adam', 'SGD'] as const)(
  '%s resumes with the same bits, with shuffling, dropout, batch norm, schedules and early stopping',
  async (kind) => {
    const whole = run(kind, null);
    const history = await whole.fit(null);
    const expected = whole.bits();
    expect(history.loss.length).toBeGreaterThan(4);
    for (const stopAfter of [1, 3, history.loss.length - 1]) {
      const path = join(dir, `${kind}-${stopAfter}.safetensors`);
      const first = await run(kind, null).fit(path, stopAfter);
      expect(first.loss).toHaveLength(stopAfter);
      const second = run(kind, path);
      const rest = await second.fit(null);
      expect(joined(first, rest)).toEqual(history);
      expect(second.bits()).toEqual(expected);
    }
  },
);

it('resuming differs if the state of early stopping is missing', () => {
  const stopping = new EarlyStopping();
  expect(stopping.stateDict()).toEqual({ best: Infinity, waited: 0, weights: null });
  stopping.loadStateDict({ best: 0.5, waited: 2, weights: null });
  stopping.onTrainBegin();
  expect(stopping.stateDict()).toEqual({ best: 0.5, waited: 2, weights: null });
  stopping.onTrainBegin();
  expect(stopping.stateDict()).toEqual({ best: Infinity, waited: 0, weights: null });
  expect(() => stopping.loadStateDict({ best: 'low' })).toThrow('this is not a state of EarlyStopping');
  expect(() => new ReduceLROnPlateau().loadStateDict({})).toThrow('this is not a state of ReduceLROnPlateau');
  for (const wrong of [Number.NaN, '1', null, -1, 1.5]) {
    const plateau = { best: 1, waited: 1, resting: 1 };
    for (const name of ['best', 'waited', 'resting']) {
      if (name === 'best' && typeof wrong === 'number' && !Number.isNaN(wrong)) continue;
      expect(() => new ReduceLROnPlateau().loadStateDict({ ...plateau, [name]: wrong })).toThrow(
        'this is not a state of',
      );
    }
    expect(() => stopping.loadStateDict({ best: 1, waited: wrong, weights: null })).toThrow('this is not a state of');
    expect(() => stopping.loadStateDict({ best: 1, waited: 1, weights: wrong === null ? 3 : wrong })).toThrow(
      'this is not a state of',
    );
    expect(() => stopping.loadStateDict({ best: 1, waited: 1, weights: { a: [1, null] } })).toThrow(
      'this is not a state',
    );
  }
  const best = new ModelCheckpoint('x', { saveBestOnly: true });
  best.loadStateDict({ best: 0.25 });
  expect(best.stateDict()).toEqual({ best: 0.25 });
});
