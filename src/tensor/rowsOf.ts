/**
 * Storages that hold rows of another one, as batches of a data set do. Such a storage is parked without a copy, and its rows are read again
 * when it comes back. If the other one changes in the meantime, or is freed, what it held is copied first.
 */
import type { Executor, NumericArray } from '../../bindings/executor.ts';

/** The storage that has the rows. */
interface Source {
  readonly executor: Executor;
  readonly length: number;
  readonly version: number;
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
  /** The versions for which this holds: of the source, and of the storage itself. */
  readonly version: number;
  readonly own: number;
}

/** A source as it was at one version: the source itself, or a copy. */
class Snapshot {
  private copy: NumericArray | null = null;
  private source: Source | null;
  readonly version: number;

  constructor(source: Source) {
    this.source = source;
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

const snapshots = new WeakMap<object, WeakRef<Snapshot>>();
/** Whether there has been one. */
let hasSnapshots = false;

/** A storage holds rows of another one, from the element `start` on, each with `inner` elements. */
export function holdsRows(
  storage: { rows: Rows | null; readonly version: number },
  source: Source,
  { start, inner, indices }: Pick<Rows, 'start' | 'inner' | 'indices'>,
): void {
  if (source.executor.save === undefined || typeof WeakRef === 'undefined') return;
  storage.rows = { source, start, inner, indices, version: source.version, own: storage.version };
}

/** How to make the elements of a storage again, if that is known. */
export function recipeFor(storage: Pick<Source, 'version' | 'executor'> & { rows: Rows | null }): Recipe | null {
  const { rows } = storage;
  if (rows === null) return null;
  const { source, version, own } = rows;
  if (storage.version !== own || source.version !== version || source.executor !== storage.executor) return null;
  return { rows, snapshot: snapshotOf(source) };
}

function snapshotOf(source: Source): Snapshot {
  let snapshot = snapshots.get(source)?.deref();
  if (snapshot?.version !== source.version) {
    snapshot = new Snapshot(source);
    snapshots.set(source, new WeakRef(snapshot));
    hasSnapshots = true;
  }
  return snapshot;
}

/** Makes the elements again, in a block. */
export function follow({ rows, snapshot }: Recipe, executor: Executor, block: number): void {
  snapshot.read(rows, (row, i) => executor.restore!(block + i * rows.inner, row));
}

/** A storage is about to change, or to be freed; then `elements` are what it leaves. */
export function willChange(source: object, elements: NumericArray | null): void {
  if (!hasSnapshots) return;
  snapshots.get(source)?.deref()?.detach(elements);
  snapshots.delete(source);
}
