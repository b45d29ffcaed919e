/**
 * The guard against slower kernels: `npm run bench:guard [-- --record]`. It compares each kernel with the peak loop of the same
 * process, in alternating runs of a few milliseconds, and fails when a kernel's share of the peak falls more than 15 % below the
 * record in bench/guard/records.json for this kind of processor (machine.ts), Node and SIMD. Where there is no record it says so
 * and passes; --record writes one.
 *
 * A share is that of the fastest runs: other work on the machine makes runs longer, never shorter, so the fastest of many tell
 * what the code can do. A kernel that seems slow is measured again after a pause, in more runs, and fails when it is slow three
 * times in a row.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { majorOf } from '../harness/format.ts';
import { median } from '../harness/measure.ts';
import { benchFolder, load } from '../peers/load.ts';
import { peakLoop } from '../peers/peak.ts';
import { type Guarded, guarded } from './kernels.ts';
import { processorKeys } from './machine.ts';

const LEAST = 0.85;
const ATTEMPTS = 3;
const PAUSE_MS = 5000;
const RUN_MS = 2;
const RUNS = 120;
const WARMUP_MS = 300;
/** Passes over all kernels when a record is made. */
const PASSES = 5;

const file = join(benchFolder, 'guard/records.json');
type Shares = Record<string, number>;
type Records = Record<string, Shares>;

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds of `reps` calls. */
function time(run: () => unknown, reps: number): number {
  const begun = performance.now();
  for (let i = 0; i < reps; i++) run();
  return performance.now() - begun;
}

/** Warms up until V8 has its best code. Returns how many calls a measured run makes. */
function repsOf(run: () => unknown): number {
  let reps = 1;
  let ms = 0;
  for (let total = 0; total < WARMUP_MS; total += ms) {
    ms = time(run, reps);
    if (ms < RUN_MS) reps *= 2;
  }
  return Math.max(1, Math.round((reps * RUN_MS) / Math.max(ms, 0.01)));
}

const peak = await peakLoop();
const peakReps = repsOf(peak.run);

/** Milliseconds of the fastest calls of a kernel and of the peak loop. */
interface Fastest {
  kernel: number;
  peak: number;
}

async function fastestOf({ run }: Guarded, runs = RUNS): Promise<Fastest> {
  const reps = repsOf(run);
  const fastest = { kernel: Number.POSITIVE_INFINITY, peak: Number.POSITIVE_INFINITY };
  for (let i = 0; i < runs; i++) {
    fastest.peak = Math.min(fastest.peak, time(peak.run, peakReps) / peakReps);
    fastest.kernel = Math.min(fastest.kernel, time(run, reps) / reps);
    // Other processes that want this core get it now, and not in the middle of a run.
    if (i % 4 === 3) await rest(1);
  }
  return fastest;
}

/** Operations of the kernel in the time of one operation of the peak loop, by the fastest of all `passes`. */
function shareOf({ operations }: Guarded, passes: Fastest[]): number {
  const least = (which: keyof Fastest) => Math.min(...passes.map((pass) => pass[which]));
  return operations / least('kernel') / (peak.flops / least('peak'));
}

const records: Records = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const CPUINFO = '/proc/cpuinfo';
const keys = processorKeys(
  existsSync(CPUINFO) ? readFileSync(CPUINFO, 'utf8') : '',
  os.cpus()[0]?.model ?? '',
  os.arch(),
).map((processor) => `${processor}, Node ${majorOf(process.versions.node)}, ${peak.variant} SIMD`);
const [machine = ''] = keys;
const kernels = await load<typeof import('../../bindings/kernels/index.ts')>(
  join(benchFolder, '../bindings/kernels/index.ts'),
);
const all = guarded(kernels);

async function record(): Promise<void> {
  const measured = all.map((kernel): { kernel: Guarded; passes: Fastest[] } => ({ kernel, passes: [] }));
  for (let pass = 0; pass < PASSES; pass++) {
    for (const { kernel, passes } of measured) passes.push(await fastestOf(kernel));
  }
  const shares: Shares = {};
  for (const { kernel, passes } of measured) {
    const share = shareOf(kernel, passes);
    const each = passes.map((pass) => shareOf(kernel, [pass]));
    const spread = (100 * (Math.max(...each) - Math.min(...each))) / median(each);
    shares[kernel.name] = Number(share.toPrecision(3));
    console.log(`${kernel.name.padEnd(28)} ${share.toPrecision(3).padStart(8)}   spread ${spread.toFixed(1)} %`);
  }
  records[machine] = shares;
  writeFileSync(file, `${JSON.stringify(records, null, 2)}\n`);
}

/** Whether the kernel is as fast as recorded, in one of its attempts. */
async function holds(kernel: Guarded, recorded: number): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await rest(PAUSE_MS);
    const part = shareOf(kernel, [await fastestOf(kernel, attempt * RUNS)]) / recorded;
    const isFast = part >= LEAST;
    const tried = attempt > 1 ? `, attempt ${attempt}` : '';
    console.log(
      `${isFast ? 'ok  ' : 'SLOW'} ${kernel.name.padEnd(28)} ${Math.round(100 * part)} % of the record${tried}`,
    );
    if (isFast) return true;
  }
  return false;
}

async function check(shares: Shares): Promise<string[]> {
  const slow: string[] = [];
  for (const kernel of all) {
    const recorded = shares[kernel.name];
    if (recorded === undefined) slow.push(`${kernel.name} (no record: npm run bench:guard -- --record)`);
    else if (!(await holds(kernel, recorded))) slow.push(kernel.name);
  }
  return slow;
}

console.log(`found: ${machine}`);
const taken = keys.find((key) => records[key] !== undefined) ?? '';
const recorded = records[taken];
if (process.argv.includes('--record')) await record();
else if (recorded === undefined)
  console.log('there is no record for this kind of machine: npm run bench:guard -- --record');
else {
  console.log(`record of: ${taken}`);
  const slow = await check(recorded);
  if (slow.length > 0) {
    console.error(`more than 15 % below the record, ${ATTEMPTS} times in a row: ${slow.join(', ')}`);
    process.exitCode = 1;
  }
}
