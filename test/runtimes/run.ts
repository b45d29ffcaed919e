/**
 * The packed package in every runtime and through every bundler: `npx tsx test/runtimes/run.ts [TEXT …] [--write] [--strict]`.
 *
 * Each runs program.js and prints what it ran on. The table of what works where is in the README: `--write` writes it,
 * and without that option it is checked. A missing runtime is named and skipped; with `--strict` it is a failure. Run
 * `npm run build` first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProject, here, type Outcome, root } from './project.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, strict: { type: 'boolean', default: false } },
});

if (!existsSync(join(here, 'node_modules'))) {
  console.log('npm ci --prefix test/runtimes (some 1 GB: runtimes and bundlers)');
  const { status } = spawnSync('npm', ['ci', '--prefix', here], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('npm ci --prefix test/runtimes has failed');
}
// These imports need the packages that have just been installed.
const { processes } = await import('./processes.ts');
const { bundlers, checkTreeShaking } = await import('./bundlers.ts');
const { closeBrowser, pages } = await import('./pages.ts');
const { measureSizes } = await import('./sizes.ts');

const readme = join(root, 'README.md');
const [BEGIN, END] = ['<!-- runtimes: made by test/runtimes/run.ts -->\n', '<!-- runtimes: end -->\n'];
const head = `|     | kernels | threads | trains, saves, loads | \`require\` |
| --- | ------- | ------: | :------------------: | :-------: |
`;
const kernels: Record<string, string> = { relaxed: 'relaxed SIMD', simd128: 'SIMD', none: 'reference' };

const COLD_STARTS = 5;
const rows: string[] = [];
const failures: string[] = [];
const isWanted = (name: string) => positionals.length === 0 || positionals.some((text) => name.includes(text));

function row(name: string, { simd, threads }: Outcome, hasRequire: boolean): string {
  return `| ${name} | ${kernels[simd]} | ${threads} | ✓ | ${hasRequire ? '✓' : '–'} |\n`;
}

function fail(name: string, error: unknown): void {
  const { stderr = '' } = error as { stderr?: string };
  failures.push(name);
  console.error(`${name}: ${error}\n${stderr}`);
}

const { project, remove } = await createProject();
for (const target of [...processes, ...pages].filter(({ name }) => isWanted(name))) {
  const { name } = target;
  const reason = target.missing();
  if (reason !== null) {
    if (values.strict) fail(name, new Error(reason));
    else console.log(`${name}: skipped, ${reason}`);
    continue;
  }
  try {
    const outcome = await target.run(project);
    await target.require?.(project);
    let cold = Number.POSITIVE_INFINITY;
    if (target.cold !== undefined) {
      for (let i = 0; i < COLD_STARTS; i++) cold = Math.min(cold, await target.cold(project, 'cold'));
    }
    rows.push(row(name, outcome, target.require !== undefined));
    const { runtime, simd, threads, threadsNote } = outcome;
    console.log(
      `${name}: ${[runtime, outcome.device, simd, `${threads} thread${threads === 1 ? '' : 's'}`, threadsNote].filter(Boolean).join(', ')}` +
        (target.cold === undefined ? '' : `; ${cold.toFixed(1)} ms from import to the first product`),
    );
  } catch (error) {
    fail(name, error);
  }
}
await closeBrowser();

if (positionals.length === 0) {
  for (const [name, bundle] of Object.entries(bundlers)) {
    try {
      await checkTreeShaking(project, bundle);
      console.log(`${name}: a bundle of only a product contains no layers`);
    } catch (error) {
      fail(name, error);
    }
  }
  for (const { name, bundler, bytes, budget } of await measureSizes(project)) {
    console.log(`${name}, by ${bundler}: ${(bytes / 1024).toFixed(1)} KB gzipped of ${budget / 1024}`);
    if (bytes > budget) fail(`size of ${name}`, new Error('over its budget'));
  }
  checkReadme();
}
remove();

/** Checks that each row made here is in the README; `--write` puts them there. */
function checkReadme(): void {
  const text = readFileSync(readme, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (values.write) {
    writeFileSync(readme, `${text.slice(0, begin + BEGIN.length)}${head}${rows.join('')}${text.slice(end)}`);
    return;
  }
  const made = text.slice(begin, end);
  const missing = rows.filter((line) => !made.includes(line));
  if (missing.length > 0) {
    fail('README.md', new Error(`its table differs (npx tsx test/runtimes/run.ts --write):\n${missing.join('')}`));
  }
}

if (failures.length > 0) console.error(`failed: ${failures.join(', ')}`);
process.exit(failures.length > 0 ? 1 : 0);
