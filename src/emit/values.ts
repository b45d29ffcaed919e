/**
 * Checks of values, such as that indices are in range. If an executor's memory cannot be read at once, the host knows only what it has
 * written itself, of which it keeps a copy. A command checks all other values, and those that a program computes.
 */
import { floatBits } from '../../bindings/commands/program.ts';
import type { NumericArray } from '../../bindings/executor.ts';
import { encodeCheck } from '../../bindings/generated/encode.ts';
import { checkAll, numberOf, type Range } from '../../bindings/ranges.ts';
import type { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { withWatcher } from '../tensor/watch.ts';
import { dense, done } from './emit.ts';

/** The elements that the host wrote, and the version then, of storages that cannot be read at once. */
const written = new WeakMap<Storage, { values: NumericArray; version: number }>();

/** Keeps what was written to a new contiguous int32 tensor, if it could not be read again. */
export function rememberWritten(t: Tensor, values: ArrayLike<number>): void {
  if (t.dtype !== 'int32' || t.executor.download === undefined) return;
  const { storage } = t;
  written.set(storage, { values: Int32Array.from(values), version: storage.version });
}

/** A tensor's elements in row-major order, or null if only the GPU has them. */
export function valuesAtHand(t: Tensor): NumericArray | null {
  // A watcher is told of reads from outside, not of checks.
  if (t.executor.download === undefined) return withWatcher(null, () => t.dataSync());
  const known = written.get(t.storage);
  if (known === undefined || known.version !== t.storage.version) return null;
  const { values } = known;
  if (t.contiguous) return values.subarray(t.offset, t.offset + t.numel);
  let places = [t.offset];
  t.shape.forEach((size, d) => {
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * t.strides[d]!));
  });
  return Int32Array.from(places, (place) => values[place]!);
}

/** Has a command check, where the tensor lives, that all of its elements are in range. */
function encodeRange(t: Tensor, range: Range): void {
  if (t.numel === 0) return;
  const { executor } = t;
  const isInteger = range.dtype === 'int32';
  const bits = (value: number) => (isInteger ? value : floatBits(value));
  const x = dense(t);
  encodeCheck(executor.program, {
    x: x.address,
    fault: executor.fault,
    n: t.numel,
    low: bits(range.low),
    high: bits(range.high),
    except: bits(range.except ?? (isInteger ? range.low : Number.NaN)),
    integer: isInteger ? 1 : 0,
    site: numberOf(range),
  });
  executor.run();
  done(x, t);
}

/**
 * Refuses values outside a range: at once; in every run of the program that is being recorded, before it changes anything; or,
 * if the host does not know the values (on a GPU), when values are next read from there.
 */
export function checkValues(t: Tensor, range: Range): void {
  if (tracing !== null && t.executor === tracing) {
    tracing.guard(t, range);
    encodeRange(t, range);
    return;
  }
  const values = valuesAtHand(t);
  if (values !== null) checkAll(range, values);
  else encodeRange(t, range);
}
