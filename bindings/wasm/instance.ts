/** The one wasm executor that tensors and `saraf/kernels` share. It starts at its first use. */
import { ArgumentError, DeviceError } from '../errors.ts';
import { WasmExecutor } from './executor.ts';
import { supports, type Variant } from './module.ts';

/** What is fixed when the kernels start. */
export interface WasmSettings {
  /** The same bits on every machine: plain SIMD without fused multiply-adds. */
  deterministic: boolean;
  /** Memory to reserve at the start, in MiB. */
  memoryMiB: number;
}

let settings: WasmSettings = { deterministic: false, memoryMiB: 16 };
let executor: WasmExecutor | null = null;

/** The fastest variant that this engine runs under the settings, or null. */
export function bestVariant(): Variant | null {
  if (!settings.deterministic && supports('relaxed')) return 'relaxed';
  return supports('plain') ? 'plain' : null;
}

/** The executor. Throws DeviceError where there is no WebAssembly with SIMD. */
export function wasmExecutor(): WasmExecutor {
  if (executor === null) {
    const variant = bestVariant();
    if (variant === null)
      throw new DeviceError('device wasm: this engine has no WebAssembly with SIMD', {
        argument: 'device',
        got: 'wasm',
      });
    executor = new WasmExecutor({ variant, memoryMiB: settings.memoryMiB });
  }
  return executor;
}

/** Changes the settings. Refused while blocks of the running executor are in use. */
export function configure(changes: Partial<WasmSettings>): void {
  const next = { ...settings, ...changes };
  if (typeof next.deterministic !== 'boolean') {
    throw new ArgumentError(`init: deterministic must be true or false, got ${String(next.deterministic)}`, {
      op: 'init',
      argument: 'deterministic',
      got: next.deterministic,
    });
  }
  if (!(next.memoryMiB > 0 && next.memoryMiB <= 4096)) {
    throw new ArgumentError(`init: memoryMiB must lie above 0 and up to 4096, got ${next.memoryMiB}`, {
      op: 'init',
      argument: 'memoryMiB',
      got: next.memoryMiB,
    });
  }
  if (next.deterministic === settings.deterministic && next.memoryMiB === settings.memoryMiB) return;
  if (executor !== null && executor.allocator.blocks > 0) {
    throw new ArgumentError(
      `init: ${executor.allocator.blocks} tensors or arrays are alive in wasm memory; choose deterministic and memoryMiB before making any`,
      { op: 'init' },
    );
  }
  executor = null;
  settings = next;
}
