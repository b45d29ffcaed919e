/**
 * In the place of reference.ts in what bundlers get and in workerd: the reference executor is loaded when it is wanted. Engines that cannot
 * run the kernels want it always, so that there loading begins with the import. Same exports.
 */
import { DeviceError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import { bestVariant, whyNoKernels } from '../../bindings/wasm/instance.ts';

let loaded: typeof import('../reference/index.ts') | null = null;

/** Fulfilled when the executor can be started. */
export async function loadReference(): Promise<void> {
  loaded ??= await import('../reference/index.ts');
}

/** A new executor. Throws DeviceError where it has not been loaded. */
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

// What goes wrong here is told by `init`, which tries again.
if (bestVariant() === null) loadReference().catch(() => {});
