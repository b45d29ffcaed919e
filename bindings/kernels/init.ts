/** Starting the kernels with other settings than the usual ones. */
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
  settings: Partial<WasmSettings> = {},
): Promise<{ simd: 'relaxed' | 'simd128' } & ThreadsInfo> {
  configure(settings);
  const simd = wasmExecutor().variant === 'relaxed' ? 'relaxed' : 'simd128';
  await startThreads(settings.threads !== undefined);
  return { simd, ...threadsInfo() };
}
