/**
 * The inlined kernels: LZMA in base64 (assembly/build/pack.ts). They are the plain variant, converted to the relaxed one
 * where that is wanted. In dist/node, which is not downloaded at every start, stored.ts replaces this file.
 */
import { bytes, packed } from '../generated/wasm.ts';
import { fromBase64, startUnpacker, takeKernels } from './unpacker.ts';

/** The kernels' bytes. */
export function unpackKernels(isRelaxed: boolean): Uint8Array<ArrayBuffer> {
  const data = fromBase64(packed);
  const unpacker = startUnpacker(data.length + bytes);
  const start = unpacker.heapBase();
  const out = start + data.length;
  unpacker.heap.set(data, start);
  unpacker.unpack(start, out, bytes);
  return takeKernels(unpacker, out, bytes, isRelaxed);
}
