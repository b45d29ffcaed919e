import { describe, expect, it } from 'vitest';
import { encodeFill } from '../../bindings/generated/encode.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { moduleBytes, sharedModuleBytes } from '../../bindings/wasm/module.ts';
import { variants } from '../support/executors.ts';

describe.each(variants)('module %s', (variant) => {
  it('has neither data segments nor a table', () => {
    const module = new WebAssembly.Module(moduleBytes(variant));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    expect(WebAssembly.Module.exports(module).filter(({ kind }) => kind !== 'function' && kind !== 'memory')).toEqual(
      [],
    );
  });

  it('differs in one byte for shared memory', () => {
    const bytes = moduleBytes(variant);
    const shared = sharedModuleBytes(bytes);
    const different = [...bytes.keys()].filter((i) => bytes[i] !== shared[i]);
    expect(different.map((i) => [bytes[i], shared[i]])).toEqual([[1, 3]]);
  });

  it.each([false, true])('runs with shared memory: %s', (shared) => {
    const executor = new WasmExecutor({ variant, shared, memoryMiB: 2 });
    expect(executor.memory.buffer instanceof SharedArrayBuffer).toBe(shared);
    const y = executor.allocator.allocate(100);
    encodeFill(executor.program, { y, n: 100, value: 7, integer: 1 });
    executor.run();
    expect(executor.read(y, 100, 'int32')).toEqual(new Int32Array(100).fill(7));
  });

  it.each([false, true])('keeps contents and goes on when memory grows, shared: %s', (shared) => {
    const executor = new WasmExecutor({ variant, shared, memoryMiB: 2 });
    const x = executor.allocator.allocate(3);
    executor.write(x, [1, 2, 3], 'float32');
    const before = executor.allocator.bytesReserved;
    const big = executor.allocator.allocate(4 << 20);
    expect(executor.allocator.bytesReserved).toBeGreaterThan(before);
    expect(executor.read(x, 3, 'float32')).toEqual(new Float32Array([1, 2, 3]));
    encodeFill(executor.program, { y: big, n: 4 << 20, value: 5, integer: 1 });
    executor.run();
    expect(executor.get(big + (4 << 20) - 1, 'int32')).toBe(5);
  });
});
