/** Who leaves the heap, when, and how far the heap grows. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Allocator } from '../../bindings/memory/allocator.ts';
import { type Resident, Residents } from '../../bindings/memory/residents.ts';

const LINE = 16;
const MIB = 2 ** 18;

let residents: Residents;
let allocator: Allocator;
/** Names in the order in which they left. */
let left: string[];

/** A block that is given back when it leaves. */
class Block implements Resident {
  slot = -1;
  stamp = 0;
  pins = 0;
  readonly handles = 1;
  private address: number;

  constructor(
    readonly name: string,
    readonly length: number,
  ) {
    this.address = allocator.allocate(length);
    residents.enter(this, this.address);
  }

  get isThere(): boolean {
    return this.slot >= 0;
  }

  use(): void {
    if (!this.isThere) {
      this.address = allocator.allocate(this.length);
      residents.returned(this);
      residents.enter(this, this.address);
    }
    this.stamp = residents.epoch;
  }

  park(): void {
    left.push(this.name);
    allocator.release(this.address, this.length);
    residents.leave(this, null);
  }
}

function heap(limit = Infinity, canLeave = true): void {
  residents = new Residents(canLeave);
  left = [];
  allocator = new Allocator(0, LINE * 64, (elements) => elements, residents);
  allocator.limitTo(limit * 4);
}

/** Blocks that were used one after the other. */
const blocks = (count: number, length: number): Block[] =>
  Array.from({ length: count }, (_, i) => {
    residents.epoch++;
    return new Block(`${i}`, length);
  });

describe('residents', () => {
  beforeEach(() => heap());

  it('leave in the order of their last use, a part at a time', () => {
    const all = blocks(100, LINE);
    for (const block of all.slice(0, 5)) {
      residents.epoch++;
      block.use();
    }
    residents.epoch++;
    expect(residents.relieve(0)).toBe(true);
    expect([...left].sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: left.length }, (_, i) => String(5 + i)),
    );
    expect(left.length).toBeGreaterThanOrEqual(9);
    expect(left.length).toBeLessThanOrEqual(11);
    expect(residents.tensors).toBe(100 - left.length);
    const slots = all.flatMap(({ slot }) => (slot < 0 ? [] : [slot]));
    expect(slots.sort((a, b) => a - b)).toEqual(Array.from({ length: slots.length }, (_, i) => i));
  });

  it('leave until enough is given back', () => {
    blocks(100, LINE);
    residents.epoch++;
    residents.relieve(55 * LINE);
    expect(left.length).toBeGreaterThanOrEqual(55);
    expect(left.length).toBeLessThanOrEqual(65);
  });

  it('stay if they are pinned, used in the present epoch, or held', () => {
    const [pinned, used, other] = blocks(3, LINE) as [Block, Block, Block];
    residents.epoch++;
    pinned.pins++;
    used.use();
    residents.holds++;
    expect(residents.relieve(0)).toBe(false);
    residents.clear();
    expect(left).toEqual([]);
    residents.holds--;
    residents.clear();
    expect([pinned.isThere, used.isThere, other.isThere]).toEqual([true, true, false]);
    expect(residents.relieve(0)).toBe(false);
  });

  it('stay where memory cannot be read at once', () => {
    heap(Infinity, false);
    blocks(8, LINE * 64);
    expect(left).toEqual([]);
    expect(allocator.bytesReserved).toBeGreaterThanOrEqual(8 * LINE * 64 * 4);
    expect(residents.relieve(1)).toBe(false);
    expect(residents.isFull).toBe(false);
  });

  it('are not more than so many', () => {
    residents.most = 50;
    blocks(500, LINE);
    // The limit is the least that it can be after the first time.
    expect(left.length).toBeGreaterThanOrEqual(5);
    expect(residents.tensors).toBe(500 - left.length);
  });

  it('are allowed more room if what has left is used again, and less if it is not', () => {
    const { softLimit, most } = residents;
    const all = blocks(64, MIB);
    residents.epoch++;
    residents.clear();
    for (const block of all) block.use();
    expect(residents.softLimit).toBe(softLimit + 64 * MIB);
    expect(residents.most).toBe(most + 64);
    residents.epoch++;
    residents.relieve(64 * MIB);
    expect(residents.softLimit).toBe(softLimit + 56 * MIB);
    expect(residents.most).toBe(most + 56);
    for (let i = 0; i < 20; i++) {
      blocks(64, MIB);
      residents.epoch++;
      residents.relieve(64 * MIB);
    }
    expect([residents.softLimit, residents.most]).toEqual([softLimit, most]);
  });
});

describe('an allocator with residents', () => {
  it('grows to the limit and not beyond it while somebody can leave', () => {
    const limit = 1000 * LINE;
    heap(limit);
    blocks(5000, LINE * 3);
    expect(allocator.bytesReserved).toBe(limit * 4);
    expect(left.length).toBeGreaterThan(4600);
  });

  it('finds room for a large block among small ones', () => {
    const limit = 1000 * LINE;
    heap(limit);
    blocks(960, LINE);
    residents.epoch++;
    const large = new Block('large', 700 * LINE);
    expect(large.isThere).toBe(true);
    expect(allocator.bytesReserved).toBe(limit * 4);
  });

  it('grows beyond the soft limit for what is in use, but never beyond the hard one', () => {
    heap();
    for (let i = 0; i < 300; i++) new Block('', MIB);
    expect(left).toEqual([]);
    expect(allocator.bytesReserved).toBeGreaterThanOrEqual(300 * MIB * 4);
    heap(100 * LINE);
    expect(() => {
      for (let i = 0; i < 200; i++) new Block('', LINE);
    }).toThrow('memoryLimitMiB is');
    expect(allocator.bytesReserved).toBe(100 * LINE * 4);
  });

  it('gives aligned blocks, whatever the limits and lengths', () => {
    heap(LINE * 1000 + 7);
    for (let i = 0; i < 400; i++) {
      residents.epoch++;
      expect(allocator.allocate(5 + (i % 3) * LINE) % LINE).toBe(0);
      if (i % 50 === 0) allocator.limitTo((LINE * (1000 + i) + 7) * 4 + 3);
    }
    expect(allocator.bytesReserved % (4 * LINE)).toBe(0);
  });

  it('uses nothing of what it has beyond a limit that is set later', () => {
    heap();
    const first = new Block('first', LINE);
    allocator.limitTo(LINE * 32 * 4);
    expect(allocator.bytesReserved).toBe(LINE * 32 * 4);
    residents.epoch++;
    const all = blocks(40, LINE * 4);
    expect(allocator.bytesReserved).toBe(LINE * 32 * 4);
    expect([first.isThere, all.at(-1)!.isThere]).toEqual([false, true]);
  });
});
