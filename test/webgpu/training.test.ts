/** Models on the GPU: the same numbers as on the CPU, eager and compiled, without leaks. */
import { expect, test } from 'vitest';
import {
  compile,
  DeviceError,
  F,
  init,
  manualSeed,
  memory,
  nn,
  optim,
  profile,
  scope,
  type Tensor,
  Trainer,
  tensor,
} from '../../src/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, randomInts } from '../support/heap.ts';

const BATCH = 32;
const FEATURES = 20;
const CLASSES = 5;

function problem(seed: number) {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(FEATURES, 24),
    new nn.ReLU(),
    new nn.Dropout(0.1),
    new nn.Linear(24, 16),
    new nn.Tanh(),
    new nn.Linear(16, CLASSES),
  );
  const x = tensor(Float32Array.from(randomFloats(BATCH * FEATURES, seed)), { shape: [BATCH, FEATURES] });
  const y = tensor(Int32Array.from(randomInts(BATCH, seed, 0, CLASSES)));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = (input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  return { model, x, y, step };
}

/** Images, with convolution, normalisation and pooling. */
function imageProblem(seed: number) {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Conv2d(2, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 8, 3),
    new nn.GroupNorm(2, 8),
    new nn.ReLU(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(8, CLASSES),
  );
  const x = tensor(Float32Array.from(randomFloats(8 * 2 * 8 * 8, seed)), { shape: [8, 2, 8, 8] });
  const y = tensor(Int32Array.from(randomInts(8, seed, 0, CLASSES)));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const step = (input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  return { x, y, step };
}

class LastOutput extends nn.Module {
  lstm = new nn.LSTM(4, 12, { batchFirst: true });
  out = new nn.Linear(12, CLASSES);
  forward(x: Tensor): Tensor {
    const [all] = this.lstm.forward(x);
    return this.out.forward(all.select(1, 5));
  }
}

/** Sequences, read by an LSTM. */
function sequenceProblem(seed: number) {
  manualSeed(seed);
  const model = new LastOutput();
  const x = tensor(Float32Array.from(randomFloats(16 * 6 * 4, seed)), { shape: [16, 6, 4] });
  const y = tensor(Int32Array.from(randomInts(16, seed, 0, CLASSES)));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = (input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), target);
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    return loss.detach();
  };
  return { x, y, step };
}

async function lossCurve(
  device: 'wasm' | 'webgpu',
  compiled: boolean,
  steps = 50,
  make: (seed: number) => Pick<ReturnType<typeof problem>, 'x' | 'y' | 'step'> = problem,
): Promise<number[]> {
  await init({ device });
  const { x, y, step } = make(7);
  const run = compiled ? compile(step) : step;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await run(x, y).data())[0]!);
  return losses;
}

describeOnGpu('training on webgpu', (gpu) => {
  test.each([false, true])('follows the CPU, compiled: %s', async (compiled) => {
    const expected = await lossCurve('wasm', compiled);
    const got = await lossCurve('webgpu', compiled);
    expect(expected[49]!).toBeLessThan(expected[0]! * 0.7);
    got.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]!), `step ${i}: ${loss} and ${expected[i]}`).toBeLessThan(1e-3);
    });
  });

  test.each([
    ['images', imageProblem],
    ['sequences', sequenceProblem],
  ])('of %s follows the CPU', async (_, make) => {
    const expected = await lossCurve('wasm', true, 50, make);
    const got = await lossCurve('webgpu', true, 50, make);
    expect(expected[49]!).toBeLessThan(expected[0]! * 0.8);
    got.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]!), `step ${i}: ${loss} and ${expected[i]}`).toBeLessThan(1e-3);
    });
  });

  test('takes one submission for a compiled step', async () => {
    await init({ device: 'webgpu' });
    const { x, y, step } = problem(3);
    const run = compile(step);
    for (let i = 0; i < 3; i++) run(x, y);
    const before = gpu.queue.submissions;
    for (let i = 0; i < 5; i++) run(x, y);
    expect(gpu.queue.submissions - before).toBe(5);
    expect(run.program?.commands).toBeGreaterThan(10);
  });

  test('leaves memory flat', async () => {
    await init({ device: 'webgpu' });
    const { x, y, step } = problem(5);
    const run = compile(step);
    const use = () => scope(() => void [step(x, y), run(x, y)]);
    for (let i = 0; i < 3; i++) use();
    const before = memory();
    for (let i = 0; i < 10; i++) use();
    expect(memory()).toEqual(before);
    expect(before.bytesReserved).toBeGreaterThan(before.bytesInUse);
  });

  test('a model moves to the GPU', async () => {
    await init({ device: 'wasm' });
    const { model, x } = problem(9);
    model.eval();
    const expected = model.forward(x).dataSync();
    model.to('webgpu');
    expect(model.parameters()[0]!.device).toBe('webgpu');
    expect(() => model.forward(x)).toThrow('tensors live on two devices');
    const got = await model.forward(x.to('webgpu')).data();
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });

  test('a program on the GPU takes inputs from the CPU', async () => {
    await init({ device: 'wasm' });
    const select = compile((x: Tensor, index: Tensor) => x.indexSelect(0, index).mul(2), { device: 'webgpu' });
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const y = select(x, tensor([1, 0, 1], { dtype: 'int32' }));
    expect(y.device).toBe('webgpu');
    expect(await y.data()).toEqual(Float32Array.of(6, 8, 2, 4, 6, 8));
    expect(() => select(x, tensor([1, 0, 2], { dtype: 'int32' }))).toThrow('index 2 is out of range');
    select.dispose();
  });

  test.each([false, true])('a table learns the rows looked up, compiled %s', async (compiled) => {
    const results: number[][] = [];
    for (const device of ['wasm', 'webgpu'] as const) {
      await init({ device });
      const layer = new nn.Embedding(30, 5, { paddingIdx: 2 });
      layer.loadStateDict({ weight: tensor(Float32Array.from(randomFloats(150, 3)), { shape: [30, 5] }) });
      const optimizer = new optim.SGD(layer.parameters(), { lr: 0.5 });
      const step = (first: Tensor, second: Tensor) => {
        optimizer.zeroGrad();
        layer.forward(first).square().sum().add(layer.forward(second).sum()).backward();
        optimizer.step();
      };
      const run = compiled ? compile(step) : step;
      const bytes = new Set<number>();
      for (let i = 0; i < 4; i++) {
        const index = (seed: number) => tensor(randomInts(9, seed, 0, 30), { dtype: 'int32' });
        scope(() => run(index(i), index(i + 10)));
        if (i > 0) bytes.add(memory().bytesInUse);
      }
      expect(bytes.size).toBe(1);
      const tensors = [layer.weight, layer.weight.grad!];
      results.push((await Promise.all(tensors.map((t) => t.data()))).flatMap((values) => Array.from(values)));
      for (const part of [layer, optimizer]) part.dispose();
    }
    results[1]!.forEach((value, i) => {
      expect(value, `element ${i}`).toBeCloseTo(results[0]![i]!, 4);
    });
  });

  test('the Trainer trains, evaluates and predicts', async () => {
    const results: number[][] = [];
    for (const device of ['wasm', 'webgpu'] as const) {
      await init({ device });
      const { model, x, y } = problem(4);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
      manualSeed(8);
      const history = await trainer.fit(x, y, { epochs: 3, batchSize: 10, verbose: false });
      const { loss, accuracy } = await trainer.evaluate(x, y);
      const values = await (await trainer.predict(x)).data();
      results.push([...history.loss, loss!, accuracy!, ...values.subarray(0, 20)]);
    }
    results[1]!.forEach((value, i) => {
      expect(value, `result ${i}`).toBeCloseTo(results[0]![i]!, 3);
    });
  });

  test.each(['RNN', 'GRU', 'LSTM'] as const)(
    '%s and its gradients are right with lengths',
    { timeout: 60_000 },
    async (kind) => {
      const results: number[][] = [];
      for (const device of ['wasm', 'webgpu'] as const) {
        await init({ device });
        manualSeed(6);
        const layer = new nn[kind](5, 7, { bidirectional: true, batchFirst: true });
        const x = tensor(Float32Array.from(randomFloats(6 * 4 * 5, 2)), { shape: [6, 4, 5], requiresGrad: true });
        const [out] = layer.forward(x, undefined, { lengths: [4, 2, 1, 3, 4, 2] });
        out.square().sum().backward();
        const tensors = [out, x.grad!, ...layer.parameters().map((parameter) => parameter.grad!)];
        const values = await Promise.all(tensors.map((t) => t.data()));
        results.push(values.flatMap((list) => Array.from(list)));
      }
      results[1]!.forEach((value, i) => {
        expect(Math.abs(value - results[0]![i]!), `element ${i}`).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      });
    },
  );

  test('cannot be timed by profile', async () => {
    await init({ device: 'webgpu' });
    const step = compile((x: Tensor) => x.mul(2));
    step(tensor([1]));
    expect(() => profile(step)).toThrow(DeviceError);
  });

  test('uses the random numbers of the CPU', async () => {
    const draw = async (device: 'wasm' | 'webgpu') => {
      await init({ device });
      const t = tensor(new Float32Array(1000), { shape: [1000] });
      const drawn = [];
      for (const fill of [nn.init.uniform_, nn.init.normal_]) {
        manualSeed(2 ** 40 + 5);
        drawn.push(await fill(t).data());
      }
      return drawn;
    };
    const [expected, got] = [await draw('wasm'), await draw('webgpu')];
    expected.forEach((values, i) => {
      values.forEach((value, at) => {
        expect(Math.abs(got[i]![at]! - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
      });
    });
  });
});
