/**
 * The examples in the TSDoc of the sources: all are type-checked together, and all that read no files are run. Where
 * the comment after a line is a value (`sum(x).item(); // 6`), the line must give that value; a tensor must have these
 * elements, or this shape.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as kernels from '../bindings/kernels/index.ts';
import * as saraf from '../src/index.ts';
import * as node from '../src/node/index.ts';
import { check } from './support/agrees.ts';
import { type Example, examplesIn, moduleOf, root, sources } from './support/documentation.ts';
import { given } from './support/given.ts';

const folder = join(root, 'out/examples');
/** Examples that read files that do not exist here, or must run before all others, are only type-checked. */
const NOT_RUN = /\binit\(\{|\b(fetch|readCsv|imageFolder|imdb|mnist|readFileSync)\(|import\.meta|\bload\w+\('/;
/** Public classes and functions that need no example: errors, and objects that other functions return. */
const WITHOUT = /Error$|^(Transform|GraphModel|GraphValue|Buffer|Parameter|Optimizer|ImageFolder|CsvTable)$/;

const all = sources.flatMap(examplesIn);
const [ofKernels, others] = [all.filter(isKernels), all.filter((example) => !isKernels(example))];
const [ofNode, rest] = [others.filter(isNode), others.filter((example) => !isNode(example))];

function isKernels({ place }: Example): boolean {
  return place.startsWith('bindings/');
}
function isNode({ place, code }: Example): boolean {
  return place.startsWith('src/node/') || code.some((line) => line.includes('imageFolder('));
}

const names = (module: object, less: object = {}) =>
  Object.keys(module)
    .filter((name) => !(name in less))
    .join(', ');
const GIVEN = ' const { x, y, xTrain, yTrain, xTest, yTest, model, optimizer, trainer } = given();';
const modules = {
  kernels: moduleOf(`import { ${names(kernels)} } from '../../bindings/kernels/index.ts';`, '', ofKernels),
  saraf: moduleOf(`import { ${names(saraf)} } from '../../src/index.ts';`, GIVEN, rest),
  node: moduleOf(
    [
      `import { ${names(saraf, node)} } from '../../src/index.ts'; import { ${names(node)} } from '../../src/node/index.ts';`,
      `import { readFileSync } from 'node:fs'; import { gunzipSync } from 'node:zlib';`,
    ].join(' '),
    GIVEN,
    ofNode,
  ),
};

mkdirSync(folder, { recursive: true });
for (const [name, { text }] of Object.entries(modules)) writeFileSync(join(folder, `${name}.ts`), text);
// As strict as most users are: `const [dx] = grad(…)` is a tensor.
const options = { noUnusedLocals: false, noUnusedParameters: false, noUncheckedIndexedAccess: false };
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: options, include: ['*.ts'], exclude: [] }),
);

type Run = (compare: typeof check, context: typeof given) => Promise<void>;

it('type-checks all examples', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  let complaints = '';
  try {
    execFileSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8', cwd: folder });
  } catch (error) {
    complaints = (error as { stdout: string }).stdout;
  }
  const told = complaints.replace(
    /^(\w+)\.ts\((\d+),\d+\)/gm,
    (whole, name: keyof typeof modules, line: string) => modules[name]?.lines[Number(line) - 1] ?? whole,
  );
  expect(told).toBe('');
});

describe('runs', () => {
  const before = process.cwd();
  beforeAll(() => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    process.chdir(mkdtempSync(join(tmpdir(), 'saraf-')));
  });
  afterAll(() => {
    vi.restoreAllMocks();
    process.chdir(before);
  });

  for (const [name, examples] of Object.entries({ kernels: ofKernels, saraf: rest, node: ofNode })) {
    const runnable = examples.filter(({ code }) => !NOT_RUN.test(code.join('\n')));
    it.each(runnable.map(({ place }) => place))('%s', async (place) => {
      const module: { examples: Record<string, Run> } = await import(/* @vite-ignore */ join(folder, `${name}.ts`));
      await module.examples[place]!(check, given);
    });
  }
});

it('has an example for every public function and class', () => {
  const { data, F, metrics, models, nn, optim, plot } = saraf;
  const spaces = { saraf, kernels, node, data, F, metrics, models, nn, optim, plot };
  const inner = { transforms: data.transforms, init: nn.init, utils: nn.utils, lrScheduler: optim.lrScheduler };
  const shown = new Set(all.map(({ subject }) => /(?:function|class) (\w+)/.exec(subject)?.[1]));
  const missing = Object.entries({ ...spaces, ...inner }).flatMap(([space, module]) =>
    Object.entries(module)
      .filter(([name, value]) => typeof value === 'function' && !shown.has(name) && !WITHOUT.test(name))
      .map(([name]) => `${space}.${name}`),
  );
  expect(missing).toEqual([]);
});
