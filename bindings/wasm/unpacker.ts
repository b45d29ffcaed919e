/** Unpacks the kernels by a small module of its own (assembly/unpack), which also converts the plain variant to the relaxed one. */

import { flagAt, unpacker } from '../generated/wasm.ts';
import { fromBase64 as decodeBase64 } from '../host.ts';

interface Base64Host {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}
interface BufferHost {
  Buffer?: { from(text: string, encoding: 'base64'): Uint8Array };
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as Base64Host).fromBase64;
  if (native !== undefined) return native.call(Uint8Array, text);
  const { Buffer } = globalThis as BufferHost;
  if (Buffer !== undefined) return new Uint8Array(Buffer.from(text, 'base64'));
  const binary = decodeBase64(text);
  const decoded = new Uint8Array(binary.length);
  for (let i = 0; i < decoded.length; i++) decoded[i] = binary.charCodeAt(i);
  return decoded;
}

interface Exports {
  heapBase(): number;
  unpack(packed: number, out: number, length: number): void;
  fuse(at: number, end: number, flag: number): number;
}

export interface Unpacker extends Exports {
  heap: Uint8Array<ArrayBuffer>;
}

/** An instance with room for this many bytes from its heap base on. */
export function startUnpacker(room: number): Unpacker {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(room / 65536) + 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(unpacker)), { env: { memory } });
  return { ...(instance.exports as unknown as Exports), heap: new Uint8Array(memory.buffer) };
}

/** The kernels at `at` in the unpacker's heap, as the variant that is wanted. */
export function takeKernels({ heap, fuse }: Unpacker, at: number, length: number, isRelaxed: boolean) {
  if (isRelaxed) fuse(at, at + length, at + flagAt);
  return heap.slice(at, at + length);
}
