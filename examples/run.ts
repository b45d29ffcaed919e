/**
 * Runs an example by name; without a name, lists them all; --all runs the quick ones, and fails if one of them does.
 *
 *     npm run example -- moons [folder for pictures]
 *     npm run examples
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
/** They take longer, or measure speed, and are run on their own. */
const LONG = ['mnist-cnn', 'mnist-mlp'];

const fileOf = (name: string): string => join(FOLDER, name, 'index.ts');
const names = readdirSync(FOLDER).filter((name) => existsSync(fileOf(name)));

/** The first sentence of the comment at the head of an example. */
function sentence(name: string): string {
  const [, comment = ''] = readFileSync(fileOf(name), 'utf8').match(/\/\*\*(.*?)\*\//s) ?? [];
  const [words = ''] = comment
    .trim()
    .replace(/^\* /, '')
    .split(/\n \*\n/);
  const [first = ''] = words.replace(/\s*\n\s*\* /g, ' ').split(/(?<=\.)\s/);
  return first;
}

function run(name: string, args: readonly string[], quiet = false): { status: number; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, fileOf(name), ...args], {
    stdio: quiet ? 'pipe' : 'inherit',
    encoding: 'utf8',
  });
  return { status: status ?? 1, output: `${stdout ?? ''}${stderr ?? ''}` };
}

function runAll(): void {
  const start = performance.now();
  for (const name of names.filter((one) => !LONG.includes(one))) {
    const begin = performance.now();
    const { status, output } = run(name, [], true);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(18)} ${seconds.padStart(5)} s`);
    if (status !== 0) {
      console.log(output);
      process.exitCode = 1;
    }
  }
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
}

const [name, ...args] = process.argv.slice(2);
if (name === '--all') runAll();
else if (name === undefined) for (const one of names) console.log(`${one.padEnd(18)} ${sentence(one)}`);
else if (!names.includes(name)) {
  console.error(`There is no example ${name}. There are: ${names.join(', ')}.`);
  process.exitCode = 1;
} else process.exitCode = run(name, args).status;
