/**
 * Replaces reference.ts for bundlers and workerd, with the same exports: the reference executor is loaded when it is needed. An engine that
 * cannot run the kernels always needs it, so there loading begins with the import.
 */
import { DeviceError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import { bestVariant, whyNoKernels } from '../../bindings/wasm/instance.ts';

let loaded: typeof import('../reference/index.ts') | null = null;

/** Fulfilled when the executor can be started. */
export async function loadReference(): Promise<void> {
  loaded ??= await import('../reference/index.ts');
}

/** A new executor. Throws DeviceError if its code has not been loaded. */
export function startReference(): Executor {
  if (loaded !== null) return new loaded.ReferenceExecutor();
  const runs = bestVariant() !== null;
  const call = runs ? "init({ device: 'reference' })" : 'init()';
  const reason = runs ? '' : ` (${whyNoKernels()})`;
  throw new DeviceError(`device reference: its code is loaded on demand${reason}: call await ${call} once first`, {
    argument: 'device',
    got: 'reference',
  });
}

// `init` tries again, and reports what goes wrong.
if (bestVariant() === null) loadReference().catch(() => {});
