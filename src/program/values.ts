/**
 * Checks of values, such as that indices are in range. On executors that cannot be read at once only what the host itself has
 * written is checked, of which a copy is kept; kernels there keep other indices inside their tables.
 */
import type { NumericArray } from '../../bindings/executor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from './trace.ts';
import { withWatcher } from './watch.ts';

/** Keeps what was written to a new contiguous int32 tensor, where it could not be read again. */
export function rememberWritten(t: Tensor, values: ArrayLike<number>): void {
  if (t.dtype !== 'int32' || t.executor.download === undefined) return;
  const { storage } = t;
  storage.written = { values: Int32Array.from(values), version: storage.version };
}

/** A tensor's elements in row-major order, or null where only the GPU has them. */
export function valuesAtHand(t: Tensor): NumericArray | null {
  // Checks see what users of values must not see while an operation is followed.
  if (t.executor.download === undefined) return withWatcher(null, () => t.dataSync());
  const { written, version } = t.storage;
  if (written === null || written.version !== version) return null;
  if (t.contiguous) return written.values.subarray(t.offset, t.offset + t.numel);
  let places = [t.offset];
  t.shape.forEach((size, d) => {
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * t.strides[d]!));
  });
  return Int32Array.from(places, (place) => written.values[place]!);
}

/** Has `check` called with a tensor's elements, now or before every run of the program that is being recorded. */
export function checkValues(t: Tensor, check: (values: NumericArray) => void): void {
  if (tracing !== null) {
    tracing.guard(t, check);
    return;
  }
  const values = valuesAtHand(t);
  if (values !== null) check(values);
}
