/**
 * One worker thread, however this runtime makes them: node:worker_threads where they exist (Node, Deno, Bun), else a
 * Web Worker from a Blob URL. Its program is a string, so that bundlers need not find a file. Under a strict
 * Content Security Policy a Blob worker fails with an event, and `ready` is rejected: such pages host a copy of the program.
 */
import { FAILED } from '../commands/limits.ts';

/** What a worker needs to serve. Addresses in bytes. */
export interface WorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  team: number;
  cell: number;
}

export interface ThreadWorker {
  /** Resolved when the worker is about to serve, rejected when it cannot. */
  readonly ready: Promise<void>;
  /** Resolved with the reason when the worker has ended for any reason. Never rejected. */
  readonly ended: Promise<string>;
  terminate(): void;
}

/** What a worker runs. It is also published as `saraf/worker.js`. */
export const workerSource = `
const threads = typeof process === 'object' && process.getBuiltinModule && process.getBuiltinModule('node:worker_threads');
const port = threads && threads.parentPort || self;
const begin = ({ module, memory, team, cell }) => {
  const { serve } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  port.postMessage('ready');
  try {
    serve(team, cell);
  } catch (error) {
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, cell / 4, ${FAILED});
    Atomics.notify(words, cell / 4);
    throw error;
  }
  if (port.close) port.close();
};
if (port.once) port.once('message', begin);
else port.onmessage = (event) => begin(event.data);
`;

interface NodeWorker {
  postMessage(data: WorkerData): void;
  terminate(): void;
  unref?(): void;
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void;
}

interface NodeThreads {
  Worker: new (source: string | URL, options: { eval: boolean; execArgv: string[]; name: string }) => NodeWorker;
}

interface NodeOs {
  availableParallelism?(): number;
  cpus(): unknown[];
}

/** A built-in module of Node, without an import that bundlers and browsers would fail on. */
export function builtin<T>(name: string): T | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  try {
    return host?.getBuiltinModule?.(name) as T | undefined;
  } catch {
    return undefined;
  }
}

function nodeThreads(): NodeThreads | undefined {
  const threads = builtin<Partial<NodeThreads>>('node:worker_threads');
  return typeof threads?.Worker === 'function' ? (threads as NodeThreads) : undefined;
}

const NOT_ISOLATED = 'the page is not cross-origin isolated';
const isNotIsolated = () => typeof crossOriginIsolated !== 'undefined' && !crossOriginIsolated;

/** Why this runtime can run one thread only, or null. */
export function whyNoThreads(workerUrl: URL | string | null): string | null {
  if (typeof SharedArrayBuffer === 'undefined' || typeof Atomics === 'undefined') {
    return isNotIsolated() ? NOT_ISOLATED : 'this runtime has no shared memory';
  }
  if (nodeThreads() !== undefined) return null;
  const canMakeUrl = typeof Blob !== 'undefined' && typeof URL.createObjectURL === 'function';
  if (typeof Worker === 'undefined' || (workerUrl === null && !canMakeUrl)) {
    return 'this runtime has no workers';
  }
  return isNotIsolated() ? NOT_ISOLATED : null;
}

/** Threads that this machine runs at the same time. */
export function coreCount(): number {
  const os = builtin<NodeOs>('node:os');
  if (typeof os?.availableParallelism === 'function') return os.availableParallelism();
  return (typeof navigator === 'undefined' ? os?.cpus().length : navigator.hardwareConcurrency) || 1;
}

/** Whether the calling thread may sleep until memory changes: a browser's main thread may not. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts a worker, from a hosted copy of its program if there is one. `timeout`: milliseconds that it may take to start. */
export function spawn(data: WorkerData, timeout: number, workerUrl: URL | string | null): ThreadWorker {
  let come = (): void => {};
  let fail = (_: Error): void => {};
  let end = (_: string): void => {};
  const ready = new Promise<void>((resolve, reject) => {
    come = resolve;
    fail = reject;
  });
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const timer = setTimeout(() => gone(`no answer within ${timeout / 1000} s`), timeout);
  const up = (): void => {
    clearTimeout(timer);
    come();
  };
  const gone = (reason: string): void => {
    clearTimeout(timer);
    fail(new Error(reason));
    end(reason);
  };
  let terminate = (): void => {};
  try {
    terminate = (nodeThreads() === undefined ? spawnWeb : spawnNode)(data, workerUrl, up, gone);
  } catch (error) {
    gone(String(error));
  }
  ready.catch(() => terminate());
  return { ready, ended, terminate: () => terminate() };
}

type Start = (data: WorkerData, url: URL | string | null, up: () => void, gone: (reason: string) => void) => () => void;

/** What Node takes: a URL as an object, or a path. */
function fileOf(url: URL | string): URL | string {
  return typeof url === 'string' && /^(file|data):/.test(url) ? new URL(url) : url;
}

const spawnNode: Start = (data, url, up, gone) => {
  const { Worker: Thread } = nodeThreads()!;
  const worker = new Thread(url === null ? workerSource : fileOf(url), {
    eval: url === null,
    execArgv: [],
    name: 'saraf',
  });
  worker.on('message', up);
  worker.on('error', (error) => gone(String(error)));
  worker.on('exit', (code) => gone(`exit code ${code}`));
  worker.postMessage(data);
  worker.unref?.();
  return () => void worker.terminate();
};

const spawnWeb: Start = (data, hosted, up, gone) => {
  const url = hosted ?? URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const forget = () => {
    if (hosted === null) URL.revokeObjectURL(url as string);
  };
  const worker = new Worker(url, { name: 'saraf' });
  worker.onmessage = () => {
    forget();
    up();
  };
  worker.onerror = (event) => {
    forget();
    // A worker that the page's policy refuses gives no reason.
    const hint = hosted === null ? " from a Blob (a Content Security Policy may forbid that: init's workerUrl)" : '';
    gone(event.message || `the worker could not be loaded${hint}`);
  };
  worker.postMessage(data);
  return () => worker.terminate();
};
