/**
 * How the runtime comes by the reference executor: at once. Where every byte of an import is paid for, in what bundlers get and in workerd,
 * referenceOnDemand.ts stands in for this file (assembly/build/files.ts).
 */
import type { Executor } from '../../bindings/executor.ts';
import { ReferenceExecutor } from '../reference/executor.ts';

/** Fulfilled when the executor can be started. */
export async function loadReference(): Promise<void> {}

/** A new executor. */
export function startReference(): Executor {
  return new ReferenceExecutor();
}
