/** Peculiarities of the GPU: values arrive later, indices cannot always be checked at once, and the device can be lost. */
import { afterAll, expect, test, vi } from 'vitest';
import {
  ArgumentError,
  compile,
  DeviceError,
  F,
  init,
  manualSeed,
  memory,
  nn,
  rand,
  randperm,
  runtimeInfo,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { candidates, executorFor, setRates } from '../../src/runtime/runtime.ts';
import type { WebGpuExecutor } from '../../src/webgpu/executor.ts';
import { describeOnGpu } from '../support/gpu.ts';

// Shaders are made at their first use, on a CPU that emulates the GPU.
vi.setConfig({ testTimeout: 60_000 });

describeOnGpu('the device webgpu', (gpu) => {
  afterAll(() => {
    gpu.gpu.destroy();
  });

  test('is reported by runtimeInfo', () => {
    expect(runtimeInfo()).toMatchObject({ device: 'webgpu', webgpu: true, simd: 'none' });
    expect(zeros(3).device).toBe('webgpu');
  });

  test('gives values only asynchronously', async () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]).add(1);
    for (const read of [() => t.dataSync(), () => t.toArray(), () => t.sum().item()]) {
      expect(read).toThrow(DeviceError);
      expect(read).toThrow('await tensor.data()');
    }
    expect(String(t)).toBe('Tensor([2,2], float32, 4 elements)');
    expect(await t.data()).toEqual(Float32Array.of(2, 3, 4, 5));
    expect(await t.T.data()).toEqual(Float32Array.of(2, 4, 3, 5));
    expect(await t.gt(2).data()).toEqual(Uint8Array.of(0, 1, 1, 1));
    expect(await zeros(0, 3).data()).toEqual(new Float32Array(0));
    expect(await tensor([1, -2], { dtype: 'int32' }).data()).toEqual(Int32Array.of(1, -2));
  });

  test('gives the values at the time of the call', async () => {
    const t = tensor([1, 2, 3]);
    const before = t.data();
    t.add_(1);
    const after = t.data();
    t.dispose();
    expect(await before).toEqual(Float32Array.of(1, 2, 3));
    expect(await after).toEqual(Float32Array.of(2, 3, 4));
  });

  test('keeps the order of writes and commands', async () => {
    const small = zeros(5);
    const large = zeros(1000);
    const results = [];
    for (let i = 0; i < 20; i++) {
      small.copy_(tensor(new Float32Array(5).fill(i)));
      large.copy_(tensor(new Float32Array(1000).fill(i)));
      results.push(small.sum().add(large.sum()));
    }
    const sums = await Promise.all(results.map(async (sum) => (await sum.data())[0]));
    expect(sums).toEqual(results.map((_, i) => i * 1005));
  });

  test('keeps the contents of its heap when it grows', async () => {
    const before = memory().bytesReserved;
    const t = tensor([1, 2, 3]).mul(2);
    const big = zeros(gpu.allocator.bytesReserved / 4 + 1000).add(1);
    expect(memory().bytesReserved).toBeGreaterThan(before);
    expect(await t.data()).toEqual(Float32Array.of(2, 4, 6));
    expect(await big.sum().data()).toEqual(Float32Array.of(big.numel));
    big.dispose();
  });

  test('checks indices from the host at once, others when something is read', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const wrong = tensor([0, 2], { dtype: 'int32' });
    expect(() => x.indexSelect(0, wrong)).toThrow(ArgumentError);
    expect(() => F.crossEntropy(x, wrong)).toThrow('target 2 is out of range for 2 classes');
    expect(() => x.indexSelect(0, wrong.slice(0, 1, 2))).toThrow(ArgumentError);
    expect(await x.indexSelect(0, wrong.slice(0, 0, 1)).data()).toEqual(Float32Array.of(1, 2));
    await expect(x.indexSelect(0, wrong.add(0)).data()).rejects.toThrow('index 2 is out of range');
    wrong.sub_(1);
    expect(await x.indexSelect(0, wrong.add(0).clamp(0, 1)).data()).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test('does not change the order of a data set', async () => {
    manualSeed(11);
    const onGpu = await randperm(20).data();
    manualSeed(11);
    expect(await randperm(20, { device: 'wasm' }).data()).toEqual(onGpu);
  });

  test('has second derivatives of products of zeros', async () => {
    const x = tensor([2, 0, 3], { requiresGrad: true });
    x.prod().backward();
    expect(await x.grad!.data()).toEqual(Float32Array.of(0, 6, 0));
  });

  test('runs functions that inspect values without them, or says what they need', async () => {
    const p = tensor([0.2, 0.9]);
    expect((await F.binaryCrossEntropy(p, tensor([0, 1])).data())[0]).toBeCloseTo(-Math.log(0.8 * 0.9) / 2, 5);
    await expect(F.binaryCrossEntropy(p.add(1), tensor([0, 1])).data()).rejects.toThrow('between 0 and 1, got 1.2');
    const classes = tensor([2, 0], { dtype: 'int32' });
    expect(await F.oneHot(classes).data()).toEqual(Int32Array.of(0, 0, 1, 1, 0, 0));
    expect(() => F.oneHot(classes.add(0))).toThrow('numClasses must be given, the indices are on webgpu');
    manualSeed(3);
    const onGpu = await nn.init.orthogonal_(zeros(3, 4)).data();
    manualSeed(3);
    expect(onGpu).toEqual(nn.init.orthogonal_(zeros([3, 4], { device: 'wasm' })).dataSync());
  });

  test('can be lost: a function compiled for auto continues on the CPU', async () => {
    await init({ device: 'auto' });
    const rates = candidates().rates!;
    setRates({ ...rates, cpu: { ...rates.cpu, command: 1e12 } });
    const factor = tensor([2, 3]);
    const scale = compile((x: Tensor) => x.mul(factor), { device: 'auto' });
    expect(await scale(tensor([1, 1])).data()).toEqual(Float32Array.of(2, 3));
    expect(scale.placement!.device).toBe('webgpu');
    const lost = executorFor('webgpu') as WebGpuExecutor;
    const reading = scale(tensor([1, 1])).data();
    lost.gpu.destroy();
    await reading.catch((error: unknown) => expect(error).toBeInstanceOf(DeviceError));
    await lost.gpu.lost;
    expect(scale(tensor([1, 1])).toArray()).toEqual([2, 3]);
    expect(scale.placement!.device).toBe('wasm');
    expect(candidates().gpu).toBeNull();
    scale.dispose();
  });

  test('can be lost: reads fail, its tensors say so, and new ones are on the CPU', async () => {
    await init({ device: 'webgpu' });
    const gpu = executorFor('webgpu') as WebGpuExecutor;
    const t = rand(10);
    const reading = t.data();
    const other = t.add(1).data();
    gpu.gpu.destroy();
    await expect(reading.then(() => t.data())).rejects.toThrow(DeviceError);
    await other.catch((error: unknown) => {
      expect(error).toBeInstanceOf(DeviceError);
    });
    await gpu.gpu.lost;
    await expect(t.data()).rejects.toThrow('device webgpu was lost');
    expect(() => t.add(1)).toThrow('the values of tensors that lived there are gone');
    t.dispose();
    expect(runtimeInfo().device).not.toBe('webgpu');
    expect(tensor([1, 2]).add(1).toArray()).toEqual([2, 3]);
    expect(() => zeros(2, { device: 'webgpu' })).toThrow("await init({ device: 'webgpu' })");
    await init({ device: 'webgpu' });
    expect(await tensor([1, 2]).add(1).data()).toEqual(Float32Array.of(2, 3));
    (executorFor('webgpu') as WebGpuExecutor).gpu.destroy();
  });
});
