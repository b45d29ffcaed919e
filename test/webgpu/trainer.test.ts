/** The Trainer with a model on the GPU, as users use it: callbacks, files, schedules, metrics. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import {
  DeviceError,
  EarlyStopping,
  F,
  init,
  LRScheduler,
  loadModel,
  loadSafetensors,
  manualSeed,
  memory,
  move,
  nn,
  optim,
  saveModel,
  saveModelAsync,
  saveSafetensors,
  saveSafetensorsAsync,
  scope,
  Trainer,
  tensor,
} from '../../src/index.ts';
import { ModelCheckpoint } from '../../src/node/index.ts';
import { collectGarbage } from '../support/garbage.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats } from '../support/heap.ts';
import { examples, twoByTwo } from '../support/twoByTwo.ts';

const N = 60;

function setUp() {
  manualSeed(12);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(4 * 9, 3),
  );
  const pixels = Float32Array.from(randomFloats(N * 36, 3));
  const labels = Int32Array.from({ length: N }, (_, i) => i % 3);
  // The class is a bright row.
  labels.forEach((label, i) => {
    for (let j = 0; j < 6; j++) pixels[i * 36 + label * 12 + j]! += 2;
  });
  const x = tensor(pixels, { shape: [N, 1, 6, 6] });
  const y = tensor(labels);
  return { model, x, y };
}

/** Trains with all options; returns the results. */
async function use(device: 'wasm' | 'webgpu', folder: string) {
  const { model, x, y } = setUp();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy', 'f1'], device });
  const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
  const stop = new EarlyStopping({ monitor: 'valLoss', patience: 3, restoreBestWeights: true });
  const path = join(folder, `${device}.safetensors`);
  const callbacks = [stop, new LRScheduler(schedule), new ModelCheckpoint(path)];
  manualSeed(1);
  const history = await trainer.fit(x, y, {
    epochs: 5,
    batchSize: 16,
    validationSplit: 0.2,
    verbose: false,
    callbacks,
  });
  const evaluated = await trainer.evaluate(x, y);
  const output = await trainer.predict(x, { batchSize: 25 });
  expect(output.device).toBe('wasm');
  const accuracy = output.argmax(1).eq(y).to('float32').mean().item();
  const numbers = [
    ...history.loss,
    ...history.valLoss!,
    ...history.valF1!,
    evaluated.loss!,
    evaluated.accuracy!,
    accuracy,
  ];
  return { model, optimizer, path, numbers, lr: optimizer.paramGroups[0]!.lr };
}

// Shaders are made at their first use, on a CPU that emulates the GPU.
vi.setConfig({ testTimeout: 60_000 });

describeOnGpu('a model on webgpu', () => {
  beforeEach(() => init({ device: 'wasm' }).then(() => {}));

  test('is trained, monitored, saved and used as on the CPU', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saraf-webgpu-'));
    try {
      const expected = await use('wasm', folder);
      const got = await use('webgpu', folder);
      expect(got.model.parameters()[0]!.device).toBe('webgpu');
      expect(got.lr).toBe(expected.lr);
      got.numbers.forEach((value, i) => {
        expect(value, `number ${i}`).toBeCloseTo(expected.numbers[i]!, 3);
      });
      const [cpu, gpu] = [expected, got].map(({ path }) => loadModel(readFileSync(path)));
      expect(gpu!.epoch).toBe(cpu!.epoch);
      const wanted = cpu!.model.stateDict();
      for (const [name, value] of Object.entries(gpu!.model.stateDict())) {
        const values = wanted[name]!.dataSync();
        value.dataSync().forEach((number, i) => {
          expect(number, `${name} ${i}`).toBeCloseTo(values[i]!, 3);
        });
      }
      expect(gpu!.optimizer!.stateDict().state).not.toEqual({});
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is saved with its values, or the error says how to read them', async () => {
    const { model } = setUp();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const expected = saveModel(model, { optimizer });
    const weights = saveSafetensors(model.stateDict());
    model.to('webgpu');
    expect(() => saveModel(model)).toThrow('await saveSafetensorsAsync');
    expect(() => saveSafetensors(model.stateDict())).toThrow(DeviceError);
    expect(await saveModelAsync(model, { optimizer })).toEqual(expected);
    expect(await saveSafetensorsAsync(model.stateDict())).toEqual(weights);
    model.loadStateDict(loadSafetensors(weights));
    expect(model.parameters()[0]!.device).toBe('webgpu');
  });

  test('has an optimizer whose state is loaded, moved and freed', async () => {
    const { model, x, y } = setUp();
    const adam = () => new optim.Adam(model.parameters(), { lr: 0.01 });
    const optimizer = adam();
    const train = (by: optim.Adam, device: 'wasm' | 'webgpu') =>
      scope(() => {
        by.zeroGrad();
        F.crossEntropy(model.forward(x.to(device)), y.to(device)).backward();
        nn.utils.clipGradValue_(model.parameters(), 0.5);
        by.step();
        by.zeroGrad();
      });
    train(optimizer, 'wasm');
    model.to('webgpu');
    train(optimizer, 'webgpu');
    const other = adam();
    other.loadStateDict(optimizer.stateDict());
    train(other, 'webgpu');
    expect((other.stateDict().state[0]!.expAvg as { device: string }).device).toBe('webgpu');
    await collectGarbage();
    const before = memory().tensors;
    await move([model, other], 'wasm');
    await collectGarbage();
    expect(memory().tensors).toBe(before);
    train(other, 'wasm');
    expect(() => train(optimizer, 'wasm')).toThrow("await move([model, optimizer], 'wasm')");
    other.dispose();
    optimizer.dispose();
  });

  test('cannot be trained by L-BFGS, which says that it needs values synchronously', () => {
    const { model } = setUp();
    model.to('webgpu');
    const optimizer = new optim.LBFGS(model.parameters());
    expect(() => optimizer.step(() => tensor(1))).toThrow('can be read only asynchronously');
  });

  test('may have several outputs, each with a loss and metrics', async () => {
    const train = async (device: 'wasm' | 'webgpu') => {
      const { x, y } = examples();
      const model = twoByTwo();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const loss = ['mse', 'crossEntropy'];
      const options = { optimizer, loss, lossWeights: [0.5, 2], metrics: [[], ['accuracy']], device };
      const trainer = new Trainer(model, options);
      const history = await trainer.fit(x, y, { epochs: 2, batchSize: 5, shuffle: false, verbose: false });
      const outputs = await Promise.all((await trainer.predict(x)).map((output) => output.data()));
      return [...Object.values(history), ...outputs.map((values) => Array.from(values))];
    };
    const [expected, found] = [await train('wasm'), await train('webgpu')];
    expect(found.map((list) => list.length)).toEqual(expected.map((list) => list.length));
    found.flat().forEach((value, i) => {
      expect(value).toBeCloseTo(expected.flat()[i]!, 4);
    });
  });
});
