/** Starting the kernels with other settings than the usual ones. */
import { configure, type WasmSettings, wasmExecutor } from '../wasm/instance.ts';

/**
 * Starts the kernels. Optional: without it the first call does. Settings cannot change while arrays are allocated.
 *
 * @example
 * await init({ memoryMiB: 256 });
 */
export async function init(settings: Partial<WasmSettings> = {}): Promise<{ simd: 'relaxed' | 'simd128' }> {
  configure(settings);
  return { simd: wasmExecutor().variant === 'relaxed' ? 'relaxed' : 'simd128' };
}
