/**
 * The inlined kernels: LZMA in base64 (assembly/build/pack.ts), unpacked by a small module of their own (assembly/unpack). They are
 * the plain variant, which is turned into the relaxed one where that is wanted.
 */
import { bytes, flagAt, packed, unpacker } from '../generated/wasm.ts';

interface Base64Host {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as Base64Host).fromBase64;
  if (native !== undefined) return native.call(Uint8Array, text);
  const binary = atob(text);
  const decoded = new Uint8Array(binary.length);
  for (let i = 0; i < decoded.length; i++) decoded[i] = binary.charCodeAt(i);
  return decoded;
}

interface Unpacker {
  heapBase(): number;
  unpack(packed: number, out: number, length: number): void;
  fuse(at: number, end: number, flag: number): number;
}

/** The kernels' bytes. */
export function unpackKernels(isRelaxed: boolean): Uint8Array<ArrayBuffer> {
  const data = fromBase64(packed);
  const memory = new WebAssembly.Memory({ initial: Math.ceil((data.length + bytes) / 65536) + 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(unpacker)), { env: { memory } });
  const { heapBase, unpack, fuse } = instance.exports as unknown as Unpacker;
  const start = heapBase();
  const out = start + data.length;
  new Uint8Array(memory.buffer).set(data, start);
  unpack(start, out, bytes);
  if (isRelaxed) fuse(out, out + bytes, out + flagAt);
  return new Uint8Array(memory.buffer).slice(out, out + bytes);
}
