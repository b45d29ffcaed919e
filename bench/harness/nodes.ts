/** The Node binaries that suites run under: the one that runs this file, and those that bench/ installs as packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from '../peers/load.ts';
import { majorOf } from './format.ts';

export const currentMajor = majorOf(process.versions.node);
const root = join(benchFolder, '..');

/** The binary of a major version; undefined if there is none for this machine. */
export function nodeBinary(major: string): string | undefined {
  if (major === currentMajor) return process.execPath;
  const path = join(benchFolder, 'node_modules', `node${major}`, 'bin/node');
  return existsSync(path) ? path : undefined;
}

/** Installs the packages of bench/package.json, if any is missing. */
export function installPeers(): void {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(benchFolder, 'package.json'), 'utf8'),
  );
  const isThere = (name: string) => existsSync(join(benchFolder, 'node_modules', name));
  if (Object.keys(dependencies).every(isThere)) return;
  console.log('bench/node_modules is not complete: npm ci --prefix bench (some 1 GB: the peers and three Nodes)');
  const { status } = spawnSync('npm', ['ci', '--prefix', benchFolder], { stdio: 'inherit', cwd: root });
  if (status !== 0) throw new Error('npm ci --prefix bench failed');
}

/** Runs one suite under a binary. Returns whether it completed. */
export function runUnder(binary: string, args: string[]): boolean {
  const child = join(benchFolder, 'harness/child.ts');
  const env = { ...process.env };
  delete env.NODE_OPTIONS;
  return spawnSync(binary, ['--import', 'tsx', child, ...args], { stdio: 'inherit', cwd: root, env }).status === 0;
}
