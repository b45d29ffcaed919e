/**
 * Replaces unpack.ts in dist/node: the kernels in base64, not compressed, because unpacking would cost each start more than
 * reading a longer file. Same export.
 */
import { plain } from '../generated/plain.ts';
import { fromBase64, startUnpacker, takeKernels } from './unpacker.ts';

/** The kernels' bytes. */
export function unpackKernels(isRelaxed: boolean): Uint8Array<ArrayBuffer> {
  const kernels = fromBase64(plain);
  if (!isRelaxed) return kernels;
  const unpacker = startUnpacker(kernels.length);
  const start = unpacker.heapBase();
  unpacker.heap.set(kernels, start);
  return takeKernels(unpacker, start, kernels.length, isRelaxed);
}
