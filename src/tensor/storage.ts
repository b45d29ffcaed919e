/**
 * Elements, with a count of references. Tensors, their views and what autograd saves share one storage; the last one to let go gives its
 * block back. It is resident, with a block in an executor's heap, or parked, with an array of its own, until somebody asks for its address.
 *
 * Counts may be too high: the garbage collector takes tensors without telling, or tells later. Then nothing gives the block back by hand;
 * sooner or later it is parked, and the collector takes all of it. On a GPU nothing can be parked: there the collector reports storages,
 * and their blocks are given back.
 */
import type { Executor } from '../../bindings/executor.ts';
import type { Lease, Resident } from '../../bindings/memory/residents.ts';
import { chargeBlock } from './budget.ts';
import type { Membership, Variable } from './graph.ts';
import { countBack, countParked, type Parked, recountParked } from './parked.ts';
import { detachRows, follow, type Recipe, type Rows, recipeFor, type Snapshot } from './rowsOf.ts';
import { paused, tracing } from './trace.ts';

/**
 * What to free when the garbage collector finds a tensor that was not disposed. While the storage is parked nothing leads from here to it or
 * to a graph: the collector holds on to what it will report.
 */
export interface Held {
  storage: Storage | null;
  variable: Variable | null;
  membership: Membership | null;
  /** The collector has found the tensor while the storage was parked. */
  isGone: boolean;
  /** Those of other tensors of the storage. */
  next: Held | null;
  previous: Held | null;
}

export class Storage implements Resident {
  /** Counts changes in place, so that autograd notices when a saved value is no longer what it was. */
  version = 0;
  /** How many need the block: tensors, programs, and what autograd saved. */
  refs = 1;
  /** How many tensors are on it. */
  handles = 0;
  /** How many of `refs` are programs. */
  programs = 0;
  /** Counts changes in place before they are made. */
  edits = 0;
  /** What it holds, if that can be read again elsewhere. */
  rows: Rows | null = null;
  /** What storages that hold rows of it, and were parked, read them from. */
  snapshot: WeakRef<Snapshot> | null = null;
  /** What the collector knows of the tensors on it. */
  held: Held | null = null;
  /** Whether nothing in it has to outlast the present program: then it is parked without its elements. */
  isVolatile = false;
  slot = -1;
  stamp = 0;
  pins = 0;
  private parked: Parked | null = null;
  private lease: Lease | null = null;

  /** Takes over a block. */
  constructor(
    public executor: Executor,
    private block: number,
    readonly length: number,
  ) {
    this.enlist();
  }

  static allocate(executor: Executor, length: number): Storage {
    chargeBlock(length);
    const storage = new Storage(executor, executor.allocator.allocate(length), length);
    if (tracing === executor) tracing.track(storage);
    else if (paused !== null) paused.made.add(storage);
    return storage;
  }

  /** Where its elements are in the heap: there they stay until commands have run. Brings them back if they are parked. */
  get address(): number {
    if (this.parked !== null) this.comeBack(this.parked);
    this.stamp = this.executor.residents.epoch;
    return this.block;
  }

  /** Whether it cannot be parked, and the collector frees its block with it. */
  get isLeased(): boolean {
    return this.lease !== null;
  }

  private enlist(): void {
    this.lease = this.executor.residents.enter(this, this.block);
  }

  private delist(): void {
    this.executor.residents.leave(this, this.lease);
    this.lease = null;
  }

  /** One more tensor is on it. */
  attach(): void {
    this.recount(1);
  }

  /** A tensor is no longer on it. */
  detach(): void {
    this.recount(-1);
  }

  private recount(change: number): void {
    this.handles += change;
    if (this.parked !== null) recountParked(this.parked, change);
    else if (this.lease !== null) this.lease.tensors += change;
  }

  retain(): this {
    this.refs++;
    return this;
  }

  /** A program, or the recording of one, needs the block. */
  retainForProgram(): this {
    this.programs++;
    return this.retain();
  }

  releaseFromProgram(): void {
    this.programs--;
    this.release();
  }

  /** Whether only programs need the block any more. */
  get isGivenUp(): boolean {
    return this.refs === this.programs;
  }

  /** Exchanges its block for one on another executor, with these words in it. */
  relocate(executor: Executor, words: ArrayLike<number>): void {
    const address = executor.allocator.allocate(this.length);
    executor.write(address, words, 'int32');
    this.vacate();
    this.settle(executor, address);
    executor.residents.moves++;
  }

  /** Leaves the list of the executor's residents, and keeps its block there, which the caller takes care of. */
  depart(): { executor: Executor; address: number } {
    const { executor, address } = this;
    this.delist();
    return { executor, address };
  }

  /** From now on it is said to be there, though the block is not its own. */
  visit(executor: Executor, address: number): void {
    this.executor = executor;
    this.block = address;
  }

  /** From now on it has this block. */
  settle(executor: Executor, address: number): void {
    this.visit(executor, address);
    this.enlist();
  }

  release(): void {
    if (--this.refs === 0) this.vacate();
  }

  /** Call it before its elements change, and count `version` up afterwards. */
  willChange(): void {
    this.edits++;
    if (this.snapshot !== null) detachRows(this, null);
  }

  /** A program has changed its elements. Nothing was parked while it ran. */
  changed(): void {
    this.version++;
    this.edits++;
  }

  /** Gives up its block, or its elements. */
  private vacate(): void {
    if (this.snapshot !== null) this.detachRows();
    const { executor, parked } = this;
    if (parked !== null) {
      countBack(parked);
      this.parked = null;
      return;
    }
    executor.allocator.release(this.block, this.length);
    this.delist();
  }

  private detachRows(): void {
    const elements = this.parked?.elements ?? null;
    detachRows(this, elements === null || 'rows' in elements ? null : elements);
  }

  park(): void {
    this.leave(this.isVolatile ? null : recipeFor(this));
  }

  /** Leaves the heap at once if that costs nothing: whoever made it expects no more use of it. */
  rest(): void {
    const { parked, pins, executor } = this;
    if (parked !== null || pins > 0 || executor.residents.holds > 0 || this.refs === 0) return;
    const recipe = recipeFor(this);
    if (recipe !== null) this.leave(recipe);
  }

  private leave(recipe: Recipe | null): void {
    const { executor, block, length } = this;
    if (recipe !== null || this.isVolatile) {
      this.parked = countParked(recipe, 0, this.handles);
    } else {
      this.parked = countParked(executor.save!(block, length), executor.allocator.bytesOf(length), this.handles);
    }
    executor.allocator.release(block, length);
    this.delist();
    executor.residents.moves++;
    for (let held = this.held; held !== null; held = held.next) {
      held.storage = null;
      held.variable = null;
      held.membership = null;
    }
  }

  private comeBack(parked: Parked): void {
    const { executor, length } = this;
    const { elements } = parked;
    const block = executor.allocator.allocate(length);
    if (elements !== null && 'rows' in elements) this.remake(elements, block);
    else if (elements !== null) executor.restore!(block, elements);
    this.block = block;
    this.parked = null;
    countBack(parked);
    if (parked.bytes > 0) executor.residents.returned(this);
    this.enlist();
    for (let held = this.held; held !== null; held = held.next) {
      if (held.isGone) this.settleDeath(held);
      else held.storage = this;
    }
  }

  /** Fills a block by a recipe; if that fails, the storage stays parked. */
  private remake(recipe: Recipe, block: number): void {
    try {
      follow(recipe, this.executor, block);
    } catch (error) {
      this.executor.allocator.release(block, this.length);
      throw error;
    }
  }

  /** A tensor was collected while this was parked. */
  private settleDeath(held: Held): void {
    this.unlink(held);
    this.handles--;
    this.refs--;
  }

  /** Notes what the collector knows of one of its tensors. */
  link(held: Held): void {
    held.next = this.held;
    held.previous = null;
    if (this.held !== null) this.held.previous = held;
    this.held = held;
  }

  unlink({ next, previous }: Held): void {
    if (previous !== null) previous.next = next;
    else this.held = next;
    if (next !== null) next.previous = previous;
  }
}
