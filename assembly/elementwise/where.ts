/**
 * y = condition ≠ 0 ? a : b over a nest of loops. Contract: y contiguous, at any multiple of 4 bytes; y may be an operand of the
 * same layout; strides of any sign. Elements of any type: their bits are copied.
 */
import { WhereCommand } from '../generated/commands';
import { groupEnd, groupSize, groupStride, lastDim, offsetOf } from './nest';
import { partStart } from './partition';
import { gather, gatherTail, loadTail, storeTail } from './tail';

// @ts-ignore: decorator
@inline
function choose(condition: v128, a: v128, b: v128): v128 {
  return v128.bitselect(b, a, i32x4.eq(condition, i32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function tailOf(p: usize, stride: i32, count: u32): v128 {
  return stride == 1 ? loadTail(p, count) : gatherTail(p, stride, count);
}

/** One row of n elements. */
function row(condition: usize, a: usize, b: usize, y: usize, n: u32, cStride: i32, aStride: i32, bStride: i32): void {
  const end = y + ((n & ~3) << 2);
  if (cStride == 1 && aStride == 1 && bStride == 1) {
    for (; y < end; y += 16, condition += 16, a += 16, b += 16) {
      v128.store(y, choose(v128.load(condition), v128.load(a), v128.load(b)));
    }
  }
  const cStep = <usize>cStride << 4;
  const aStep = <usize>aStride << 4;
  const bStep = <usize>bStride << 4;
  for (; y < end; y += 16, condition += cStep, a += aStep, b += bStep) {
    v128.store(y, choose(gather(condition, cStride), gather(a, aStride), gather(b, bStride)));
  }
  const left = n & 3;
  if (left > 0) {
    const v = choose(tailOf(condition, cStride, left), tailOf(a, aStride, left), tailOf(b, bStride, left));
    storeTail(y, v, left);
  }
}

export function whereKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<WhereCommand>(cmd);
  const shape = cmd + offsetof<WhereCommand>('shape0');
  const total = groupSize(shape, -1, <i32>c.ndim - 1);
  const begin = partStart(total, thread, threads);
  let left = partStart(total, thread + 1, threads) - begin;
  if (<i32>left <= 0) return;

  const cStrides = cmd + offsetof<WhereCommand>('conditionStrides0');
  const aStrides = cmd + offsetof<WhereCommand>('aStrides0');
  const bStrides = cmd + offsetof<WhereCommand>('bStrides0');
  let y = (<usize>c.y + begin) << 2;

  const last = lastDim(shape, <i32>c.ndim - 1);
  const outer = groupEnd(shape, cStrides, aStrides, bStrides, last);
  const n = groupSize(shape, outer, last);
  const cStride = groupStride(cStrides, last, 1);
  const aStride = groupStride(aStrides, last, 1);
  const bStride = groupStride(bStrides, last, 1);

  let r = begin / n;
  let column = begin - r * n;
  for (; left > 0; r++) {
    const count = min(n - column, left);
    const at = <i32>column;
    const pc = (<usize>c.condition + offsetOf(shape, cStrides, outer, r) + at * cStride) << 2;
    const pa = (<usize>c.a + offsetOf(shape, aStrides, outer, r) + at * aStride) << 2;
    const pb = (<usize>c.b + offsetOf(shape, bStrides, outer, r) + at * bStride) << 2;
    row(pc, pa, pb, y, count, cStride, aStride, bStride);
    y += <usize>count << 2;
    left -= count;
    column = 0;
  }
}
