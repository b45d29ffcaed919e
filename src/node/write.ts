/** Files that are written as a whole or not at all. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ArgumentError } from '../../bindings/errors.ts';

let count = 0;

/** What a temporary file's name says: for which file, on which machine, by which process. */
const HOST = hostname().replace(/[^\w-]/g, '_');
const ENDING = /^(\d+)\.(\d+)\.tmp$/;

const prefixOf = (path: string): string => `.${basename(path)}.${HOST}.`;

/** Whether a process of this machine runs. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** Removes what processes left behind that were killed while they wrote this file. */
function removeStray(path: string): void {
  const folder = dirname(path);
  const prefix = prefixOf(path);
  for (const name of readdirSync(folder)) {
    const ending = name.startsWith(prefix) ? ENDING.exec(name.slice(prefix.length)) : null;
    if (ending !== null && !isAlive(Number(ending[1]))) rmSync(join(folder, name), { force: true });
  }
}

/** A new file beside `path`; names that are taken (by a process of the same number, before a restart) are passed over. */
function openTemporary(path: string): [temporary: string, file: number] {
  for (;;) {
    const temporary = join(dirname(path), `${prefixOf(path)}${process.pid}.${count++}.tmp`);
    try {
      return [temporary, openSync(temporary, 'wx')];
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ENOENT') {
        throw new ArgumentError(`${path} cannot be written: there is no folder ${dirname(path)}`, {
          op: 'save',
          argument: 'path',
          got: path,
        });
      }
      if (code !== 'EEXIST') throw error;
    }
  }
}

/** Makes a rename last through a power cut, where folders can be synchronized. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(dirname(path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Windows cannot.
  }
}

/**
 * Writes a temporary file in the same folder, makes sure that it is on the disk, and renames it: whoever reads `path` sees
 * the old bytes or the new ones, never a part. A process that is killed meanwhile leaves `.NAME.HOST.PID.NUMBER.tmp` behind; the
 * next writer of `path` removes it.
 */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  const [temporary, file] = openTemporary(path);
  try {
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path);
  removeStray(path);
}
