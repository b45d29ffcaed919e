/**
 * y[i] = fn(x[i]): one loop for each function, two vectors a step (four for functions in stages), the tail through the same
 * vector code. Contract: n elements of 4 bytes at x and y, at any multiple of 4 bytes; y may be x. Nothing outside
 * y[0 … n − 1] is written, nothing outside x[0 … n − 1] is read.
 */
import { Exp, Sigmoid, Tanh } from '../generated/markers';
import { unaryOp } from '../generated/unaryOp';
import { finished, limited, reduced, shifted } from '../simd/exp';
import { loadTail, storeTail } from './tail';

// @ts-ignore: decorator
@inline
function hasStages<F>(): bool {
  return idof<F>() == idof<Exp>() || idof<F>() == idof<Sigmoid>() || idof<F>() == idof<Tanh>();
}

/** Four vectors at x, stage by stage. */
// @ts-ignore: decorator
@inline
function mapStages<F>(x: usize, y: usize): void {
  const v0 = v128.load(x);
  const v1 = v128.load(x, 16);
  const v2 = v128.load(x, 32);
  const v3 = v128.load(x, 48);
  const a0 = limited<F>(v0);
  const a1 = limited<F>(v1);
  const a2 = limited<F>(v2);
  const a3 = limited<F>(v3);
  const b0 = shifted<F>(a0);
  const b1 = shifted<F>(a1);
  const b2 = shifted<F>(a2);
  const b3 = shifted<F>(a3);
  const r0 = reduced<F>(a0, b0);
  const r1 = reduced<F>(a1, b1);
  const r2 = reduced<F>(a2, b2);
  const r3 = reduced<F>(a3, b3);
  v128.store(y, finished<F>(v0, a0, r0, b0));
  v128.store(y, finished<F>(v1, a1, r1, b1), 16);
  v128.store(y, finished<F>(v2, a2, r2, b2), 32);
  v128.store(y, finished<F>(v3, a3, r3, b3), 48);
}

export function map<F>(x: usize, y: usize, n: u32, bits0: u32, bits1: u32): void {
  const p0 = i32x4.splat(bits0);
  const p1 = i32x4.splat(bits1);
  const end = x + ((n & ~7) << 2);
  if (hasStages<F>()) {
    const fours = x + ((n & ~15) << 2);
    for (; x < fours; x += 64, y += 64) mapStages<F>(x, y);
  }
  while (x < end) {
    const v0 = v128.load(x);
    const v1 = v128.load(x, 16);
    v128.store(y, unaryOp<F>(v0, p0, p1));
    v128.store(y, unaryOp<F>(v1, p0, p1), 16);
    x += 32;
    y += 32;
  }
  for (let left = n & 7; left > 0; ) {
    const count = min<u32>(left, 4);
    const v = unaryOp<F>(count == 4 ? v128.load(x) : loadTail(x, count), p0, p1);
    if (count == 4) v128.store(y, v);
    else storeTail(y, v, count);
    x += 16;
    y += 16;
    left -= count;
  }
}
