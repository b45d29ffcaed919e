/** The compiled kernels: one WebAssembly module per SIMD variant. Where bytes may not be compiled, deployed.ts replaces this file. */
import { bytes } from '../generated/wasm.ts';
import type { Variant } from './probe.ts';
import { sharedModuleBytes } from './shared.ts';
import { unpackKernels } from './unpack.ts';

const unpacked = new Map<Variant, Uint8Array<ArrayBuffer>>();
const compiled = new Map<string, WebAssembly.Module>();

/** Why the kernels cannot have shared memory, or null. */
export const whyNotShared: string | null = null;

let allowed: boolean | null = null;

/** Whether modules may be compiled: a Content Security Policy without 'wasm-unsafe-eval' forbids it. */
export function mayCompile(): boolean {
  if (allowed === null) {
    try {
      new WebAssembly.Module(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
      allowed = true;
    } catch {
      allowed = false;
    }
  }
  return allowed;
}

/** Size of the kernels in bytes. */
export const moduleSize = bytes;

/** The module's bytes. */
export function moduleBytes(variant: Variant): Uint8Array<ArrayBuffer> {
  let bytes = unpacked.get(variant);
  if (bytes === undefined) {
    bytes = unpackKernels(variant === 'relaxed');
    unpacked.set(variant, bytes);
  }
  return bytes;
}

/** The compiled module of a variant; compiled once. */
export function compileModule(variant: Variant, shared = false): WebAssembly.Module {
  const key = `${variant} ${shared}`;
  let module = compiled.get(key);
  if (module === undefined) {
    const bytes = moduleBytes(variant);
    module = new WebAssembly.Module(shared ? sharedModuleBytes(bytes) : bytes);
    compiled.set(key, module);
  }
  return module;
}
