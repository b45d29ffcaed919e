/** Arrays from `alloc` while the memory grows, even during a call: they stay valid, or are refused where an engine cannot keep them. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as kernels from '../../bindings/kernels/index.ts';
import { wasmExecutor } from '../../bindings/wasm/instance.ts';
import { seeded } from '../support/commands.ts';
import { type KernelName, kernelCases } from '../support/kernelCases.ts';

const { alloc, free, init, relu, sum } = kernels;
const names = Object.keys(kernelCases) as KernelName[];
const byName = kernels as unknown as Record<string, (options: object) => unknown>;
const MANY = 3_000_000;

let size = 16;
/** Makes a new executor, by asking for another size. */
const restart = () => init({ memoryMiB: size++, threads: 1 });

afterEach(() => vi.restoreAllMocks());

describe('where an engine reserves enough addresses', () => {
  it('arrays and parts of them stay valid when the memory grows', async () => {
    await restart();
    const x = alloc(4);
    const part = x.subarray(1, 3);
    const { buffer } = x;
    const reserved = wasmExecutor().allocator.bytesReserved;
    const big = alloc(16 << 20);
    expect(wasmExecutor().allocator.bytesReserved).toBeGreaterThan(reserved);
    expect([x.length, x.buffer === buffer]).toEqual([4, true]);
    x.set([5, -6, 7, 8]);
    expect(sum({ x })).toBe(14);
    relu({ x: part, y: part });
    expect(Array.from(x)).toEqual([5, 0, 7, 8]);
    expect(sum({ x: big })).toBe(0);
    for (const array of [x, big]) free(array);
  });

  it('reserved addresses take up no memory', async () => {
    await restart();
    const before = process.memoryUsage().rss;
    const x = alloc(4);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(300);
    expect(wasmExecutor().allocator.bytesReserved).toBeLessThan(2 ** 27);
    free(x);
  });

  it('the whole memory cannot be posted or cloned by mistake', async () => {
    await restart();
    const x = alloc(4);
    expect(() => structuredClone(x)).toThrow('could not be cloned');
    expect(structuredClone(x.slice())).toEqual(new Float32Array(4));
    free(x);
  });

  it.each([
    ['arrays from alloc', 0],
    ['parts of them', 3],
  ])('a call that makes the memory grow gives its result: %s', async (_, at) => {
    await restart();
    const blocks = [alloc(MANY + 2 * at), alloc(MANY + 2 * at)];
    const [y, twos] = blocks.map((block) => (at === 0 ? block : block.subarray(at, at + MANY))) as [
      Float32Array,
      Float32Array,
    ];
    const reserved = wasmExecutor().allocator.bytesReserved;
    relu({ x: new Float32Array(MANY).fill(3), y });
    expect(wasmExecutor().allocator.bytesReserved).toBeGreaterThan(reserved);
    expect(sum({ x: y })).toBe(3 * MANY);
    const z = new Float32Array(2 * MANY);
    kernels.mul({ a: y, b: twos.fill(2), y: z.subarray(MANY) });
    expect([z[MANY - 1], z[MANY], z[2 * MANY - 1]]).toEqual([0, 6, 6]);
    blocks.forEach(free);
  });
});

describe('where an engine reserves few addresses', () => {
  /** Memories that grow by 64 MiB at a time at most, and whose buffers are not resizable. */
  function confine(): void {
    const { grow } = WebAssembly.Memory.prototype;
    vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (this: WebAssembly.Memory, pages) {
      if (pages > 1024) throw new RangeError('too many');
      return grow.call(this, pages);
    });
  }

  it('reserved memory is used, or the buffer made resizable; otherwise detached arrays are refused by name', async () => {
    confine();
    await restart();
    const x = alloc(8);
    const part = x.subarray(2, 6);
    const first = alloc(8 << 20);
    expect(x.length).toBe(8);
    const second = alloc(20 << 20);
    if ('toResizableBuffer' in WebAssembly.Memory.prototype) {
      expect([x.length, part.length]).toEqual([8, 4]);
    } else {
      expect([x.length, part.length]).toEqual([0, 0]);
      const random = seeded(3);
      for (const name of names) {
        const options = kernelCases[name].make((low, high) => low + Math.floor(random() * (high - low + 1)));
        for (const [key, value] of Object.entries(options)) {
          if (!(value instanceof Float32Array)) continue;
          for (const array of [x, part])
            expect(() => byName[name]!({ ...options, [key]: array })).toThrow(
              `${name}: ${key} is detached because the wasm memory has grown`,
            );
        }
      }
    }
    for (const array of [x, first, second]) free(array);
  });

  it('a call does not detach its own arrays', async () => {
    confine();
    if ('toResizableBuffer' in WebAssembly.Memory.prototype)
      vi.spyOn(WebAssembly.Memory.prototype, 'toResizableBuffer').mockReturnValue(undefined as never);
    await restart();
    const y = alloc(16 << 20);
    const { blocks } = wasmExecutor().allocator;
    const x = new Float32Array(16 << 20).fill(1);
    expect(() => relu({ x, y })).toThrow(kernels.OutOfMemoryError);
    expect([y.length, y[0], wasmExecutor().allocator.blocks]).toEqual([16 << 20, 0, blocks]);
    free(y);
    // Nothing can be detached now.
    const plain = new Float32Array(24 << 20);
    relu({ x: plain.subarray(12 << 20).fill(2), y: plain.subarray(0, 12 << 20) });
    expect([plain[0], plain[(12 << 20) - 1]]).toEqual([2, 2]);
  });
});

describe('shared memory', () => {
  it('parts of arrays are used in place, even after growth', async () => {
    await init({ memoryMiB: size++, threads: 2 });
    const executor = wasmExecutor();
    const x = alloc(8).fill(-1);
    const part = x.subarray(2, 6);
    const big = alloc(16 << 20);
    expect(x.buffer).not.toBe(executor.buffer);
    const write = vi.spyOn(executor, 'write');
    relu({ x: part, y: part });
    expect(write).not.toHaveBeenCalled();
    expect(Array.from(x)).toEqual([-1, -1, 0, 0, 0, 0, -1, -1]);
    free(x);
    expect(() => relu({ x: part, y: part })).toThrow(
      'relu: x is in wasm memory that does not, or no longer, belong to',
    );
    free(big);
    await restart();
  });
});

it('arrays of a memory that init has replaced are not released to the new one', async () => {
  await restart();
  const x = alloc(4);
  const view = new Float32Array(x.buffer, x.byteOffset, 4);
  // As if a block had been released twice: init refuses while arrays are alive.
  Object.defineProperty(wasmExecutor().allocator, 'blocks', { value: 0 });
  await restart();
  expect(() => free(x)).toThrow('free: this array is in a memory that init has replaced');
  expect(() => sum({ x: view })).toThrow('sum: x is in wasm memory that does not, or no longer, belong to');
  expect(wasmExecutor().allocator.blocks).toBe(0);
});
