/** The figures of the page, taken from the results: ratios, throughputs, what is faster. It knows nothing of charts. */
import { find, majorOf } from '../harness/format.ts';
import { PEAK, type SuiteResult, type TaskResult, type Timing } from '../harness/types.ts';

/** Kinds of contenders: charts have a shape for each kind, tables order by it. */
export type Kind = 'saraf' | 'wasm' | 'plain' | 'native';

const kinds: Record<string, Kind> = {
  'tfjs-wasm': 'wasm',
  'ort-web': 'wasm',
  'jax-js': 'wasm',
  'numpy-ts': 'wasm',
  'tfjs-cpu': 'plain',
  'ml-matrix': 'plain',
  'brain.js': 'plain',
  'plain JS': 'plain',
  'saraf reference': 'plain',
};

export function kindOf(name: string): Kind {
  if (name.startsWith('PyTorch')) return 'native';
  return kinds[name] ?? (name.startsWith('saraf') ? 'saraf' : 'wasm');
}

/** The mode that others are compared with: compiled programs where a suite has them, as its users would run them. */
const COMPILED = 'saraf compiled';
const COMPILED_SUITES = [
  'mlp-step',
  'xor-step',
  'programs',
  'cnn-step',
  'resnet18',
  'lstm-step',
  'embedding',
  'streaming',
];

export function baseOf(result: SuiteResult): string {
  return COMPILED_SUITES.includes(result.suite) ? COMPILED : 'saraf';
}

/** A contender's time divided by saraf's. */
export interface Ratio {
  task: string;
  peer: string;
  kind: Kind;
  ratio: number;
}

function ratiosOf(result: SuiteResult, task: TaskResult): Ratio[] {
  const base = find(task, baseOf(result));
  if (base === undefined) return [];
  return task.timings
    .filter(({ name }) => name !== base.name && name !== PEAK)
    .map(({ name, median }) => ({
      task: task.name,
      peer: name === 'saraf' ? 'saraf eager' : name,
      kind: kindOf(name),
      ratio: median / base.median,
    }));
}

export const ratios = (result: SuiteResult): Ratio[] => result.tasks.flatMap((task) => ratiosOf(result, task));

/** The fastest of a kind in each task. */
export function fastest(all: readonly Ratio[], kind: Kind): Map<string, Ratio> {
  const best = new Map<string, Ratio>();
  for (const one of all) {
    if (one.kind === kind && one.ratio < (best.get(one.task)?.ratio ?? Number.POSITIVE_INFINITY))
      best.set(one.task, one);
  }
  return best;
}

export interface Loss extends Ratio {
  suite: string;
  node: string;
}

/** Below this the difference is more than the machine's variation. */
const LOST = 0.97;

/** Every contender that is faster than saraf on as many threads, the fastest first. */
export function losses(results: readonly SuiteResult[]): Loss[] {
  return results
    .flatMap((result) => ratios(result).map((one) => ({ ...one, suite: result.suite, node: majorOf(result.node) })))
    .filter(({ kind, ratio, peer }) => kind !== 'saraf' && ratio < LOST && !peer.includes('threads'))
    .sort((a, b) => a.ratio - b.ratio);
}

/** Examples a second against batch size. */
export interface Throughput {
  panel: string;
  batch: number;
  peer: string;
  rate: number;
}

export function throughputs(result: SuiteResult): Throughput[] {
  return result.tasks.flatMap(({ name, samples, timings }) => {
    if (samples === undefined) return [];
    const [panel = name] = name.split(',');
    return timings.map(({ name: peer, median }) => ({ panel, batch: samples, peer, rate: (1000 * samples) / median }));
  });
}

/** How many times as fast two threads are as one. */
export function speedups(result: SuiteResult): { task: string; speedup: number }[] {
  return result.tasks.flatMap((task) => {
    const [two, one] = [find(task, 'saraf'), find(task, 'saraf, 1 thread')];
    return two === undefined || one === undefined ? [] : [{ task: task.name, speedup: one.median / two.median }];
  });
}

/** saraf's speed on each Node, as a multiple of that on the oldest. */
export function speedsByNode(results: readonly SuiteResult[]): { task: string; node: string; speed: number }[] {
  const oldest = results[0];
  if (oldest === undefined) return [];
  const medianOf = (task: TaskResult | undefined): Timing | undefined => task && find(task, 'saraf');
  return results.flatMap((result) =>
    result.tasks.flatMap((task) => {
      const first = medianOf(oldest.tasks.find(({ name }) => name === task.name));
      const own = medianOf(task);
      if (first === undefined || own === undefined) return [];
      return [{ task: task.name, node: `Node ${majorOf(result.node)}`, speed: first.median / own.median }];
    }),
  );
}
