/** Has every executor of a test file run with a checked heap: what `npm run test:heap` sets up. */
import { afterAll, vi } from 'vitest';
import type { Executor } from '../../bindings/executor.ts';
import { CheckedHeap } from './checkedHeap.ts';

const heaps = vi.hoisted((): { checkAll(): void }[] => []);

vi.mock('../../bindings/wasm/executor.ts', async (load) => {
  const { WasmExecutor: Plain, ...rest } = await load<typeof import('../../bindings/wasm/executor.ts')>();
  class WasmExecutor extends Plain {
    constructor(options: ConstructorParameters<typeof Plain>[0]) {
      super(options);
      heaps.push(new CheckedHeap(this));
    }
  }
  return { ...rest, WasmExecutor };
});

vi.mock('../../src/reference/executor.ts', async (load) => {
  const { ReferenceExecutor: Plain, ...rest } = await load<typeof import('../../src/reference/executor.ts')>();
  class ReferenceExecutor extends Plain {
    constructor(options?: ConstructorParameters<typeof Plain>[0]) {
      super(options);
      heaps.push(new CheckedHeap(this));
    }
  }
  return { ...rest, ReferenceExecutor };
});

vi.mock('../../src/webgpu/executor.ts', async (load) => {
  const module = await load<typeof import('../../src/webgpu/executor.ts')>();
  const { start } = module.WebGpuExecutor;
  module.WebGpuExecutor.start = async () => {
    const executor = await start.call(module.WebGpuExecutor);
    heaps.push(new CheckedHeap(executor as Executor));
    return executor;
  };
  return module;
});

afterAll(() => {
  for (const heap of heaps) heap.checkAll();
});
