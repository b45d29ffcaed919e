/**
 * What occupies an executor's heap and can be copied out of it: the heap is a cache over memory that the garbage collector manages. When
 * an allocation needs more than the heap should have, the residents that have not been used for longest are parked: each keeps its elements
 * in an array of its own, and gives its block back.
 *
 * A resident is safe while the present command is being put together: whoever asks for its address stamps it with the epoch, which grows
 * when commands have run.
 */

/** The owner of a block. */
export interface Resident {
  /** Its place in the list; −1: it is not in the heap. */
  slot: number;
  /** The epoch of its last use. */
  stamp: number;
  /** How many need the block to stay where it is. */
  pins: number;
  /** Elements of the block. */
  readonly length: number;
  /** Tensors that are on it. */
  readonly handles: number;
  /** Leaves the heap. */
  park(): void;
}

/** What is known of a resident that cannot leave its heap, for when the garbage collector has found that nothing reaches it. */
export interface Lease {
  readonly address: number;
  readonly length: number;
  /** Tensors that are on it. */
  tensors: number;
}

/** Elements that a heap has before anything is parked: 256 MiB. */
const FIRST_SOFT_LIMIT = 2 ** 26;
/** Residents before any are parked: small ones fill the JavaScript heap before they fill this one. */
const FIRST_MOST = 2 ** 15;
/** What is parked at a time: one part of so many. */
const PART = 10;
/** Stamps that are compared to find the oldest. */
const SAMPLE = 500;
/** One of so many parked elements may come back; if more do, the heap is too small for what is in use. */
const WASTE = 8;

export class Residents {
  /** Grows when commands have run. */
  epoch = 1;
  /** Counts what has left its block and may come back to another one. */
  moves = 0;
  /** While above 0, everything stays where it is. */
  holds = 0;
  /** Elements that the heap may have before residents are parked. It grows if what was parked is soon needed again. */
  softLimit = FIRST_SOFT_LIMIT;
  /** The same for their number. */
  most = FIRST_MOST;
  private readonly list: Resident[] = [];

  /** @param canLeave whether the executor's memory can be read at once, so that it can be copied out */
  constructor(private readonly canLeave = true) {}

  /** Tensors that are on what is in the heap. */
  get tensors(): number {
    return this.list.reduce((sum, { handles }) => sum + handles, 0);
  }

  /** Whether there are so many that some should leave. */
  get isFull(): boolean {
    return this.list.length >= this.most && this.canLeave;
  }

  /** Returns the lease of one that cannot leave. */
  enter(resident: Resident, _address: number): Lease | null {
    resident.slot = this.list.length;
    resident.stamp = this.epoch;
    this.list.push(resident);
    return null;
  }

  leave(resident: Resident, _lease: Lease | null): void {
    const { list } = this;
    const { slot } = resident;
    const last = list.pop();
    if (last !== undefined && last !== resident) {
      list[slot] = last;
      last.slot = slot;
    }
    resident.slot = -1;
  }

  /** A resident has been brought back. */
  returned({ length }: Resident): void {
    this.softLimit += length;
    this.most++;
  }

  private isFree({ pins, stamp }: Resident): boolean {
    return pins === 0 && stamp !== this.epoch;
  }

  /** Parks the oldest residents: a part of them, and so many that at least `elements` are given back. Returns whether there were any. */
  relieve(elements: number): boolean {
    if (this.holds > 0 || !this.canLeave) return false;
    const stamps = this.sample();
    if (stamps.length === 0) return false;
    const { length } = this.list;
    let parked = 0;
    for (let part = 1; part <= PART; part++) {
      parked += this.parkUpTo(stamps[Math.floor(((stamps.length - 1) * part) / PART)]!);
      if (parked >= elements) break;
    }
    this.softLimit = Math.max(FIRST_SOFT_LIMIT, this.softLimit - Math.floor(parked / WASTE));
    this.most = Math.max(FIRST_MOST, this.most - Math.floor((length - this.list.length) / WASTE));
    return true;
  }

  /** Parks whatever can be. */
  clear(): void {
    if (this.holds === 0 && this.canLeave) this.parkUpTo(this.epoch);
  }

  /** Stamps of some of those that may be parked, in order. */
  private sample(): Float64Array {
    const free = this.list.filter((resident) => this.isFree(resident));
    const step = Math.max(1, Math.floor(free.length / SAMPLE));
    const size = Math.ceil(free.length / step);
    return Float64Array.from({ length: size }, (_, i) => free[i * step]!.stamp).sort();
  }

  /** Parks what was last used at `stamp` or before. Returns how many elements that gives back. */
  private parkUpTo(stamp: number): number {
    const { list } = this;
    let elements = 0;
    // Whoever leaves is replaced by the last of the list, which has been asked already.
    for (let i = list.length - 1; i >= 0; i--) {
      const resident = list[i]!;
      if (resident.stamp > stamp || !this.isFree(resident)) continue;
      elements += resident.length;
      resident.park();
    }
    return elements;
  }
}
