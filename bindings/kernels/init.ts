/** Starting the kernels with other settings than the usual ones. */
import { loadWasm, type WasmSource } from '../wasm/given.ts';
import {
  configure,
  startThreads,
  type ThreadsInfo,
  threadsInfo,
  type WasmSettings,
  wasmExecutor,
} from '../wasm/instance.ts';

/**
 * Starts the kernels. Optional: without it the first call does, on one thread. Settings cannot change while arrays are
 * allocated, but for fewer threads.
 *
 * @example
 * await init({ memoryMiB: 256, threads: 'auto' });
 */
export async function init(
  settings: Partial<Omit<WasmSettings, 'wasm'> & { wasm: WasmSource }> = {},
): Promise<{ simd: 'relaxed' | 'simd128' } & ThreadsInfo> {
  const { wasm, ...others } = settings;
  configure({ ...others, wasm: wasm === undefined ? wasm : await loadWasm(wasm) });
  const simd = wasmExecutor().variant === 'relaxed' ? 'relaxed' : 'simd128';
  await startThreads(settings.threads !== undefined);
  return { simd, ...threadsInfo() };
}
