/** Files that are written as a whole or not at all. Links are followed; a replaced file keeps its mode and its owner. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ArgumentError, refuse } from '../../bindings/errors.ts';

let count = 0;

/** The name of a temporary file holds the name of the file, the host and the process. */
const HOST = hostname().replace(/[^\w-]/g, '_');
const ENDING = /^(\d+)\.(\d+)\.tmp$/;

const prefixOf = (path: string): string => `.${basename(path)}.${HOST}.`;

/** Whether a process with this number runs on this host. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** Removes temporary files of processes that were killed while they wrote this file. */
function removeStray(path: string): void {
  const folder = dirname(path);
  const prefix = prefixOf(path);
  for (const name of readdirSync(folder)) {
    const ending = name.startsWith(prefix) ? ENDING.exec(name.slice(prefix.length)) : null;
    if (ending !== null && !isAlive(Number(ending[1]))) rmSync(join(folder, name), { force: true });
  }
}

/** The most links that may lead to a file, as in Linux. */
const MOST_LINKS = 40;
/** The bits of a mode that are permissions. */
const PERMISSIONS = 0o7777;
/** The mode of a file before it gets the permissions of the one that it replaces, so that nobody else can read it. */
const OWNER_ONLY = 0o600;

function cannotWrite(path: string, problem: string): never {
  refuse(ArgumentError, 'save', `${path} cannot be written: ${problem}`, { argument: 'path', got: path });
}

/** The file that a path leads to through all links, and what is there; undefined if there is nothing yet. */
function targetOf(path: string): [target: string, old: Stats | undefined] {
  let target = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const old = lstatSync(target, { throwIfNoEntry: false });
    if (old === undefined || old.isFile()) return [target, old];
    if (!old.isSymbolicLink())
      cannotWrite(
        path,
        `${old.isDirectory() ? 'it is a folder' : 'it is a device, a pipe or a socket'}; expected a plain file`,
      );
    target = resolve(realpathSync(dirname(target)), readlinkSync(target));
  }
  return cannotWrite(path, 'its links lead in a circle');
}

/** Gives a new file the permissions of the one that it replaces, and its owner if that is allowed. */
function keepOwner(temporary: string, { uid, gid, mode }: Stats): void {
  try {
    chownSync(temporary, uid, gid);
  } catch {
    // Only root may give files away, and Windows does not have such owners.
  }
  chmodSync(temporary, mode & PERMISSIONS);
}

/** A new file next to `path`; names that are taken (by a process with the same number before a restart) are skipped. */
function openTemporary(path: string, mode: number | undefined): [temporary: string, file: number] {
  for (;;) {
    const temporary = join(dirname(path), `${prefixOf(path)}${process.pid}.${count++}.tmp`);
    try {
      return [temporary, openSync(temporary, 'wx', mode)];
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ENOENT') cannotWrite(path, `there is no folder ${dirname(path)}`);
      if (code !== 'EEXIST') throw error;
    }
  }
}

/** Makes a rename survive a power failure, if folders can be synchronized. */
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
 * Writes a temporary file in the same folder, makes sure that it is on the disk, and renames it: a reader of `path` sees
 * the old bytes or the new ones, never a part. A link stays, and the file that it leads to is replaced; anything but a plain file is
 * refused. A process that is killed meanwhile leaves `.NAME.HOST.PID.NUMBER.tmp` behind; the next writer of `path` removes it.
 *
 * @throws ArgumentError if there is no such folder, or if the path leads to something that is not a plain file
 */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  const [target, old] = targetOf(path);
  const [temporary, file] = openTemporary(target, old === undefined ? undefined : OWNER_ONLY);
  try {
    try {
      writeFileSync(file, bytes);
      if (old !== undefined) keepOwner(temporary, old);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(target);
  removeStray(target);
}
