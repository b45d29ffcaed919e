/**
 * Copies of storages on another executor, for programs there that only read them. A storage has one copy, which all of these programs
 * share and which is brought up to date before a run. Only programs keep a copy alive: if all are dropped, it is collected.
 */
import type { Executor } from '../../bindings/executor.ts';
import { Storage } from '../tensor/storage.ts';

export interface Mirror {
  readonly storage: Storage;
  readonly copy: Storage;
  /** The storage's version that it holds. */
  seen: number;
  /** Programs that read it. */
  users: number;
  /** Whether the storage has moved here: then the copy's block is its own. */
  taken: boolean;
}

const mirrors = new WeakMap<Executor, WeakMap<Storage, WeakRef<Mirror>>>();

/** The up-to-date copy of a storage, for one more user. */
export function mirrorOn(executor: Executor, storage: Storage): Mirror {
  let own = mirrors.get(executor);
  if (own === undefined) {
    own = new WeakMap();
    mirrors.set(executor, own);
  }
  let mirror = own.get(storage)?.deref();
  if (mirror === undefined) {
    const { length } = storage;
    const copy = new Storage(executor, executor.allocator.allocate(length), length);
    mirror = { storage, copy, seen: -1, users: 0, taken: false };
    own.set(storage, new WeakRef(mirror));
  }
  mirror.users++;
  updateMirror(mirror);
  return mirror;
}

/** Copies the storage's words if they have changed. */
export function updateMirror(mirror: Mirror): void {
  const { storage, copy, seen } = mirror;
  if (storage.version === seen) return;
  copy.executor.write(copy.address, storage.executor.read(storage.address, storage.length, 'int32'), 'int32');
  mirror.seen = storage.version;
}

/** From now on the storage lives in its copy's block. */
export function takeMirror(mirror: Mirror): void {
  const { storage, copy } = mirror;
  mirror.taken = true;
  forget(mirror);
  const { executor, address } = copy.depart();
  storage.settle(executor, address);
}

/** One user fewer; the last one frees the copy. */
export function releaseMirror(mirror: Mirror): void {
  if (--mirror.users > 0 || mirror.taken) return;
  mirror.copy.release();
  forget(mirror);
}

function forget({ copy, storage }: Mirror): void {
  mirrors.get(copy.executor)?.delete(storage);
}
