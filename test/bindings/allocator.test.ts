import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../bindings/errors.ts';
import { Allocator } from '../../bindings/memory/allocator.ts';
import { Residents } from '../../bindings/memory/residents.ts';

const LIMIT = 1 << 20;

function heap(start = 0, limit = LIMIT) {
  const grown: number[] = [];
  const grow = (elements: number) => {
    if (elements > limit) return 0;
    grown.push(elements);
    return elements;
  };
  const allocator = new Allocator(start, 1024, grow, new Residents());
  return { allocator, grown };
}

describe('Allocator', () => {
  it('allocates aligned blocks after the start, never index 0', () => {
    const { allocator } = heap(100);
    for (const n of [0, 1, 15, 16, 17, 1000]) {
      const address = allocator.allocate(n);
      expect(address % 16).toBe(0);
      expect(address).toBeGreaterThanOrEqual(100);
    }
    expect(heap().allocator.allocate(1)).toBeGreaterThan(0);
  });

  it('gives a freed block to the next request of its size', () => {
    const { allocator } = heap();
    const first = allocator.allocate(300);
    allocator.allocate(300);
    allocator.release(first, 300);
    expect(allocator.allocate(290)).toBe(first);
  });

  it('counts bytes and blocks, and is at zero when all are released', () => {
    const { allocator } = heap();
    const blocks = [10, 200, 5000].map((n) => ({ n, address: allocator.allocate(n) }));
    expect(allocator.blocks).toBe(3);
    expect(allocator.bytesInUse).toBeGreaterThanOrEqual(5210 * 4);
    for (const { n, address } of blocks) allocator.release(address, n);
    expect(allocator.blocks).toBe(0);
    expect(allocator.bytesInUse).toBe(0);
  });

  it('merges neighbouring free blocks before it grows', () => {
    const { allocator, grown } = heap();
    const parts = Array.from({ length: 64 }, () => allocator.allocate(1024));
    const before = grown.length;
    for (const address of parts) allocator.release(address, 1024);
    allocator.allocate(32 * 1024);
    expect(grown.length).toBe(before);
  });

  it('says what is in use when memory runs out, and keeps working', () => {
    const { allocator } = heap();
    allocator.describe = () => '7 tensors are alive';
    const held = allocator.allocate(1000);
    expect(() => allocator.allocate(LIMIT * 2)).toThrow(OutOfMemoryError);
    expect(() => allocator.allocate(LIMIT * 2)).toThrow(
      /cannot allocate 2097152 elements \(8\.0 MiB\).*in 1 blocks.*7 tensors are alive/,
    );
    expect(() => allocator.allocate(1e12)).toThrow(OutOfMemoryError);
    expect(() => allocator.allocate(Number.NaN)).toThrow(OutOfMemoryError);
    expect(allocator.blocks).toBe(1);
    allocator.release(held, 1000);
    expect(allocator.allocate(1000)).toBe(held);
  });

  it('never lets two live blocks overlap, in any sequence of calls', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20000 }), fc.nat(1000)), { maxLength: 300 }), (steps) => {
        const { allocator } = heap(64, 1 << 26);
        const live: { address: number; n: number }[] = [];
        for (const [n, pick] of steps) {
          if (n % 3 === 0 && live.length > 0) {
            const [{ address, n: size }] = live.splice(pick % live.length, 1) as [{ address: number; n: number }];
            allocator.release(address, size);
          } else {
            live.push({ address: allocator.allocate(n), n });
          }
        }
        const sorted = [...live].sort((a, b) => a.address - b.address);
        for (let i = 1; i < sorted.length; i++) {
          const { address, n } = sorted[i - 1]!;
          expect(address + Math.max(1, n)).toBeLessThanOrEqual(sorted[i]!.address);
        }
        const last = sorted[sorted.length - 1];
        if (last !== undefined) expect((last.address + last.n) * 4).toBeLessThanOrEqual(allocator.bytesReserved);
        for (const { address, n } of live) allocator.release(address, n);
        expect(allocator.bytesInUse).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
