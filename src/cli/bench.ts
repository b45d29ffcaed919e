/** `saraf bench`: saraf on this machine against plain JavaScript and against its own reference executor. */
import { init, type RuntimeInfo, setNumThreads } from '../runtime/runtime.ts';
import { type Contender, type Problem, problems } from './problems.ts';

/** How long each contender is measured, in seconds, after its first run. */
const SECONDS = 0.5;
const LEAST_RUNS = 3;
/** Results may differ by this share of the largest one, because orders of additions differ. */
const TOLERANCE = 1e-3;

export interface Measured {
  name: string;
  /** Milliseconds by contender. */
  milliseconds: Record<string, number>;
}

export interface Report extends RuntimeInfo {
  problems: Measured[];
}

/** The median of some runs, in milliseconds. */
function measure({ run }: Contender): number {
  const times: number[] = [];
  const end = performance.now() + SECONDS * 1000;
  while (times.length < LEAST_RUNS || performance.now() < end) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

function isClose(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const largest = Array.from(b).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return a.length === b.length && Array.from(a).every((value, i) => Math.abs(value - b[i]!) <= TOLERANCE * largest);
}

type Prepared = [name: string, prepare: () => Promise<unknown>];

/** The contenders: a name, and a function that selects the executor. Without WebAssembly there is only the reference executor. */
function contendersOn({ device, threads }: RuntimeInfo): Prepared[] {
  const reference: Prepared = ['reference', () => init({ device: 'reference' })];
  if (device !== 'wasm') return [reference];
  const onWasm = (count: number) => async () => {
    await init({ device: 'wasm' });
    setNumThreads(count);
  };
  const shared: Prepared[] = threads > 1 ? [[`${threads} threads`, onWasm(threads)]] : [];
  return [['saraf', onWasm(1)], ...shared, reference];
}

async function measureProblem(problem: Problem, contenders: readonly Prepared[]): Promise<Measured> {
  const milliseconds: Record<string, number> = {};
  const plain = problem.plain();
  const expected = Array.from(plain.result());
  for (const [name, prepare] of contenders) {
    await prepare();
    const contender = problem.saraf();
    try {
      if (!isClose(contender.result(), expected)) throw new Error(`${problem.name}: ${name} computes something else`);
      milliseconds[name] = measure(contender);
    } finally {
      contender.dispose();
    }
  }
  milliseconds['plain JS'] = measure(plain);
  return { name: problem.name, milliseconds };
}

/** Measures all problems; calls `progress` after each. */
export async function bench(threads: number | 'auto', progress: (done: Measured) => void): Promise<Report> {
  const info = await init({ threads });
  const contenders = contendersOn(info);
  const measured: Measured[] = [];
  for (const problem of problems) {
    const done = await measureProblem(problem, contenders);
    measured.push(done);
    progress(done);
  }
  return { ...info, problems: measured };
}

function time(milliseconds: number): string {
  if (milliseconds < 0.995) return `${(milliseconds * 1000).toPrecision(3)} µs`;
  return milliseconds < 995 ? `${milliseconds.toPrecision(3)} ms` : `${(milliseconds / 1000).toPrecision(3)} s`;
}

/** Lines of columns: the first column is aligned left, the others are aligned right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widthOf = (i: number) => Math.max(...rows.map((row) => row[i]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, i) => widthOf(i));
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  return rows.map((row) => row.map(pad).join('   ').trimEnd()).join('\n');
}

/** The table: times, and the ratios of the others to the first. */
export function benchTable({ problems }: Pick<Report, 'problems'>): string {
  const names = Object.keys(problems[0]?.milliseconds ?? {});
  const rows = problems.map(({ name, milliseconds }) => {
    const times = Object.values(milliseconds);
    const [own = 0] = times;
    const cells = times.map((value, i) => {
      const ratio = value / own;
      return i === 0
        ? time(value)
        : `${time(value)} ${`(${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}×)`.padStart(6)}`;
    });
    return [name, ...cells];
  });
  return columns([['', ...names], ...rows]);
}
