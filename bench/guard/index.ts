/**
 * The guard against slower kernels: `npm run bench:guard [-- --record]`. It compares each kernel with the peak loop of the same process, in
 * turns of a few milliseconds, and fails when a kernel's share falls more than 15 % below what bench/guard/records.json holds for this
 * kind of processor (machine.ts), Node and SIMD. Where there is no record it says so and passes; --record writes one.
 *
 * A share is that of the fastest turns: other work on the machine makes turns longer, never shorter, so the fastest of many tell
 * what the code can do. A kernel that seems slow is measured anew after a pause, in more turns, and fails when it is slow three times in a row.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { benchFolder, load } from '../peers/load.ts';
import { peakLoop } from '../peers/peak.ts';
import { type Guarded, guarded } from './kernels.ts';
import { processorKeys } from './machine.ts';

const LEAST = 0.85;
const ATTEMPTS = 3;
const PAUSE_MS = 5000;
const TURN_MS = 2;
const TURNS = 120;
const WARMUP_MS = 300;
/** Passes over all kernels when a record is made. */
const PASSES = 5;

const file = join(benchFolder, 'guard/records.json');
type Shares = Record<string, number>;
type Records = Record<string, Shares>;

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds of `reps` calls. */
function turn(run: () => unknown, reps: number): number {
  const begun = performance.now();
  for (let i = 0; i < reps; i++) run();
  return performance.now() - begun;
}

/** Warms up until V8 has its best code, and tells how many calls make a turn. */
function repsOf(run: () => unknown): number {
  let reps = 1;
  let ms = 0;
  for (let total = 0; total < WARMUP_MS; total += ms) {
    ms = turn(run, reps);
    if (ms < TURN_MS) reps *= 2;
  }
  return Math.max(1, Math.round((reps * TURN_MS) / Math.max(ms, 0.01)));
}

const { contender: peak, variant } = await peakLoop();
const prepared = await peak.setup();
const runPeak = prepared!.run!;
const peakReps = repsOf(runPeak);

/** Milliseconds of the fastest calls of a kernel and of the peak loop. */
interface Fastest {
  kernel: number;
  peak: number;
}

async function fastestOf({ run }: Guarded, turns = TURNS): Promise<Fastest> {
  const reps = repsOf(run);
  const fastest = { kernel: Number.POSITIVE_INFINITY, peak: Number.POSITIVE_INFINITY };
  for (let i = 0; i < turns; i++) {
    fastest.peak = Math.min(fastest.peak, turn(runPeak, peakReps) / peakReps);
    fastest.kernel = Math.min(fastest.kernel, turn(run, reps) / reps);
    // Whoever else wants this core gets it now, and not in the middle of a turn.
    if (i % 4 === 3) await rest(1);
  }
  return fastest;
}

/** Operations of the kernel in the time of one of the peak loop, by the fastest of all `passes`. */
function shareOf({ operations }: Guarded, passes: Fastest[]): number {
  const least = (which: keyof Fastest) => Math.min(...passes.map((pass) => pass[which]));
  return operations / least('kernel') / (peak.flops! / least('peak'));
}

const records: Records = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Records) : {};
const CPUINFO = '/proc/cpuinfo';
const keys = processorKeys(
  existsSync(CPUINFO) ? readFileSync(CPUINFO, 'utf8') : '',
  os.cpus()[0]?.model ?? '',
  os.arch(),
).map((processor) => `${processor}, Node ${process.versions.node.split('.')[0]}, ${variant} SIMD`);
const machine = keys[0]!;
const kernels = await load<typeof import('../../bindings/kernels/index.ts')>(
  join(benchFolder, '../bindings/kernels/index.ts'),
);
const all = guarded(kernels);

async function record(): Promise<void> {
  const passes = all.map((): Fastest[] => []);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [i, kernel] of all.entries()) passes[i]!.push(await fastestOf(kernel));
  }
  const shares: Shares = {};
  for (const [i, kernel] of all.entries()) {
    const share = shareOf(kernel, passes[i]!);
    const each = passes[i]!.map((pass) => shareOf(kernel, [pass])).sort((a, b) => a - b);
    const spread = (100 * (each.at(-1)! - each[0]!)) / each[PASSES >> 1]!;
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
    const part = shareOf(kernel, [await fastestOf(kernel, attempt * TURNS)]) / recorded;
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
const taken = keys.find((key) => records[key] !== undefined);
if (process.argv.includes('--record')) await record();
else if (taken === undefined) console.log('there is no record of such a machine: npm run bench:guard -- --record');
else {
  console.log(`record of: ${taken}`);
  const slow = await check(records[taken]!);
  if (slow.length > 0) {
    console.error(`more than 15 % below the record, ${ATTEMPTS} times in a row: ${slow.join(', ')}`);
    process.exitCode = 1;
  }
}
