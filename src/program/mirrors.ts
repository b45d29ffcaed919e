/**
 * Copies of storages on another executor, for programs there that only read them. A storage has one copy, which all of these programs
 * share and which is brought up to date before a run.
 */
import type { Executor } from '../../bindings/executor.ts';
import type { Storage } from '../tensor/storage.ts';

export interface Mirror {
  readonly storage: Storage;
  readonly executor: Executor;
  readonly address: number;
  /** The storage's version that it holds. */
  seen: number;
  /** Programs that read it. */
  users: number;
  /** Whether the storage has moved here: then the block is its own. */
  taken: boolean;
}

const mirrors = new WeakMap<Executor, Map<Storage, Mirror>>();

/** The up-to-date copy of a storage, for one more user. */
export function mirrorOn(executor: Executor, storage: Storage): Mirror {
  let own = mirrors.get(executor);
  if (own === undefined) {
    own = new Map();
    mirrors.set(executor, own);
  }
  let mirror = own.get(storage);
  if (mirror === undefined) {
    const address = executor.allocator.allocate(storage.length);
    mirror = { storage, executor, address, seen: -1, users: 0, taken: false };
    own.set(storage, mirror);
  }
  mirror.users++;
  updateMirror(mirror);
  return mirror;
}

/** Copies the storage's words if they have changed. */
export function updateMirror(mirror: Mirror): void {
  const { storage, executor, address, seen } = mirror;
  if (storage.version === seen) return;
  executor.write(address, storage.executor.read(storage.address, storage.length, 'int32'), 'int32');
  mirror.seen = storage.version;
}

/** From now on the storage lives in its copy's block. */
export function takeMirror(mirror: Mirror): void {
  mirror.taken = true;
  forget(mirror);
}

/** One user fewer; the last one frees the block. */
export function releaseMirror(mirror: Mirror): void {
  if (--mirror.users > 0 || mirror.taken) return;
  mirror.executor.allocator.release(mirror.address, mirror.storage.length);
  forget(mirror);
}

function forget({ executor, storage }: Mirror): void {
  mirrors.get(executor)?.delete(storage);
}
