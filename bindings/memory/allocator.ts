/**
 * The allocator of an executor's heap: hands out element indices, 64-byte aligned, and takes them back. It does not
 * know what a heap is made of; it asks `grow` for more. Freed blocks go to the free list of their size class; when no
 * list has a fit, neighbouring free blocks are merged before the heap grows, and before it grows beyond a soft limit, what has not been used
 * for longest is parked.
 *
 * Sizes are rounded up to whole lines of 16 elements (64 bytes); above 64 lines to four classes per power of two, so a
 * block wastes less than a quarter. Index 0 is never handed out: 0 means "no operand".
 */

import { OutOfMemoryError } from '../errors.ts';
import type { HeapAllocator } from '../executor.ts';
import type { Residents } from './residents.ts';

/** Elements in a 64-byte line: the unit and the alignment of every block. */
const LINE = 16;
/** Highest number of elements a heap can hold: 4 GiB. */
const MAX_ELEMENTS = 2 ** 30;
const SMALL_LINES = 64;

function mebibytes(elements: number): string {
  return `${((elements * 4) / 2 ** 20).toFixed(1)} MiB`;
}

/** Size class of a block, and the lines that blocks of this class have. */
function classOf(lines: number): number {
  if (lines <= SMALL_LINES) return lines;
  const exponent = 31 - Math.clz32(lines - 1);
  return SMALL_LINES + (exponent - 6) * 4 + ((lines - 1) >>> (exponent - 2)) - 3;
}

function linesOf(sizeClass: number): number {
  if (sizeClass <= SMALL_LINES) return sizeClass;
  const step = sizeClass - SMALL_LINES - 1;
  return (5 + (step & 3)) << ((step >>> 2) + 4);
}

export class Allocator implements HeapAllocator {
  /** Bytes in live blocks, as rounded up. */
  bytesInUse = 0;
  /** Live blocks. */
  blocks = 0;
  private readonly free: number[][] = [];
  private freeLines = 0;
  /** The region that new blocks are cut from: [top, limit). */
  private top: number;
  private limit: number;
  /** Elements that the heap holds. */
  private end: number;
  /** Elements that the heap may have at most. */
  private hardLimit = MAX_ELEMENTS;

  /**
   * @param start first element of the heap that may be handed out
   * @param end elements that the heap has now
   * @param grow makes the heap hold at least this many elements; returns how many it holds then, or 0 if it cannot
   * @param residents who can leave the heap
   * @param describe what to add to an OutOfMemoryError (how many tensors live)
   */
  constructor(
    start: number,
    end: number,
    private readonly grow: (elements: number) => number,
    private readonly residents: Residents,
    public describe: () => string = () => '',
  ) {
    this.top = Math.max(LINE, Math.ceil(start / LINE) * LINE);
    this.limit = this.end = end;
  }

  /** Bytes that the heap holds, in use or not. */
  get bytesReserved(): number {
    return this.end * 4;
  }

  /** Bytes that the heap may have at most. */
  get bytesAllowed(): number {
    return this.hardLimit * 4;
  }

  /** Index of `elements` (≥ 0) uninitialised elements. Throws OutOfMemoryError. */
  allocate(elements: number): number {
    const needed = Math.max(1, Math.ceil(elements / LINE));
    if (!(needed * LINE <= MAX_ELEMENTS)) throw this.outOfMemory(elements);
    const sizeClass = classOf(needed);
    const lines = linesOf(sizeClass);
    if (this.residents.isFull) this.residents.relieve(0);
    const list = this.free[sizeClass];
    let address: number;
    if (list !== undefined && list.length > 0) {
      address = list.pop()!;
      this.freeLines -= lines;
    } else {
      address = this.carve(lines);
    }
    if (address === 0) throw this.outOfMemory(elements);
    this.bytesInUse += lines * LINE * 4;
    this.blocks++;
    return address;
  }

  /** Takes back the block at `address`, which `allocate(elements)` gave. */
  release(address: number, elements: number): void {
    const sizeClass = classOf(Math.max(1, Math.ceil(elements / LINE)));
    const lines = linesOf(sizeClass);
    this.put(address, sizeClass, lines);
    this.bytesInUse -= lines * LINE * 4;
    this.blocks--;
  }

  bytesOf(elements: number): number {
    return linesOf(classOf(Math.max(1, Math.ceil(elements / LINE)))) * LINE * 4;
  }

  limitTo(bytes: number): void {
    this.hardLimit = Math.min(MAX_ELEMENTS, LINE * Math.floor(bytes / (4 * LINE)));
    if (this.hardLimit >= this.end || this.limit !== this.end) return;
    // What is there beyond, and not in use, is not to be used.
    this.limit = this.end = Math.max(this.top, this.hardLimit);
  }

  /** Leaves the blocks handed out so far out of the counts: they are the executor's own. */
  uncount(): void {
    this.bytesInUse = 0;
    this.blocks = 0;
  }

  private put(address: number, sizeClass: number, lines: number): void {
    let list = this.free[sizeClass];
    if (list === undefined) list = this.free[sizeClass] = [];
    list.push(address);
    this.freeLines += lines;
  }

  /** A block of whole lines: from the region, from merged free blocks, from new memory, or from what others leave; else 0. */
  private carve(lines: number): number {
    const size = lines * LINE;
    const isThere =
      this.top + size <= this.limit ||
      this.mergeFor(size) ||
      this.growFor(size, Math.min(this.residents.softLimit, this.hardLimit)) ||
      this.relieveFor(size) ||
      this.growFor(size, this.hardLimit);
    if (!isThere) return 0;
    const address = this.top;
    this.top += size;
    return address;
  }

  /** Joins neighbouring free blocks; the longest run becomes the region. Returns whether `size` fits there. */
  private mergeFor(size: number): boolean {
    if (this.freeLines * LINE + (this.limit - this.top) < size) return false;
    const runs = [{ address: this.top, size: this.limit - this.top }];
    this.free.forEach((list, sizeClass) => {
      for (const address of list) runs.push({ address, size: linesOf(sizeClass) * LINE });
      list.length = 0;
    });
    this.freeLines = 0;
    runs.sort((a, b) => a.address - b.address);
    const merged: typeof runs = [];
    for (const run of runs) {
      const last = merged[merged.length - 1];
      if (last !== undefined && last.address + last.size === run.address) last.size += run.size;
      else merged.push(run);
    }
    const longest = merged.reduce((best, run) => (run.size > best.size ? run : best));
    for (const run of merged) if (run !== longest) this.cut(run.address, run.size / LINE);
    this.top = longest.address;
    this.limit = longest.address + longest.size;
    return longest.size >= size;
  }

  /** Has residents leave until `size` fits into the region. */
  private relieveFor(size: number): boolean {
    while (this.residents.relieve(size)) if (this.mergeFor(size)) return true;
    return false;
  }

  /** Makes the heap longer, up to `most` elements, so that `size` fits into the region at its end. */
  private growFor(size: number, most: number): boolean {
    const start = this.limit === this.end ? this.top : this.end;
    const wanted = start + size;
    if (wanted > most) return false;
    // Whole lines, because the next region may start where this one ends.
    const generous = LINE * Math.floor(Math.min(most, Math.max(wanted, this.end + (this.end >>> 2))) / LINE);
    const end = this.grow(generous) || this.grow(wanted);
    if (end === 0) return false;
    if (start !== this.top) this.cut(this.top, (this.limit - this.top) / LINE);
    this.top = start;
    this.limit = this.end = end;
    return true;
  }

  /** Puts a run of free lines into the lists, in the largest classes that fit. */
  private cut(address: number, lines: number): void {
    let at = address;
    let left = lines;
    while (left > 0) {
      let sizeClass = classOf(left);
      if (linesOf(sizeClass) > left) sizeClass--;
      const part = linesOf(sizeClass);
      this.put(at, sizeClass, part);
      at += part * LINE;
      left -= part;
    }
  }

  private outOfMemory(elements: number): OutOfMemoryError {
    const limit = this.hardLimit < MAX_ELEMENTS ? `memoryLimitMiB is ${this.hardLimit / 2 ** 18}` : '';
    const detail = [limit, this.describe()].filter((part) => part !== '').join('; ');
    return new OutOfMemoryError(
      `cannot allocate ${elements} elements (${mebibytes(elements)}): ${mebibytes(this.bytesInUse / 4)} in use in ${this.blocks} blocks` +
        ` of ${mebibytes(this.end)} reserved${detail === '' ? '' : `; ${detail}`}`,
    );
  }
}
