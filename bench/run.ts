/**
 * The benchmarks: `npm run bench -- [SUITE …] [--node 20,24] [--quick] [--task TEXT] [--json FILE] [--report]`. Runs each
 * suite in its own process under each Node (the current one and 24, unless the suite or --node says otherwise), prints tables,
 * writes bench/results/ and the suite's section of bench/README.md. A quick run, or one of a few tasks, only prints; `--report`
 * writes that page and bench/report/index.html anew from the existing results.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { currentMajor, installPeers, nodeBinary, runUnder } from './harness/nodes.ts';
import { writeSection } from './harness/report.ts';
import { resultFile } from './harness/results.ts';
import type { SuiteResult } from './harness/types.ts';
import { writeReport } from './report/index.ts';
import { suites } from './suites/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    quick: { type: 'boolean', default: false },
    task: { type: 'string' },
    json: { type: 'string' },
    report: { type: 'boolean', default: false },
  },
});

const names = suites.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no suite is called ${unknown.join(' or ')}; there are ${names.join(', ')}`);
  process.exit(2);
}
const defaultNodes = [...new Set([currentMajor, '24'])];
const chosen = positionals.length > 0 ? positionals : names;
if (values.report) {
  installPeers();
  for (const suite of chosen) writeSection(suite);
  await writeReport();
  process.exit(0);
}
installPeers();

const passed = [...(values.quick ? ['--quick'] : []), ...(values.task === undefined ? [] : ['--task', values.task])];
const kept = passed.length === 0;
const folder = mkdtempSync(join(tmpdir(), 'saraf-bench-'));
const results: SuiteResult[] = [];
let failures = 0;

for (const suite of chosen) {
  const nodes = suites.find(({ name }) => name === suite)?.nodes ?? defaultNodes;
  for (const major of values.node?.split(',') ?? nodes) {
    const binary = nodeBinary(major);
    if (binary === undefined) {
      console.error(`Node ${major} is not here: bench/package.json has none for this machine`);
      continue;
    }
    const out = join(folder, 'result.json');
    if (!runUnder(binary, [suite, out, ...passed])) {
      console.error(`${suite} failed under Node ${major}`);
      failures++;
      continue;
    }
    const result: SuiteResult = JSON.parse(readFileSync(out, 'utf8'));
    results.push(result);
    if (kept) {
      const file = resultFile(result);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
      writeSection(suite);
    }
  }
}
rmSync(folder, { recursive: true, force: true });
if (kept) await writeReport();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
if (failures > 0) process.exit(1);
