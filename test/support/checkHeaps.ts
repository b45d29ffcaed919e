/**
 * Makes every executor of a test file run with a checked heap: `npm run test:heap` sets this up. In the mode `park` every allocation also parks
 * whatever can be parked: `npm run test:park`.
 */
import { afterAll, vi } from 'vitest';
import { CheckedHeap } from './checkedHeap.ts';

const heaps = vi.hoisted((): { checkAll(): void }[] => []);
const parks = vi.hoisted(() => process.env.MODE === 'park');

vi.mock('../../bindings/wasm/executor.ts', async (load) => {
  const { WasmExecutor: Plain, ...rest } = await load<typeof import('../../bindings/wasm/executor.ts')>();
  class WasmExecutor extends Plain {
    constructor(options: ConstructorParameters<typeof Plain>[0]) {
      super(options);
      heaps.push(new CheckedHeap(this, parks));
    }
  }
  return { ...rest, WasmExecutor };
});

vi.mock('../../src/reference/executor.ts', async (load) => {
  const { ReferenceExecutor: Plain, ...rest } = await load<typeof import('../../src/reference/executor.ts')>();
  class ReferenceExecutor extends Plain {
    constructor(options?: ConstructorParameters<typeof Plain>[0]) {
      super(options);
      heaps.push(new CheckedHeap(this, parks));
    }
  }
  return { ...rest, ReferenceExecutor };
});

afterAll(() => {
  for (const heap of heaps) heap.checkAll();
});
