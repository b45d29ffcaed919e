import { describe, expect, it } from 'vitest';
import { encodeFill, TABLE_HASH } from '../../bindings/generated/encode.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { moduleBytes } from '../../bindings/wasm/module.ts';
import { supports } from '../../bindings/wasm/probe.ts';
import { sharedModuleBytes } from '../../bindings/wasm/shared.ts';
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

  it.each([false, true])('keeps contents and keeps working when memory grows, shared: %s', (shared) => {
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

describe('the variants', () => {
  const [plain, relaxed] = [moduleBytes('plain'), moduleBytes('relaxed')];
  /** The plain module with each multiply-add pair replaced by one instruction and no-ops; and the number of pairs. */
  function fused(): { bytes: Buffer; pairs: number } {
    let text = Buffer.from(plain).toString('latin1');
    let pairs = 0;
    for (let at = text.indexOf('\x21'); at >= 0; at = text.indexOf('\x21', at + 1)) {
      const local = text.slice(at + 1, at + (text.charCodeAt(at + 1) < 0x80 ? 2 : 3));
      const pair = `\x21${local}\xfd\xe6\x01\x20${local}\xfd\xe4\x01`;
      if (!text.startsWith(pair, at)) continue;
      const fused = `\xfd\x85\x02${'\x01'.repeat(pair.length - 3)}`;
      text = text.slice(0, at) + fused + text.slice(at + pair.length);
      pairs++;
    }
    return { bytes: Buffer.from(text, 'latin1'), pairs };
  }

  it('differ only in their multiply-adds and in one byte that tells them apart', () => {
    const { bytes, pairs } = fused();
    expect(pairs).toBeGreaterThan(1000);
    const different = [...relaxed.keys()].filter((i) => relaxed[i] !== bytes[i]);
    expect(different.map((i) => [bytes[i], relaxed[i]])).toEqual([[0, 1]]);
  });

  it('say which variant they are, and have the same table', () => {
    for (const [bytes, flag] of [[plain, 0] as const, ...(supports('relaxed') ? [[relaxed, 1] as const] : [])]) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
      const { isRelaxed, tableHash } = exports as Record<string, () => number>;
      expect([isRelaxed!(), tableHash!() >>> 0]).toEqual([flag, TABLE_HASH]);
    }
  });

  it('are offered where the whole module is valid', () => {
    expect(supports('plain')).toBe(WebAssembly.validate(plain));
    expect(supports('relaxed')).toBe(WebAssembly.validate(relaxed));
  });
});
