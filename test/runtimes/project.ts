/** A project with the packed package installed, as users have it, and the processes that run in it. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const here = import.meta.dirname;
export const root = join(here, '../..');
const execute = promisify(execFile);
const LIMIT = 120_000;

/** The outcome of the program (program.js). */
export interface Outcome {
  device: string;
  simd: string;
  threads: number;
  threadsNote?: string;
  runtime: string;
  error?: string;
}

/** Runs a command in the project; returns what it prints on stdout. */
export async function start(project: string, command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env };
  delete env.NODE_OPTIONS;
  const { stdout } = await execute(command, args, { cwd: project, env, timeout: LIMIT });
  return stdout.trim();
}

/** Packs the contents of dist/ and installs them into a new folder, next to the programs. */
export async function createProject(): Promise<{ project: string; remove(): void }> {
  const project = mkdtempSync(join(tmpdir(), 'saraf-runtimes-'));
  const printed = await start(root, 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project]);
  const [{ filename }] = JSON.parse(printed) as [{ filename: string }];
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  await start(project, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(project, filename)]);
  for (const name of ['program.js', 'page.js', 'worker.js', 'cold.js']) cpSync(join(here, name), join(project, name));
  writeFileSync(
    join(project, 'main.js'),
    "import { run } from './program.js';\nconsole.log(JSON.stringify(await run()));\n",
  );
  writeFileSync(
    join(project, 'required.cjs'),
    "const { tensor } = require('saraf');\nconst { sum } = require('saraf/kernels');\nconsole.log(tensor([1, 2]).sum().item(), typeof sum);\n",
  );
  writeFileSync(
    join(project, 'index.html'),
    '<!doctype html><link rel="icon" href="data:," /><script type="module" src="/page.js"></script>\n',
  );
  // Vite looks for itself starting from the project.
  symlinkSync(join(here, 'node_modules/vite'), join(project, 'node_modules/vite'));
  return { project, remove: () => rmSync(project, { recursive: true, force: true }) };
}

/** The outcome of a program: the last line that it prints. */
export function outcomeOf(printed: string): Outcome {
  return JSON.parse(printed.split('\n').at(-1)!) as Outcome;
}
