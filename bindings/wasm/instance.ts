/** The one wasm executor that tensors and `saraf/kernels` share. It starts at its first use; its threads start with `init`. */
import { ArgumentError, DeviceError, refuse } from '../errors.ts';
import { isURL } from '../realm.ts';
import { WasmExecutor } from './executor.ts';
import { GivenKernels, type WasmSource } from './given.ts';
import { mayCompile, whyNotShared } from './module.ts';
import { MAX_THREADS } from './pool.ts';
import { supports, type Variant } from './probe.ts';
import { coreCount, whyNoThreads } from './worker.ts';

/** Settings that are fixed when the kernels start. */
export interface WasmSettings {
  /** The same bits on every machine: plain SIMD without fused multiply-adds. */
  deterministic: boolean;
  /** Memory to reserve at the start, in MiB. */
  memoryMiB: number;
  /** Threads to run on, the caller's among them; 'auto': as many as there are cores. */
  threads: number | 'auto';
  /** Kernels to run instead of the inlined ones: `saraf/relaxed.wasm` or `saraf/plain.wasm` of this version. */
  wasm: Exclude<WasmSource, URL> | null;
  /** A hosted copy of `saraf/worker.js`, where workers may not be made from a Blob. */
  workerUrl: URL | string | null;
}

/** How many threads run programs, and why there are fewer than were asked for. */
export interface ThreadsInfo {
  /** Threads that run programs, the caller's among them. */
  threads: number;
  /** Why there are fewer than were asked for; absent where there are not. */
  threadsNote?: string;
}

let settings: WasmSettings = { deterministic: false, memoryMiB: 16, threads: 1, wasm: null, workerUrl: null };
/** The kernels that `settings.wasm` holds. */
let given: GivenKernels | null = null;
let executor: WasmExecutor | null = null;
/** Why the executor has no room for threads. */
let note: string | undefined;

/** The fastest variant that this engine supports and the settings allow, or null. */
export function bestVariant(): Variant | null {
  if (given !== null) return given.variant;
  if (!mayCompile()) return null;
  if (!settings.deterministic && supports('relaxed')) return 'relaxed';
  return supports('plain') ? 'plain' : null;
}

/** Whether results must be the same bits on every machine, in the simplest order of additions. */
export function isDeterministic(): boolean {
  return settings.deterministic;
}

/** Threads that the settings ask for and this runtime has; `note` tells why there are fewer. */
function possibleThreads(): number {
  note = undefined;
  const wanted = settings.threads === 'auto' ? coreCount() : settings.threads;
  if (wanted > MAX_THREADS) note = `there are at most ${MAX_THREADS} threads`;
  if (wanted === 1) return 1;
  const reason =
    given !== null && given.bytes === null
      ? 'wasm is a module, which cannot have shared memory; give its bytes'
      : (whyNotShared ?? whyNoThreads(settings.workerUrl));
  note = reason ?? note;
  return reason === null ? Math.min(wanted, MAX_THREADS) : 1;
}

function create(variant: Variant): WasmExecutor {
  const { memoryMiB, workerUrl } = settings;
  const threads = possibleThreads();
  try {
    return new WasmExecutor({ variant, memoryMiB, threads, given, workerUrl });
  } catch (error) {
    if (threads === 1) throw error;
    note = `this runtime gave no shared memory (${error})`;
    return new WasmExecutor({ variant, memoryMiB, given });
  }
}

/** Why the kernels cannot run here. */
export function whyNoKernels(): string {
  return supports('plain')
    ? "the page's Content Security Policy forbids WebAssembly (script-src needs 'wasm-unsafe-eval')"
    : 'this engine has no WebAssembly with SIMD';
}

/** The executor. Throws DeviceError where the kernels cannot run. */
export function wasmExecutor(): WasmExecutor {
  if (executor === null) {
    const variant = bestVariant();
    if (variant === null)
      throw new DeviceError(`device wasm: ${whyNoKernels()}`, {
        argument: 'device',
        got: 'wasm',
      });
    executor = create(variant);
  }
  return executor;
}

/** Refuses a value that is not a number of threads. */
export function checkThreads(op: string, threads: unknown): void {
  if (!(typeof threads === 'number' && Number.isInteger(threads) && threads >= 1)) {
    refuse(
      ArgumentError,
      op,
      `threads must be a whole number of at least 1${op === 'init' ? " or 'auto'" : ''}, got ${String(threads)}`,
      { argument: 'threads', got: threads },
    );
  }
}

/**
 * Changes the settings. Refused while blocks of the running executor are in use, unless it can adopt them as it is.
 *
 * @param parked tensors that have left its memory and come back there
 */
export function configure(changes: Partial<WasmSettings>, parked = 0): void {
  const wanted = Object.entries(changes).filter(([, value]) => value !== undefined);
  const next: WasmSettings = { ...settings, ...Object.fromEntries(wanted) };
  const { deterministic, memoryMiB, threads, wasm, workerUrl } = next;
  if (typeof deterministic !== 'boolean')
    refuse(ArgumentError, 'init', `deterministic must be true or false, got ${String(deterministic)}`, {
      argument: 'deterministic',
      got: deterministic,
    });
  if (!(memoryMiB > 0 && memoryMiB <= 4096))
    refuse(ArgumentError, 'init', `memoryMiB must be above 0 and at most 4096, got ${String(memoryMiB)}`, {
      argument: 'memoryMiB',
      got: memoryMiB,
    });
  if (threads !== 'auto') checkThreads('init', threads);
  if (workerUrl !== null && !isURL(workerUrl) && (typeof workerUrl !== 'string' || workerUrl === '')) {
    refuse(ArgumentError, 'init', `workerUrl must be a URL, got ${String(workerUrl)}`, {
      argument: 'workerUrl',
      got: workerUrl,
    });
  }
  const kernels = wasm === null || wasm === settings.wasm ? given : new GivenKernels(wasm);
  if (deterministic && kernels?.variant === 'relaxed') {
    refuse(ArgumentError, 'init', `wasm must be plain.wasm for deterministic: true, got ${String('relaxed.wasm')}`, {
      argument: 'wasm',
      got: 'relaxed.wasm',
    });
  }

  const before = { settings, given };
  settings = next;
  given = kernels;
  if (executor === null) return;
  const isEnough = possibleThreads() <= executor.capacity;
  const same = (['deterministic', 'memoryMiB', 'wasm', 'workerUrl'] as const).every(
    (name) => String(next[name]) === String(before.settings[name]),
  );
  if (same && given === before.given && isEnough) return;
  const alive = executor.allocator.blocks + parked;
  if (alive > 0) {
    ({ settings, given } = before);
    refuse(
      ArgumentError,
      'init',
      `${alive} tensors or arrays are alive in wasm memory; choose deterministic, memoryMiB, threads, wasm and workerUrl before making any`,
    );
  }
  executor.stopThreads();
  executor = null;
}

/** Starts the workers that the settings ask for and waits for them; uses them all if `useAll`. */
export async function startThreads(useAll: boolean): Promise<void> {
  const target = wasmExecutor();
  await target.startThreads();
  if (useAll) target.setThreads(possibleThreads());
}

/** Uses this many of the threads that were started. Returns how many are in use. */
export function setThreads(threads: number): number {
  executor?.setThreads(threads);
  return executor?.threads ?? 1;
}

/** Threads in use. */
export function threadsInfo(): ThreadsInfo {
  const threads = executor?.threads ?? 1;
  const threadsNote = executor?.threadsNote ?? note;
  return threadsNote === undefined ? { threads } : { threads, threadsNote };
}
