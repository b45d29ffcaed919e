/** What the checked mode of executors finds. The whole suite can run in it. */
import { describe, expect, it } from 'vitest';
import { encodeFill } from '../../bindings/generated/encode.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { CheckedHeap, HeapFault } from '../support/checkedHeap.ts';
import { variants } from '../support/executors.ts';

const makers = { wasm: () => new WasmExecutor({ variant: variants[0]! }), reference: () => new ReferenceExecutor() };

describe.each(Object.entries(makers))('a checked heap of %s', (_, make) => {
  const executor = make();
  const heap = new CheckedHeap(executor);
  const { allocator, program } = executor;

  const freed = (elements: number) => {
    const address = allocator.allocate(elements);
    allocator.release(address, elements);
    return address;
  };

  it('counts like an unchecked heap', () => {
    const plain = make().allocator;
    for (const elements of [0, 1, 16, 17, 5000]) {
      const [a, b] = [allocator.allocate(elements), plain.allocate(elements)];
      expect([allocator.blocks, allocator.bytesInUse]).toEqual([plain.blocks, plain.bytesInUse]);
      allocator.release(a, elements);
      plain.release(b, elements);
      expect([allocator.blocks, allocator.bytesInUse]).toEqual([0, 0]);
    }
  });

  it('allocates memory that holds NaN, and fills freed memory with NaN', () => {
    const address = allocator.allocate(3);
    expect([...executor.read(address, 3, 'float32')]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    executor.write(address, [1, 2, 3], 'float32');
    allocator.release(address, 3);
    const view = Object.getPrototypeOf(executor).read.call(executor, address, 3, 'float32') as Float32Array;
    expect([...view]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it('finds a block that is released twice, and says where it was released before', () => {
    const address = freed(8);
    expect(() => allocator.release(address, 8)).toThrow(HeapFault);
    expect(() => allocator.release(address, 8)).toThrow(/twice; released .*freed.*/s);
    expect(allocator.blocks).toBe(0);
  });

  it('finds releases of blocks that do not exist or have another size', () => {
    const address = allocator.allocate(8);
    expect(() => allocator.release(address + 1, 8)).toThrow('where no block starts');
    expect(() => allocator.release(2 ** 30 + 16, 8)).toThrow('where no block starts');
    expect(() => allocator.release(address, 4)).toThrow('as 4 elements; it has 8');
    allocator.release(address, 8);
  });

  it('finds commands, reads and writes on freed memory', () => {
    const address = freed(8);
    encodeFill(program, { y: address, n: 8, value: 0, integer: 1 });
    expect(() => executor.run()).toThrow(`fill.y at ${address} after its release`);
    expect(program.commands).toBe(0);
    expect(() => executor.read(address, 8, 'float32')).toThrow('a read at');
    expect(() => executor.get(address + 1, 'int32')).toThrow('a read at');
    expect(() => executor.write(address, [1], 'float32')).toThrow('a write at');
  });

  it('finds loaded programs that are run on freed memory', () => {
    const address = allocator.allocate(8);
    encodeFill(program, { y: address, n: 8, value: 7, integer: 1 });
    const loaded = executor.load(program.words.slice(0, program.length), 1);
    program.clear();
    loaded.run();
    expect(executor.get(address, 'int32')).toBe(7);
    allocator.release(address, 8);
    expect(() => loaded.run()).toThrow('after its release');
    loaded.dispose();
  });

  it('finds writes outside a block', () => {
    const address = allocator.allocate(8);
    encodeFill(program, { y: address, n: 9, value: 0, integer: 1 });
    executor.run();
    expect(() => heap.checkAll()).toThrow('element 8 of a block of 8 elements was written');
    expect(() => allocator.release(address, 8)).toThrow('element 8 of a block of 8 elements was written');
    expect(() => executor.write(address, new Float32Array(9), 'float32')).toThrow('the block ends after 8');
  });
});
