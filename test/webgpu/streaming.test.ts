/** `predict` on the GPU: batches are transferred while others are computed, and batches may not fit into the device's memory. */
import { afterEach, expect, test } from 'vitest';
import {
  compile,
  init,
  manualSeed,
  memory,
  nn,
  OutOfMemoryError,
  optim,
  type Tensor,
  Trainer,
  tensor,
  zeros,
} from '../../src/index.ts';
import { collectGarbage } from '../support/garbage.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats } from '../support/heap.ts';

const FEATURES = 64;
const ROWS = 1000;

function makeTrainer() {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(FEATURES, 512), new nn.ReLU(), new nn.Linear(512, 3));
  return new Trainer(model, {
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    loss: 'mse',
    device: 'webgpu',
  });
}

describeOnGpu('predict on webgpu', (gpu) => {
  const { heapLimit } = gpu;
  afterEach(() => {
    gpu.heapLimit = heapLimit;
  });

  const inputs = async () => {
    await init({ device: 'wasm' });
    return tensor(Float32Array.from(randomFloats(ROWS * FEATURES, 4)), { shape: [ROWS, FEATURES] });
  };

  test('agrees with the CPU, with results on the device of the inputs', async () => {
    const x = await inputs();
    const trainer = makeTrainer();
    const got = await trainer.predict(x, { batchSize: 300 });
    expect(got.device).toBe('wasm');
    expect(got.shape).toEqual([ROWS, 3]);
    manualSeed(2);
    const model = new nn.Sequential(new nn.Linear(FEATURES, 512), new nn.ReLU(), new nn.Linear(512, 3));
    const expected = model.forward(x).dataSync();
    got.dataSync().forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4);
    });
    const onGpu = await trainer.predict(x.to('webgpu'), { batchSize: 300 });
    expect(onGpu.device).toBe('webgpu');
    expect(await onGpu.data()).toEqual(got.dataSync());
  });

  test('starts the next batch before the results of the previous one have arrived', async () => {
    const x = await inputs();
    const trainer = makeTrainer();
    const events: string[] = [];
    const download = gpu.download.bind(gpu);
    gpu.download = async (...args) => {
      events.push('start');
      const values = await download(...args);
      events.push('end');
      return values;
    };
    try {
      await trainer.predict(x, { batchSize: 100 });
    } finally {
      Reflect.deleteProperty(gpu, 'download');
    }
    let most = 0;
    let open = 0;
    for (const event of events) {
      open += event === 'start' ? 1 : -1;
      most = Math.max(most, open);
    }
    expect(events.length).toBe(20);
    expect(most).toBe(2);
  });

  test('halves batches that do not fit, and leaks nothing', async () => {
    const x = await inputs();
    const trainer = makeTrainer();
    const expected = (await trainer.predict(x, { batchSize: 10 })).dataSync();
    // The heap has space for a few hundred rows at a time.
    await collectGarbage();
    const before = memory();
    gpu.heapLimit = gpu.allocator.bytesReserved / 4;
    const filler = zeros((7 / 8) * gpu.heapLimit, { device: 'webgpu' });
    const { blocks } = gpu.allocator;
    const step = compile((rows: Tensor) => trainer.model.forward(rows as never) as Tensor, { device: 'webgpu' });
    expect(() => step(x)).toThrow(OutOfMemoryError);
    step.dispose();
    expect(gpu.allocator.blocks).toBe(blocks);
    const result = await trainer.predict(x, { batchSize: ROWS });
    const got = result.dataSync();
    result.dispose();
    expect(got.length).toBe(expected.length);
    got.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
    });
    filler.dispose();
    expect(memory()).toEqual(before);
  });
});
