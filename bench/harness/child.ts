/**
 * One suite in a process of its own, under whichever Node runs this file: `child.ts SUITE OUT.json [--quick]
 * [--task TEXT]`. Prints each task as it is done, and writes the result to the file.
 */
import { writeFileSync } from 'node:fs';
import { suites } from '../suites/index.ts';
import { runSuite } from './runSuite.ts';
import { summaryLines, taskLines } from './terminal.ts';

const [suite, out, ...flags] = process.argv.slice(2);
const plan = suites.find(({ name }) => name === suite);
if (plan === undefined || out === undefined) throw new Error(`no suite is called ${suite}`);
const quick = flags.includes('--quick');
const only = flags.includes('--task') ? flags[flags.indexOf('--task') + 1] : undefined;

// Some peers define a global Worker when they start. Others take it for a browser's, and for permission to use threads.
Object.defineProperty(globalThis, 'Worker', { get: () => undefined, set: () => undefined });

console.log(`\n${plan.title}, Node ${process.versions.node} (V8 ${process.versions.v8})`);
const result = await runSuite(plan, {
  quick,
  only,
  rounds: quick ? 3 : 9,
  roundMs: quick ? 20 : 50,
  warmupMs: quick ? 60 : 250,
  onTask: (task) => console.log(taskLines(task).join('\n')),
});
console.log(summaryLines(result).join('\n'));
writeFileSync(out, `${JSON.stringify(result, null, 1)}\n`);
// Peers leave timers and workers behind.
process.exit(0);
