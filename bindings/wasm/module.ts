/**
 * The compiled kernels: from inlined base64 to WebAssembly modules, one a SIMD variant. The bytes say "unshared memory";
 * one byte of the memory import makes the same module accept shared memory, for threads.
 */
import { plain, relaxed } from '../generated/wasm.ts';

/** SIMD variants, the faster one first. `relaxed` has fused multiply-adds; `plain` gives the same bits on every machine. */
export type Variant = 'relaxed' | 'plain';

const inlined: Record<Variant, string> = { plain, relaxed };
const decoded = new Map<Variant, Uint8Array<ArrayBuffer>>();
const compiled = new Map<string, WebAssembly.Module>();

interface Base64Host {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as Base64Host).fromBase64;
  if (native !== undefined) return native.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The module's bytes. */
export function moduleBytes(variant: Variant): Uint8Array<ArrayBuffer> {
  let bytes = decoded.get(variant);
  if (bytes === undefined) {
    bytes = fromBase64(inlined[variant]);
    decoded.set(variant, bytes);
  }
  return bytes;
}

/** Reads an unsigned LEB128 number: its value, and where it ends. */
function leb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

/** Offset of the flags byte of the memory import, which is the module's only import. */
function memoryFlagsOffset(bytes: Uint8Array): number {
  const importSection = 2;
  const memoryKind = 2;
  let at = 8;
  while (bytes[at] !== importSection) {
    const [size, start] = leb(bytes, at + 1);
    at = start + size;
  }
  const [, start] = leb(bytes, at + 1);
  const [, moduleName] = leb(bytes, start);
  const [moduleLength, moduleText] = leb(bytes, moduleName);
  const [fieldLength, fieldText] = leb(bytes, moduleText + moduleLength);
  const kind = fieldText + fieldLength;
  if (bytes[kind] !== memoryKind) throw new Error('saraf: the first import of the kernels is not their memory');
  return kind + 1;
}

/** The module's bytes, changed to import a shared memory. */
export function sharedModuleBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const hasMaximum = 1;
  const isShared = 2;
  copy[memoryFlagsOffset(copy)] = hasMaximum | isShared;
  return copy;
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

/** Whether this engine can run a variant. */
export function supports(variant: Variant): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(moduleBytes(variant));
}
