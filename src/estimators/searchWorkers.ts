/**
 * The points of a search, scored in worker threads. A function cannot be sent to another thread, so each worker imports a module
 * and calls its default export for one point after the other, until none is left. It knows nothing of models.
 */
import { ArgumentError, refuse, SarafError } from '../../bindings/errors.ts';
import { builtin } from '../../bindings/wasm/worker.ts';

/** The part of node:worker_threads that is used here. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): Promise<number>;
  on(event: 'message', listener: (message: Reply) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
}

interface Threads {
  Worker: new (source: string, options: { eval: true; workerData: unknown; name: string }) => Thread;
}

interface Os {
  availableParallelism?(): number;
  cpus(): unknown[];
}

type Reply = { score: unknown } | { error: { message: string; stack: string } };

/**
 * Valid both as CommonJS and as an ES module, because flags decide as which of them `eval: true` takes it. `tsx` installs its hooks only
 * in the main thread: workers must install them again.
 */
const PROGRAM = `
const builtin = process.getBuiltinModule;
const { parentPort, workerData } = builtin('node:worker_threads');
const isTsx = process.execArgv.some((flag) => /\\btsx\\b/.test(flag));
if (isTsx || (/\\.[cm]?tsx?$/.test(workerData) && !process.features.typescript)) {
  const { createRequire, register } = builtin('node:module');
  for (const from of [workerData, process.cwd() + '/']) {
    try {
      register(builtin('node:url').pathToFileURL(createRequire(from).resolve('tsx')), { data: true });
      break;
    } catch {
      // Not installed there. If it is nowhere, another loader may still do.
    }
  }
}
const loaded = import(workerData).then(({ default: score }) => {
  if (typeof score !== 'function') throw new TypeError('the module must export a function by default, got ' + typeof score);
  return score;
});
loaded.catch(() => {});
parentPort.on('message', async (params) => {
  try {
    parentPort.postMessage({ score: await (await loaded)(params) });
  } catch (error) {
    const { message, stack } = typeof error?.message === 'string' ? error : { message: String(error), stack: '' };
    parentPort.postMessage({ error: { message, stack } });
  }
});
`;

const OP = 'gridSearch';

function cores(): number {
  const os = builtin<Os>('node:os');
  return os?.availableParallelism?.() ?? os?.cpus().length ?? 1;
}

/** The URL of the module as text. */
function hrefOf(module: URL | string): string {
  const text = String(module);
  if (URL.canParse(text)) return text;
  refuse(ArgumentError, OP, `a module is given as new URL('./score.js', import.meta.url), got ${text}`, {
    argument: 'fn',
    got: module,
  });
}

/** Refuses settings that cannot be sent to another thread, before anything runs. */
function checkSendable(points: readonly object[]): void {
  for (const point of points) {
    try {
      structuredClone(point);
    } catch (error) {
      refuse(
        ArgumentError,
        OP,
        `settings for a module must be numbers, texts, arrays or plain objects (${(error as Error).message})`,
        { argument: 'space', got: point },
      );
    }
  }
}

function failure(point: object, { message, stack }: { message: string; stack?: string }): SarafError {
  const error = new SarafError(`${OP}: ${JSON.stringify(point)} failed: ${message}`, { op: OP, got: point });
  error.cause = Object.assign(new Error(message), { stack });
  return error;
}

/**
 * The scores of points, in their order, from this many workers at once. The first failure ends the search. When the promise settles,
 * all workers have ended.
 */
export async function scoreInWorkers(
  points: readonly object[],
  module: URL | string,
  { workers = cores(), signal }: { workers?: number; signal?: AbortSignal },
): Promise<unknown[]> {
  const href = hrefOf(module);
  checkSendable(points);
  const threads = builtin<Threads>('node:worker_threads');
  if (typeof threads?.Worker !== 'function') {
    refuse(ArgumentError, OP, 'there are no worker threads in this runtime; give a function instead of a module', {
      argument: 'fn',
    });
  }
  const { Worker } = threads;
  signal?.throwIfAborted();
  const scores: unknown[] = new Array(points.length);
  const running: Thread[] = [];
  let next = 0;
  let onAbort = () => {};
  try {
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort);
    });
    const work = (name: string) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(PROGRAM, { eval: true, workerData: href, name });
        running.push(worker);
        let at = -1;
        const failed = (error: { message: string; stack?: string }) => reject(failure(points[at] ?? {}, error));
        const goOn = () => {
          at = next++;
          if (at < points.length) worker.postMessage(points[at]);
          else resolve();
        };
        worker.on('message', (reply) => {
          if ('error' in reply) return failed(reply.error);
          scores[at] = reply.score;
          goOn();
        });
        worker.on('error', failed);
        worker.on('exit', (code) => failed({ message: `the worker ended with code ${code}` }));
        goOn();
      });
    const count = Math.min(workers, points.length);
    await Promise.race([Promise.all(Array.from({ length: count }, (_, i) => work(`saraf-search-${i}`))), aborted]);
    return scores;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await Promise.all(running.map((worker) => worker.terminate()));
  }
}
