/** Files that are written as a whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

let count = 0;

/**
 * Writes a temporary file in the same folder, makes sure that it is on the disk, and renames it: whoever reads `path` sees
 * the old bytes or the new ones, never a part.
 */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${count++}.tmp`);
  try {
    const file = openSync(temporary, 'wx');
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') rmSync(temporary, { force: true });
    throw error;
  }
}
