/**
 * Gradients of tables of which a step looks up few rows. Such a gradient is a tensor like any other, as large as its table, but its
 * memory lasts from step to step, with a list of the rows that may not be zero. So the next step clears only those rows, and an
 * optimizer that leaves rows without a gradient as they are changes only those rows: the work grows with the rows looked up, not with
 * the table. The list is void once anything else changes that memory, which its version tells.
 */

import type { Executor } from '../../bindings/executor.ts';
import { encodeAddRows } from '../../bindings/generated/encode.ts';
import { copyInto, dense, done, fillWith, viewOf } from '../emit/emit.ts';
import { isGradEnabled } from '../tape/mode.ts';
import type { Context } from '../tape/primitives.ts';
import type { GradientRows, Variable } from '../tensor/graph.ts';
import { numelOf, type Shape, sameShape, stridesOf } from '../tensor/shapes.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import { active, type Tracer, tracing, untraced } from '../tensor/trace.ts';
import { indexAddTo } from './select.ts';

const memories = new WeakMap<Storage, RowMemory>();

/** Memory of a gradient that is zero except in the rows of a list. */
export class RowMemory implements GradientRows {
  readonly storage: Storage;
  /** A mark for each row, which names the row's last place in the list; then the list, with room for as many rows as there are. */
  private readonly lists: Storage;
  private readonly rows: number;
  /** Length of the list of the gradient that is being made or recorded, of the one that is in the memory, and of the recorded one. */
  private count = 0;
  private listed = 0;
  private recorded = 0;
  /** The version of the storage for which the list is right. */
  private version = 0;
  /** Whether the program that it was made for changes it in other ways too. */
  private isMixed = false;

  constructor(
    private readonly executor: Executor,
    private readonly shape: Shape,
    /** The program that it was made for. */
    private readonly recorder: Tracer | null,
  ) {
    this.rows = shape[0] ?? 0;
    const storage = Storage.allocate(executor, numelOf(shape));
    try {
      this.lists = Storage.allocate(executor, 2 * this.rows);
    } catch (error) {
      storage.release();
      throw error;
    }
    this.storage = storage;
    memories.set(storage, this);
    this.zero();
  }

  /** Whether it can take a new gradient: it holds none, and nothing has been saved from it. */
  fits(executor: Executor, shape: Shape): boolean {
    return this.storage.refs === 1 && this.executor === executor && sameShape(this.shape, shape);
  }

  /** Whether the list is right, and may be used now. */
  get isKnown(): boolean {
    return this.version === this.storage.version && (tracing === null || tracing === this.recorder);
  }

  /** Whether gradients of this many rows can be added to the one that is in it. */
  takes(count: number, shape: Shape): boolean {
    return this.isKnown && sameShape(this.shape, shape) && this.count + count <= this.rows;
  }

  /** Sets all of it to zero, for a new gradient. */
  clear(): void {
    if (this.version !== this.storage.version) this.zero();
    else if (this.listed > 0) this.encode(0, 0, this.listed);
    this.listed = 0;
    this.count = 0;
  }

  /** The same before a run of the program that it was made for. */
  beforeRun(): void {
    const { recorded, storage } = this;
    // Recorded commands run later: if the version changes before the first run, others than `add`'s change the memory.
    if (this.listed === 0 && storage.version !== 0) this.isMixed = true;
    this.clear();
    this.count = recorded;
    this.listed = recorded;
    this.version = this.isMixed ? -1 : storage.version + 1;
  }

  /** A function that restores what is known about the memory. */
  save(): () => void {
    const { count, listed, version, isMixed } = this;
    return () => Object.assign(this, { count, listed, version, isMixed });
  }

  /** Adds the rows of g where `index` says. */
  add(index: Tensor, g: Tensor): void {
    const list = new Tensor(this.lists.retain(), index.shape, stridesOf(index.shape), this.rows + this.count, 'int32');
    copyInto(index, list);
    list.dispose();
    const source = dense(g);
    this.encode(source.address, this.count, index.numel);
    done(source, g);
    this.count += index.numel;
    if (tracing !== null) {
      this.recorded = this.count;
      return;
    }
    this.listed = this.count;
    this.version = ++this.storage.version;
  }

  /** The gradient. */
  view(): Tensor {
    return new Tensor(this.storage.retain(), this.shape, stridesOf(this.shape), 0, 'float32');
  }

  /** Where commands find the list, for `sgd`. */
  get places() {
    tracing?.capture(this.lists);
    const { address } = this.lists;
    return { index: address + this.rows, marks: address, count: this.count, inner: numelOf(this.shape) / this.rows };
  }

  /** The gradient in it may live on, without its list. */
  dispose(): void {
    this.version = -1;
    this.storage.release();
    this.lists.release();
  }

  /** g at the entries first, first + 1, … of the list; 0: zeros them. */
  private encode(g: number, first: number, count: number): void {
    const gradient = this.view();
    this.storage.willChange();
    const { index, marks, inner } = this.places;
    const { program } = active(this.executor);
    const sizes = { outer: 1, size: this.rows, count, inner, first };
    encodeAddRows(program, { g, index: index + first, y: gradient.address, marks: g === 0 ? 0 : marks, ...sizes });
    active(this.executor).run();
    gradient.dispose();
  }

  private zero(): void {
    const all = this.view();
    this.storage.willChange();
    fillWith(all, 0);
    all.dispose();
  }
}

/** The memory of a gradient with a list of the rows that may not be zero, or null. */
export function rowsOf(gradient: Tensor): RowMemory | null {
  const memory = memories.get(gradient.storage);
  return memory?.isKnown ? memory : null;
}

/** Whether a gradient is in such memory, which its leaf or its program owns. */
export const isInRowMemory = (gradient: Tensor): boolean => memories.has(gradient.storage);

/** Memory for the first gradient of a leaf in this step, all zero. */
function memoryFor(leaf: Variable, shape: Shape, executor: Executor): RowMemory | null {
  if (tracing !== null) {
    const recorder = tracing;
    // One for each leaf is enough: they are large.
    if (executor !== recorder || recorder.gradients.has(leaf)) return null;
    const memory = untraced(() => new RowMemory(recorder.base, shape, recorder));
    recorder.own(memory);
    recorder.beforeRun({ memory: memory.storage, run: () => memory.beforeRun(), save: () => memory.save() });
    return memory;
  }
  const own = leaf.rows === null ? undefined : memories.get(leaf.rows.storage);
  if (own?.fits(executor, shape)) {
    own.clear();
    return own;
  }
  leaf.rows?.dispose();
  leaf.rows = null;
  const memory = new RowMemory(executor, shape, null);
  leaf.rows = memory;
  return memory;
}

/** Memory for the gradients of `count` rows of an input, and whether they are its first; null where a list of rows does not help. */
function placeFor(c: Context<unknown>, input: number, count: number, executor: Executor) {
  const leaf = c.leaf(input);
  const shape = c.shape(input);
  if (leaf === null || count === 0 || count > (shape[0] ?? 0)) return null;
  const before = leaf.pending ?? leaf.grad;
  const memory = before === null ? memoryFor(leaf, shape, executor) : (memories.get(before.storage) ?? null);
  if (memory === null || !memory.takes(count, shape)) return null;
  return { memory, isFirst: before === null };
}

/**
 * Gradient of an input whose rows `index` has looked up: g in those rows, zeros elsewhere and in row `padding`. null: it has been added to
 * the gradient that the input already has.
 */
export function rowGradient(
  g: Tensor,
  c: Context<unknown>,
  input: number,
  index: Tensor,
  padding: number | null,
): Tensor | null {
  const [rows = 0, ...rest] = c.shape(input);
  const place = placeFor(c, input, index.numel, g.executor);
  const isMore = place !== null && !place.isFirst;
  // Only a gradient that nothing else uses can lose its padding row afterwards.
  const masks = padding !== null && (isGradEnabled() || isMore);
  const added = masks ? g.mul(index.ne(padding).to('float32').unsqueeze(1)) : g;
  place?.memory.add(index, added);
  if (isMore) return null;
  const gradient = place?.memory.view() ?? indexAddTo(rows, 0, index, added);
  if (padding !== null && !masks) {
    const row = viewOf(gradient, rest, stridesOf(rest), gradient.offset + padding * numelOf(rest));
    fillWith(row, 0);
    row.dispose();
  }
  return gradient;
}
