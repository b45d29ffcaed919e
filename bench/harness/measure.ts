/**
 * The measurement. Every contender is warmed up until its time per call settles; then rounds are interleaved
 * (A, B, C, A, B, C, …), so that a change of the machine's speed affects all of them alike. tinybench runs each round on
 * batches of calls; a contender's figure is the median of its rounds.
 */
import { load } from '../peers/load.ts';
import type { MeasureOptions, Prepared, Timing } from './types.ts';

const BATCHES_A_ROUND = 4;
const SETTLED = 0.05;
const LONGEST_WARMUP = 8;
/** A contender is slow if a call takes this many times the length of a round; slow contenders run fewer rounds. */
const SLOW = 8;
const SLOW_ROUNDS = 3;

/** The part of tinybench that is used here. Its own types are there only once bench/ has been installed. */
interface Task {
  name: string;
  reset(emit: boolean): void;
  run(): Promise<{ result: { error?: unknown; latency?: { p50: number } } }>;
}
interface Tinybench {
  Bench: new (options: {
    time: number;
    iterations: number;
    warmup: boolean;
  }) => {
    add(name: string, fn: () => Promise<{ overriddenDuration: number; overriddenIterationCost: number }>): void;
    tasks: Task[];
  };
}

/** Makes `reps` calls and returns how many milliseconds they took. */
type Batch = (reps: number) => number | Promise<number>;

/**
 * A loop of its own for each contender: V8 then compiles each for one callee, and the call costs next to nothing. One
 * loop for all would charge every contender after the first an indirect call.
 */
function syncBatch(run: () => unknown): Batch {
  const source =
    'const start = performance.now(); for (let i = 0; i < reps; i++) run(); return performance.now() - start;';
  const loop = new Function('run', 'reps', source) as (run: () => unknown, reps: number) => number;
  return (reps) => loop(run, reps);
}

async function batchOf(prepared: Prepared): Promise<Batch> {
  prepared.select?.();
  if (prepared.time !== undefined) return prepared.time;
  const { run } = prepared;
  if (run === undefined) throw new Error('a contender has neither run nor time');
  const first = run();
  if (!(first instanceof Promise)) return syncBatch(run);
  await first;
  return async (reps) => {
    const start = performance.now();
    for (let i = 0; i < reps; i++) await run();
    return performance.now() - start;
  };
}

/** Calls until the time per call is the same twice in a row, and returns it. */
async function warmUp(batch: Batch, warmupMs: number): Promise<number> {
  let reps = 1;
  let total = 0;
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const ms = await batch(reps);
    total += ms;
    const perCall = ms / reps;
    const settled = Math.abs(perCall - before) <= SETTLED * perCall;
    if ((settled && total >= warmupMs) || total >= LONGEST_WARMUP * warmupMs) return perCall;
    before = perCall;
    if (ms < warmupMs / 8) reps *= 2;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Measures contenders side by side. One that throws is left out and reported to `failed`. */
export async function measure(
  prepared: Map<string, Prepared>,
  options: MeasureOptions,
  failed: (name: string, error: unknown) => void,
): Promise<Timing[]> {
  const { Bench } = await load<Tinybench>('tinybench');
  const bench = new Bench({ time: options.roundMs, iterations: 1, warmup: false });
  const rounds = new Map<string, number[]>();
  const most = new Map<string, number>();
  for (const [name, contender] of prepared) {
    try {
      const inner = await batchOf(contender);
      const batch: Batch = (reps) => {
        contender.select?.();
        return inner(reps);
      };
      const perCall = await warmUp(batch, options.warmupMs);
      const reps = Math.max(1, Math.round(options.roundMs / BATCHES_A_ROUND / perCall));
      bench.add(name, async () => {
        const ms = await batch(reps);
        return { overriddenDuration: ms / reps, overriddenIterationCost: ms };
      });
      rounds.set(name, []);
      most.set(name, perCall > SLOW * options.roundMs ? Math.min(SLOW_ROUNDS, options.rounds) : options.rounds);
    } catch (error) {
      failed(name, error);
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const task of bench.tasks) {
      if ((rounds.get(task.name)?.length ?? 0) >= (most.get(task.name) ?? 0)) continue;
      task.reset(false);
      const { result } = await task.run();
      if (result.latency !== undefined) rounds.get(task.name)?.push(result.latency.p50);
      else if (rounds.delete(task.name)) failed(task.name, result.error);
    }
  }
  return [...rounds].map(([name, values]) => ({ name, median: median(values), rounds: values }));
}
