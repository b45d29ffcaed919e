/**
 * How the runtime gets the reference executor: by import. For bundlers and workerd, where every byte of an import counts,
 * referenceOnDemand.ts replaces this file (assembly/build/files.ts).
 */
import type { Executor } from '../../bindings/executor.ts';
import { ReferenceExecutor } from '../reference/executor.ts';

/** Fulfilled when the executor can be started. */
export async function loadReference(): Promise<void> {}

/** A new executor. */
export function startReference(): Executor {
  return new ReferenceExecutor();
}
