/** Starts the kernels with settings other than the defaults. */
import { loadWasm, type WasmSource } from '../wasm/given.ts';
import {
  configure,
  startThreads,
  type ThreadsInfo,
  threadsInfo,
  type WasmSettings,
  wasmExecutor,
} from '../wasm/instance.ts';
import { checkNames, namesOf, noMore } from './options.ts';

/** What `init` started. */
export interface KernelsInfo extends ThreadsInfo {
  /** The kernels that run: 'relaxed' with fused multiply-adds, 'simd128' without, or in deterministic mode. */
  simd: 'relaxed' | 'simd128';
}

const names = namesOf('deterministic memoryMiB threads wasm workerUrl');

/**
 * Starts the kernels. Optional: without it the first call does, on one thread. Settings cannot change while arrays are
 * allocated, except to fewer threads.
 *
 * @example
 * await init({ memoryMiB: 256, threads: 'auto' });
 */
export async function init(
  settings: Partial<Omit<WasmSettings, 'wasm'> & { wasm: WasmSource }> = {},
): Promise<KernelsInfo> {
  if (arguments.length > 1) noMore('init', arguments);
  checkNames('init', settings, names);
  const { wasm, ...others } = settings;
  configure({ ...others, wasm: wasm === undefined ? wasm : await loadWasm(wasm) });
  const simd = wasmExecutor().variant === 'relaxed' ? 'relaxed' : 'simd128';
  await startThreads(settings.threads !== undefined);
  return { simd, ...threadsInfo() };
}
