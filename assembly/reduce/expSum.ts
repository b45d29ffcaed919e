/**
 * What softmax and cross-entropy share: the greatest element of a row, and sums over a row in a fixed order, with two vector
 * accumulators a chunk, chunk after chunk. Rows have any length ≥ 1 and any alignment; nothing outside is read.
 */
import { Exp } from '../generated/markers';
import { exp4, finished, limited, reduced, shifted } from '../simd/exp';
import { foldAdd, foldMax, loadTail, storeTail } from './lanes';

/** Bytes of a row that one set of accumulators takes. */
const CHUNK: usize = 16384;

/** The greatest element in every lane; −∞ if there is none. NaN is passed over: it shows in the sum of exponentials. */
// @ts-ignore: decorator
@inline
export function rowMax(x: usize, bytes: usize): v128 {
  let i: usize = 0;
  let a = f32x4.splat(-Infinity);
  if (bytes >= 64) {
    let b = a,
      c = a,
      d = a;
    for (; i + 64 <= bytes; i += 64) {
      a = f32x4.pmax(a, v128.load(x + i));
      b = f32x4.pmax(b, v128.load(x + i, 16));
      c = f32x4.pmax(c, v128.load(x + i, 32));
      d = f32x4.pmax(d, v128.load(x + i, 48));
    }
    a = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  }
  for (; i + 16 <= bytes; i += 16) a = f32x4.pmax(a, v128.load(x + i));
  if (i < bytes) a = f32x4.pmax(a, loadTail(x + i, bytes - i, f32x4.splat(-Infinity)));
  return foldMax(a);
}

export class Keep {}
export class Drop {}

/** Σ exp(x − max) in every lane. Keep: also stores y = exp(x − max); y may be x. */
// @ts-ignore: decorator
@inline
export function expSum<Terms>(x: usize, y: usize, bytes: usize, max: v128): v128 {
  let i: usize = 0;
  let total = f32x4.splat(0);
  while (i + 32 <= bytes) {
    const end = min(bytes, i + CHUNK);
    let a = f32x4.splat(0);
    let b = a;
    for (; i + 32 <= end; i += 32) {
      const la = limited<Exp>(f32x4.sub(v128.load(x + i), max));
      const lb = limited<Exp>(f32x4.sub(v128.load(x + i, 16), max));
      const na = shifted<Exp>(la);
      const nb = shifted<Exp>(lb);
      const ra = reduced<Exp>(la, na);
      const rb = reduced<Exp>(lb, nb);
      const ea = finished<Exp>(la, la, ra, na);
      const eb = finished<Exp>(lb, lb, rb, nb);
      if (idof<Terms>() == idof<Keep>()) {
        v128.store(y + i, ea);
        v128.store(y + i, eb, 16);
      }
      a = f32x4.add(a, ea);
      b = f32x4.add(b, eb);
    }
    total = f32x4.add(total, f32x4.add(a, b));
  }
  if (i + 16 <= bytes) {
    const e = exp4(f32x4.sub(v128.load(x + i), max));
    if (idof<Terms>() == idof<Keep>()) v128.store(y + i, e);
    total = f32x4.add(total, e);
    i += 16;
  }
  if (i < bytes) {
    // A lane that is −∞ adds exp(−∞) = 0; without any finite element max is −∞ and the sum is NaN either way.
    const e = exp4(f32x4.sub(loadTail(x + i, bytes - i, f32x4.splat(-Infinity)), max));
    if (idof<Terms>() == idof<Keep>()) storeTail(y + i, bytes - i, e);
    total = f32x4.add(total, e);
  }
  return foldAdd(total);
}
