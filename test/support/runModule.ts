import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';

/** Runs a module in a separate process, where SARAF and KERNELS are the library's entries; returns what it prints. */
export function runModule(code: string, flags: readonly string[] = []): string {
  const entry = (path: string) => pathToFileURL(join(import.meta.dirname, '../..', path)).href;
  const text = code
    .replaceAll('SARAF', entry('src/index.ts'))
    .replaceAll('KERNELS', entry('bindings/kernels/index.ts'));
  const args = [...flags, '--import', 'tsx', '--input-type=module', '-e', text];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  expect([status, stderr.replace(/\(node:.*?\n|\(Use .*?\n/g, '')]).toEqual([0, '']);
  return stdout.trim();
}
