/**
 * Storages that hold rows of another one, as batches of a data set do. Such a storage is parked without a copy, and its rows are read again
 * when it comes back. If the other one changes in the meantime, or is freed, what it held is copied first.
 */
import type { Executor, NumericArray } from '../../bindings/executor.ts';

/** The storage that has the rows. */
interface Source {
  readonly executor: Executor;
  readonly length: number;
  /** Changes in place: those that are made, and those that are about to be. */
  readonly version: number;
  readonly edits: number;
  readonly rows: Rows | null;
  /** What storages that were parked without a copy read its rows from. */
  snapshot: WeakRef<Snapshot> | null;
  /** Where its elements are in the heap. */
  readonly address: number;
}

/** What a storage holds: rows of another one. */
export interface Rows {
  readonly source: Source;
  /** The element of the source where row 0 starts, and how many a row has. */
  readonly start: number;
  readonly inner: number;
  readonly indices: Int32Array;
  /** The edits of the source and the version of the storage for which this holds. */
  readonly edits: number;
  readonly own: number;
}

/** A source as it was after so many edits: the source itself, or a copy. */
export class Snapshot {
  private copy: NumericArray | null = null;
  private source: Source | null;
  readonly edits: number;
  private readonly version: number;

  constructor(source: Source) {
    this.source = source;
    this.edits = source.edits;
    this.version = source.version;
  }

  /** Takes what the source holds, which it will not hold much longer, or copies it. */
  detach(elements: NumericArray | null): void {
    if (this.source === null) return;
    const { source } = this;
    this.copy = elements ?? source.executor.save!(source.address, source.length);
    this.source = null;
  }

  /** Calls `use` for each of the rows. */
  read({ start, inner, indices }: Rows, use: (row: NumericArray, i: number) => void): void {
    const { copy, source } = this;
    if (source !== null && source.version !== this.version)
      throw new Error('a storage was changed without notice, so rows that were read from it are lost');
    const address = source === null ? 0 : source.address;
    indices.forEach((index, i) => {
      const at = start + index * inner;
      use(source === null ? copy!.subarray(at, at + inner) : source.executor.save!(address + at, inner), i);
    });
  }
}

/** How to make the elements of a parked storage again. */
export interface Recipe {
  readonly rows: Rows;
  readonly snapshot: Snapshot;
}

/** A storage holds rows of another one, from the element `start` on, each with `inner` elements. */
export function holdsRows(
  storage: { rows: Rows | null; readonly version: number },
  source: Source,
  { start, inner, indices }: Pick<Rows, 'start' | 'inner' | 'indices'>,
): void {
  if (source.executor.save === undefined || source.rows !== null || typeof WeakRef === 'undefined') return;
  storage.rows = { source, start, inner, indices, edits: source.edits, own: storage.version };
}

/** How to make the elements of a storage again, if that is known. */
export function recipeFor(storage: Pick<Source, 'version' | 'executor'> & { rows: Rows | null }): Recipe | null {
  const { rows } = storage;
  if (rows === null) return null;
  const { source, edits, own } = rows;
  if (storage.version !== own || source.edits !== edits || source.executor !== storage.executor) return null;
  return { rows, snapshot: snapshotOf(source) };
}

function snapshotOf(source: Source): Snapshot {
  let snapshot = source.snapshot?.deref();
  if (snapshot?.edits !== source.edits) {
    snapshot = new Snapshot(source);
    source.snapshot = new WeakRef(snapshot);
  }
  return snapshot;
}

/** Makes the elements again, in a block. */
export function follow({ rows, snapshot }: Recipe, executor: Executor, block: number): void {
  snapshot.read(rows, (row, i) => executor.restore!(block + i * rows.inner, row));
}

/** A storage is about to change, or to be freed; then `elements` are what it leaves. */
export function detachRows(source: Pick<Source, 'snapshot'>, elements: NumericArray | null): void {
  source.snapshot?.deref()?.detach(elements);
  source.snapshot = null;
}
