/** What is dropped on the GPU comes back, without scopes, and without being disposed: the collector frees it while code awaits. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type Compiled,
  compile,
  F,
  full,
  init,
  keep,
  memory,
  nn,
  noGrad,
  OutOfMemoryError,
  optim,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { cpuExecutor, setRates } from '../../src/runtime/runtime.ts';
import type { Rates } from '../../src/webgpu/rates.ts';
import { collectGarbage } from '../support/garbage.ts';
import { describeOnGpu } from '../support/gpu.ts';

const SIZE = 256;
const BYTES = SIZE * SIZE * 4;

/** A GPU that takes no time. */
const freeGpu: Rates = {
  cpu: { command: 1, smallProduct: 20_000, product: 50_000, element: 7_000 },
  gpu: {
    ...{ roundTrip: 0, launch: 0, workgroup: Infinity, product: Infinity, element: Infinity },
    ...{ upload: Infinity, download: Infinity },
  },
};

function problem() {
  const model = new nn.Sequential(new nn.Linear(SIZE, SIZE), new nn.ReLU(), new nn.Linear(SIZE, 8));
  const optimizer = new optim.Adam(model.parameters());
  const step = (x: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), tensor(new Int32Array(x.shape[0]!), { device: x.device }));
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, optimizer, step };
}

// Shaders are made at their first use, on a CPU that emulates the GPU.
vi.setConfig({ testTimeout: 60_000 });

describeOnGpu('the collector frees', (gpu) => {
  const { heapLimit } = gpu;
  /** What the GPU holds that is more than `before`, once garbage is collected. */
  const more = async (before: number) => {
    await collectGarbage();
    return gpu.allocator.bytesInUse - before;
  };

  beforeEach(async () => {
    await init({ device: 'webgpu' });
    await collectGarbage();
  });
  afterEach(() => {
    gpu.heapLimit = heapLimit;
    setRates(null);
  });

  test('what loops drop that await, before the memory is full', async () => {
    gpu.heapLimit = gpu.allocator.bytesReserved / 4;
    const x = full([SIZE, SIZE], 1);
    const iterations = Math.ceil((5 * gpu.heapLimit * 4) / (3 * BYTES));
    for (let i = 0; i < iterations; i++) {
      const y = x.mul(i).add(1).relu();
      expect((await y.sum().data())[0]).toBe((i + 1) * SIZE * SIZE);
    }
    expect(gpu.allocator.bytesReserved).toBeLessThanOrEqual(gpu.heapLimit * 4);
  });

  test('what loops of training drop', async () => {
    gpu.heapLimit = gpu.allocator.bytesReserved / 4;
    const w = full([SIZE, SIZE], 1, { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.25 });
    const losses: number[] = [];
    // A step makes at least four tensors as large as w.
    const iterations = Math.ceil((3 * gpu.heapLimit * 4) / (4 * BYTES));
    for (let i = 0; i < iterations; i++) {
      optimizer.zeroGrad();
      const loss = w.mul(2).square().mean();
      loss.mul(SIZE * SIZE).backward();
      optimizer.step();
      losses.push((await loss.data())[0]!);
    }
    expect(losses).toEqual(Array(iterations).fill(4));
  });

  test('tensors, their graphs and what was kept, which memory() counts', async () => {
    const before = memory();
    const make = () => {
      const x = full([SIZE, SIZE], 1, { requiresGrad: true });
      scope(() => void keep(x.mul(3)));
      x.mul(2).square().sum().backward();
      noGrad(() => x.reshape(-1)).sum();
      return x.mul(x).relu();
    };
    make();
    expect(memory().bytesInUse).toBeGreaterThan(before.bytesInUse + 4 * BYTES);
    expect(memory().tensors).toBeGreaterThan(before.tensors + 4);
    await collectGarbage();
    expect(memory()).toEqual({ ...before, bytesReserved: memory().bytesReserved });
  });

  test('no tensor whose storage another one has, or a graph', async () => {
    const base = () => full([SIZE, SIZE], 3, { requiresGrad: true });
    const row = noGrad(() => base().mul(2).slice(0, 0, 1));
    const squares = base().square();
    await collectGarbage();
    expect((await row.data())[5]).toBe(6);
    const leaf = full([2], 1, { requiresGrad: true });
    const y = leaf.mul(2).square();
    await collectGarbage();
    y.sum().backward();
    expect(await leaf.grad!.data()).toEqual(Float32Array.of(8, 8));
    expect((await squares.data())[0]).toBe(9);
  });

  test('models and optimizers', async () => {
    const before = gpu.allocator.bytesInUse;
    const use = () => {
      const { step, model } = problem();
      step(full([SIZE, SIZE], 1));
      return model;
    };
    use();
    expect(gpu.allocator.bytesInUse - before).toBeGreaterThan(3 * BYTES);
    expect(await more(before)).toBe(0);
  });

  test('programs', async () => {
    const before = gpu.allocator.bytesInUse;
    const { programs } = memory();
    const use = () => {
      const { step } = problem();
      const run = compile(step);
      for (let i = 0; i < 3; i++) run(full([SIZE, SIZE], 1));
      const constant = zeros(SIZE, SIZE);
      compile((x: Tensor) => x.add(constant.mul(2).add(1)))(full([SIZE, SIZE], 1));
    };
    use();
    expect(memory().programs).toBe(programs + 2);
    expect(gpu.allocator.bytesInUse - before).toBeGreaterThan(6 * BYTES);
    expect(await more(before)).toBe(0);
    expect(memory().programs).toBe(programs);
  });

  test('copies of tensors on the CPU when their programs are gone, and the tensors', async () => {
    await init({ device: 'wasm' });
    setRates(freeGpu);
    const before = gpu.allocator.bytesInUse;
    const x = full([SIZE, SIZE], 1);
    let table: Tensor | null = full([SIZE, SIZE], 2);
    const storage = new WeakRef(table.storage);
    const make = (shared: Tensor): Compiled<[Tensor], Tensor> =>
      compile((input: Tensor) => input.mul(shared).sum(), { device: 'auto' });
    let first: Compiled<[Tensor], Tensor> | null = make(table);
    let second: Compiled<[Tensor], Tensor> | null = make(table);
    const read = async (run: Compiled<[Tensor], Tensor>) => (await scope(() => ({ v: run(x).data() })).v)[0];
    expect(await read(first)).toBe(2 * SIZE * SIZE);
    expect(await read(second)).toBe(2 * SIZE * SIZE);
    expect(first.placement!.device).toBe('webgpu');
    first = null;
    expect(await more(before)).toBeGreaterThan(BYTES);
    noGrad(() => table!.add_(1));
    expect(await read(second)).toBe(3 * SIZE * SIZE);
    second = null;
    expect(await more(before)).toBe(0);
    // The tensor is as it was, and can be copied again.
    second = make(table);
    expect(await read(second)).toBe(3 * SIZE * SIZE);
    second = null;
    table.dispose();
    table = null;
    // It leaves the memory of the CPU when that is full.
    cpuExecutor().residents.clear();
    expect(await more(before)).toBe(0);
    expect(storage.deref()).toBeUndefined();
  });

  test('what a program has moved to the GPU', async () => {
    await init({ device: 'wasm' });
    setRates(freeGpu);
    const before = gpu.allocator.bytesInUse;
    const use = () => {
      const { step, model } = problem();
      const run = compile(step, { device: 'auto' });
      const x = full([SIZE, SIZE], 1);
      run(x);
      run(x);
      expect(model.parameters()[0]!.device).toBe('webgpu');
    };
    use();
    expect(gpu.allocator.bytesInUse - before).toBeGreaterThan(6 * BYTES);
    expect(await more(before)).toBe(0);
  });

  test('nothing inside synchronous code, and the error says what to do', async () => {
    gpu.heapLimit = gpu.allocator.bytesReserved / 4;
    const x = full([SIZE, SIZE], 1);
    const fill = () => {
      for (let i = 0; i < (gpu.heapLimit * 4) / BYTES; i++) x.mul(i);
    };
    expect(fill).toThrow(OutOfMemoryError);
    expect(fill).toThrow(
      /\d+ tensors are alive; on webgpu none of them can make room at once: an await in every iteration.*scope\(\(\) => …\) and dispose\(\) free it at once/,
    );
    await collectGarbage();
    expect((await x.mul(2).sum().data())[0]).toBe(2 * SIZE * SIZE);
  });
});
