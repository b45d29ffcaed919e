/** `device: 'auto'`: where programs run for given rates, and where the tensors are that they use and change. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  compile,
  DeviceError,
  F,
  init,
  manualSeed,
  memory,
  move,
  nn,
  optim,
  runtimeInfo,
  scope,
  type Tensor,
  Trainer,
  tensor,
} from '../../src/index.ts';
import { candidates, setRates } from '../../src/runtime/runtime.ts';
import type { Rates } from '../../src/webgpu/rates.ts';
import { collectGarbage } from '../support/garbage.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, randomInts } from '../support/heap.ts';

/** A machine whose GPU is slow to start and then ten times as fast. */
const machine: Rates = {
  cpu: { command: 1, smallProduct: 20_000, product: 50_000, element: 7_000 },
  gpu: {
    ...{ roundTrip: 200, launch: 5, workgroup: 20_000, product: 1_000_000, element: 70_000 },
    ...{ upload: 4_000, download: 4_000 },
  },
};
/** The same, except that one of the two takes no time. */
const freeGpu: Rates = {
  cpu: machine.cpu,
  gpu: {
    ...{ roundTrip: 0, launch: 0, workgroup: Infinity, product: Infinity, element: Infinity },
    ...{ upload: Infinity, download: Infinity },
  },
};
const costlyGpu: Rates = { cpu: machine.cpu, gpu: { ...machine.gpu, roundTrip: 1e12 } };

const floats = (seed: number, ...shape: number[]) =>
  tensor(
    Float32Array.from(
      randomFloats(
        shape.reduce((a, b) => a * b),
        seed,
      ),
    ),
    { shape },
  );

function problem() {
  manualSeed(3);
  const model = new nn.Sequential(
    new nn.Linear(6, 8, { bias: false }),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    new nn.Linear(8, 3),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const x = floats(5, 10, 6);
  const y = tensor(Int32Array.from(randomInts(10, 6, 0, 3)));
  const step = (input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, optimizer, x, y, step };
}

/** The losses of this many steps with the given rates, and of three on the CPU afterwards. */
async function losses(given: Rates, steps = 6) {
  setRates(given);
  const { model, optimizer, x, y, step } = problem();
  const run = compile(step, { device: 'auto' });
  const found: number[] = [];
  for (let i = 0; i < steps; i++) found.push((await run(x, y).data())[0]!);
  const { placement } = run;
  await move([model, optimizer], 'wasm');
  for (let i = 0; i < 3; i++) found.push(step(x, y).item());
  const evaluated = model.eval().forward(x).toArray();
  run.dispose();
  return { found, evaluated, placement };
}

// Shaders are made at their first use, on a CPU that emulates the GPU.
vi.setConfig({ testTimeout: 60_000 });

describeOnGpu('device auto', (gpu) => {
  beforeEach(async () => {
    setRates(machine);
    await init({ device: 'wasm' });
  });
  afterEach(() => setRates(null));

  test('depends on the batch size, and gives the reason', async () => {
    const layer = new nn.Linear(256, 256);
    const forward = compile((x: Tensor) => layer.forward(x).relu(), { device: 'auto' });
    expect(forward.placement).toBeNull();
    const small = floats(1, 2, 256);
    const large = floats(2, 512, 256);
    expect(forward(small).device).toBe('wasm');
    expect(forward.placement).toMatchObject({ device: 'wasm', reason: 'estimated to be faster there' });
    const { estimate } = forward.placement!;
    expect(estimate.wasm).toBeGreaterThan(1);
    expect(estimate.webgpu).toBeGreaterThan(200 + (2 * 2 * 256 * 4) / 4_000);
    const result = forward(large);
    expect(result.device).toBe('webgpu');
    expect(forward.placement!.estimate.webgpu).toBeLessThan(forward.placement!.estimate.wasm!);
    const expected = layer.forward(large).relu().dataSync();
    (await result.data()).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
    expect(forward(small).device).toBe('wasm');
    expect(layer.weight.device).toBe('wasm');
    forward.dispose();
  });

  test('updates a copy of a tensor that is only read', async () => {
    setRates(freeGpu);
    const factor = tensor([2, 3]);
    const scale = compile((x: Tensor) => x.mul(factor), { device: 'auto' });
    const x = tensor([1, 10]);
    expect(await scale(x).data()).toEqual(Float32Array.of(2, 30));
    factor.add_(1);
    expect(factor.toArray()).toEqual([3, 4]);
    const result = scale(x);
    expect(result.device).toBe('webgpu');
    expect(await result.data()).toEqual(Float32Array.of(3, 40));
    scale.dispose();
  });

  test('shares such a copy among programs', async () => {
    setRates(freeGpu);
    // Collects the garbage of other tests now, so that it is not freed while this one counts.
    await collectGarbage();
    const { blocks } = gpu.allocator;
    const table = tensor(new Float32Array(1000).fill(2), { shape: [1000] });
    const sum = compile((x: Tensor) => table.sum().mul(x).sum(), { device: 'auto' });
    const other = compile((x: Tensor) => table.max().mul(x).sum(), { device: 'auto' });
    const bytes = () => gpu.allocator.bytesInUse;
    const read = async (run: typeof sum, n: number) =>
      (await scope(() => ({ v: run(tensor(Array(n).fill(1))).data() })).v)[0];
    expect(await read(sum, 1)).toBe(2000);
    const one = bytes();
    expect(await read(sum, 3)).toBe(6000);
    expect(await read(other, 2)).toBe(4);
    expect(bytes() - one).toBeLessThan(4000);
    scope(() => table.mul_(2));
    expect(await read(other, 2)).toBe(8);
    sum.dispose();
    expect(await read(other, 2)).toBe(8);
    other.dispose();
    expect(gpu.allocator.blocks).toBe(blocks);
  });

  test('keeps everything on the CPU if no GPU was measured', () => {
    setRates(null);
    const twice = compile((x: Tensor) => x.mul(2), { device: 'auto' });
    expect(twice(tensor([1])).toArray()).toEqual([2]);
    expect(twice.placement).toMatchObject({ device: 'wasm', estimate: {} });
    expect(twice.placement!.reason).toContain("init({ device: 'auto' })");
  });

  test('is measured by init on both', async () => {
    setRates(null);
    expect((await init({ device: 'auto' })).device).toBe('wasm');
    expect(runtimeInfo().device).toBe('wasm');
    const rates = candidates().rates!;
    for (const rate of [...Object.values(rates.cpu), ...Object.values(rates.gpu)]) {
      expect(rate).toBeGreaterThan(0);
      expect(rate).toBeLessThan(Infinity);
    }
  });

  test('moves the tensors that training changes, and move() brings them back', async () => {
    const expected = await losses(costlyGpu);
    const got = await losses(freeGpu);
    expect(expected.placement!.device).toBe('wasm');
    expect(got.placement!.device).toBe('webgpu');
    expect(expected.found[8]!).toBeLessThan(expected.found[0]!);
    got.found.forEach((loss, i) => {
      expect(loss, `step ${i}`).toBeCloseTo(expected.found[i]!, 3);
    });
    expect((got.evaluated as number[][])[0]![0]).toBeCloseTo((expected.evaluated as number[][])[0]![0]!, 3);
  });

  test('uses moved tensors where they are', async () => {
    setRates(freeGpu);
    const { model, x, y, step } = problem();
    const run = compile(step, { device: 'auto' });
    run(x, y);
    expect(model.parameters()[0]!.device).toBe('webgpu');
    expect(() => model.forward(x)).toThrow('tensors live on two devices');
    expect(() => model.to('wasm')).toThrow("await move(model, 'wasm')");
    setRates(costlyGpu);
    const weights = tensor([1, 2, 3]);
    const forward = compile((input: Tensor) => model.forward(input).mul(weights), { device: 'auto' });
    model.eval();
    const before = await forward(x).data();
    expect(forward.placement).toMatchObject({ device: 'webgpu', reason: 'what it uses lives on webgpu' });
    expect(weights.device).toBe('wasm');
    await move(model, 'wasm');
    const after = forward(x);
    expect(after.device).toBe('wasm');
    after.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(before[i]!, 3);
    });
    expect(() => step(x, y)).toThrow(DeviceError);
    run.dispose();
    forward.dispose();
  });

  test('adds to existing gradients', async () => {
    setRates(freeGpu);
    const w = tensor([1, 2], { requiresGrad: true });
    const add = compile((x: Tensor) => x.mul(w).sum().backward(), { device: 'auto' });
    add(tensor([3, 4]));
    expect(await w.grad!.data()).toEqual(Float32Array.of(3, 4));
    add(tensor([3, 4]));
    expect(await w.grad!.data()).toEqual(Float32Array.of(6, 8));
  });

  test('keeps functions that change their arguments on the CPU', () => {
    setRates(freeGpu);
    const increase = compile((x: Tensor) => x.add_(1).sum(), { device: 'auto' });
    const x = tensor([1, 2]);
    expect(increase(x).item()).toBe(5);
    expect(x.toArray()).toEqual([2, 3]);
    expect(increase.placement!.reason).toBe('it changes its arguments in place');
  });

  test('leaks nothing', async () => {
    const { x, y, model, optimizer, step } = problem();
    const large = floats(7, 300, 6);
    const use = async () => {
      setRates(freeGpu);
      const run = compile(step, { device: 'auto' });
      const forward = compile((input: Tensor) => model.forward(input), { device: 'auto' });
      for (let i = 0; i < 3; i++) scope(() => void [run(x, y), forward(large)]);
      run.dispose();
      forward.dispose();
      await move([model, optimizer], 'wasm');
    };
    await use();
    await use();
    await collectGarbage();
    const before = memory();
    await use();
    expect(memory()).toEqual(before);
  });

  test('is chosen for the Trainer, and the model returns to where it was', async () => {
    const results: number[][] = [];
    for (const given of [costlyGpu, freeGpu]) {
      setRates(given);
      const { model, optimizer, x, y } = problem();
      const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'], device: 'auto' });
      const classWeight = { 0: 2, 2: 1 };
      const options = { epochs: 3, batchSize: 4, validationData: [x, y] as const, verbose: false, classWeight };
      manualSeed(1);
      const history = await trainer.fit(x, y, options);
      const device = given === freeGpu ? 'webgpu' : 'wasm';
      expect(trainer.placement!.device).toBe(device);
      for (const parameter of model.parameters()) expect(parameter.device).toBe('wasm');
      await trainer.fit(x, y, { ...options, epochs: 1 });
      const { loss } = await trainer.evaluate(x, y);
      const output = await trainer.predict(x, { batchSize: 4 });
      expect(trainer.placement!.device).toBe(device);
      expect(output.device).toBe('wasm');
      results.push([...history.loss, ...history.valLoss!, loss!, ...output.dataSync()]);
    }
    results[1]!.forEach((value, i) => {
      expect(value, `result ${i}`).toBeCloseTo(results[0]![i]!, 3);
    });
  });

  test('move() refuses unknown arguments', async () => {
    await expect(move({} as never, 'wasm')).rejects.toThrow('expected a tensor, a module, an optimizer');
  });
});
