/** Packs the kernels for the package, for assembly/unpack to unpack. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const lzma = createRequire(import.meta.url)('lzma') as typeof import('lzma');
const BEST = 9;
/** lc = 3, lp = 0, pb = 2: what the unpacker expects. */
const PROPERTIES = 0x5d;
const HEADER_BYTES = 13;

interface Unpacker {
  heapBase(): number;
  unpack(packed: number, out: number, length: number): void;
  fuse(at: number, end: number, flag: number): number;
}

/** An LZMA stream without its header. */
export function pack(bytes: Uint8Array): Uint8Array {
  const stream = Uint8Array.from(lzma.compress(bytes, BEST));
  if (stream[0] !== PROPERTIES) throw new Error('LZMA streams have other properties now');
  return stream.subarray(HEADER_BYTES);
}

/** The result of the package's own unpacker: the plain variant, the relaxed one, and the number of multiply-adds in it. */
export function unpack(unpacker: string, packed: Uint8Array, length: number, flagAt: number) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const module = new WebAssembly.Module(readFileSync(unpacker));
  const { heapBase, unpack, fuse } = new WebAssembly.Instance(module, { env: { memory } })
    .exports as unknown as Unpacker;
  const out = heapBase() + packed.length;
  const view = new Uint8Array(memory.buffer);
  view.set(packed, heapBase());
  unpack(heapBase(), out, length);
  const plain = view.slice(out, out + length);
  const sites = fuse(out, out + length, out + flagAt);
  return { plain, relaxed: view.slice(out, out + length), sites };
}
