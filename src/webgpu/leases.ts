/**
 * Memory on the GPU and the garbage collector. Nothing can be copied out of the GPU at once, so a block is let to its storage: when the
 * collector finds that nothing reaches the storage any more, the block is given back. That happens between tasks, so loops that `await`
 * can run for ever.
 *
 * Collectors count ArrayBuffers, but not memory on a GPU, and would see no reason to look for what was dropped. So the fuller the heap
 * gets, the more ArrayBuffers are made for them to count, which nobody touches and which therefore occupy no memory.
 */
import { type Lease, type Resident, Residents } from '../../bindings/memory/residents.ts';

/**
 * Bytes of such an ArrayBuffer. V8 collects when about so much has been made since it last did; from 32 MiB on, C libraries map fresh pages,
 * which cost nothing until they are touched, instead of clearing used ones.
 */
const WEIGHT = 2 ** 26;
/**
 * One is made for each part of so many of what the heap may have, once these are full. A loop that drops everything then fills a third of
 * the heap in V8, and less than half in JavaScriptCore; a collection takes 3 to 10 ms.
 */
const PARTS = 16;
const FREE_PARTS = 4;

/** Makes engines feel how full a heap is that they do not see. */
export class Weights {
  /** The last one: what is dropped while it is young is freed without a collection of what is old. */
  last: ArrayBuffer | null = null;
  /** Bytes in use for which weights were made, less what has been collected. */
  private level = 0;

  /** @param limit bytes that the heap may have */
  constructor(private readonly limit: () => number) {}

  /** So many bytes are in use. */
  feel(bytesInUse: number): void {
    const part = this.limit() / PARTS;
    const free = FREE_PARTS * part;
    while (bytesInUse > Math.max(this.level, free)) {
      this.level = Math.max(this.level, free) + part;
      this.add();
    }
  }

  /** So many bytes were collected. What is freed by hand does not count: making it again needs no collection. */
  found(bytes: number): void {
    this.last = null;
    this.level -= bytes;
  }

  private add(): void {
    try {
      this.last = new ArrayBuffer(WEIGHT);
    } catch {
      // So short of memory that the engine has collected what it could.
      this.last = null;
    }
  }
}

/** The storages on a GPU, which this does not keep alive. */
export class Leases extends Residents {
  private readonly leases = new Set<Lease>();
  private readonly expired = new FinalizationRegistry<Lease>((lease) => {
    this.leases.delete(lease);
    this.giveBack(lease);
  });

  /** @param giveBack takes back the block of a storage that was collected */
  constructor(private readonly giveBack: (lease: Lease) => void) {
    super(false);
  }

  override get tensors(): number {
    let sum = 0;
    for (const { tensors } of this.leases) sum += tensors;
    return sum;
  }

  override enter(resident: Resident, address: number): Lease {
    const lease = { address, length: resident.length, tensors: resident.handles };
    this.leases.add(lease);
    this.expired.register(resident, lease, resident);
    return lease;
  }

  override leave(resident: Resident, lease: Lease): void {
    this.leases.delete(lease);
    this.expired.unregister(resident);
  }
}
