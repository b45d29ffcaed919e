/**
 * Replaces module.ts in workerd, which compiles no bytes at run time: the kernels are files that are deployed with the program.
 * Same exports. Used under the package's condition `workerd` only; the paths are those from dist/workerd/bindings/wasm.
 */

import plain from '../../../plain.wasm';
import relaxed from '../../../relaxed.wasm';
import { bytes } from '../generated/wasm.ts';
import type { Variant } from './probe.ts';

export const whyNotShared: string | null = 'this runtime compiles no WebAssembly with shared memory';

/** Deployed modules are compiled already. */
export const mayCompile = (): boolean => true;

export const moduleSize = bytes;

export function compileModule(variant: Variant): WebAssembly.Module {
  return variant === 'relaxed' ? relaxed : plain;
}
