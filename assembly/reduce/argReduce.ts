/**
 * argReduce: where the extreme element of each row or column is. The first of equals wins; the first NaN wins over everything.
 * Rows (inner 1) are read twice: for the extreme by the reduction, then for its first place. Columns keep value and index
 * in registers, four at a time. size ≥ 1; outputs overlap no input; no alignment is needed.
 */
import { ArgReduceCommand, ArgReduceFn } from '../generated/commands';
import { loadLanes, storeLanes } from './lanes';
import { isFloatExtreme, Max, MaxI, Min, MinI } from './ops';
import { reduceRun } from './run';
import { firstElementOf, firstOf } from './share';

/** Lanes of x that are equal to `extreme`, NaN to NaN. */
// @ts-ignore: decorator
@inline
function matches<Op>(x: v128, extreme: v128, isNaN: v128): v128 {
  if (isFloatExtreme<Op>()) return v128.or(f32x4.eq(x, extreme), v128.and(isNaN, f32x4.ne(x, x)));
  return i32x4.eq(x, extreme);
}

/** Lanes where x comes before `best`: it is more extreme, or the first NaN. */
// @ts-ignore: decorator
@inline
function beats<Op>(x: v128, best: v128): v128 {
  if (idof<Op>() == idof<MaxI>()) return i32x4.gt_s(x, best);
  if (idof<Op>() == idof<MinI>()) return i32x4.lt_s(x, best);
  const loses = idof<Op>() == idof<Max>() ? f32x4.le(x, best) : f32x4.ge(x, best);
  return v128.andnot(f32x4.eq(best, best), loses);
}

/** Index of the first extreme element of a row. */
function indexInRow<Op>(x: usize, size: u32): u32 {
  const extreme = reduceRun<Op>(x, size);
  const isNaN = f32x4.ne(extreme, extreme);
  const bytes = <usize>size << 2;
  let i: usize = 0;
  for (; i + 64 <= bytes; i += 64) {
    const a = matches<Op>(v128.load(x + i), extreme, isNaN);
    const b = matches<Op>(v128.load(x + i, 16), extreme, isNaN);
    const c = matches<Op>(v128.load(x + i, 32), extreme, isNaN);
    const d = matches<Op>(v128.load(x + i, 48), extreme, isNaN);
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) break;
  }
  for (; i + 16 <= bytes; i += 16) {
    const found = i32x4.bitmask(matches<Op>(v128.load(x + i), extreme, isNaN));
    if (found) return <u32>(i >> 2) + ctz(found);
  }
  while (i + 4 < bytes && !(i32x4.bitmask(matches<Op>(v128.load32_zero(x + i), extreme, isNaN)) & 1)) i += 4;
  return <u32>(i >> 2);
}

/** Extreme values (unless `values` is 0) and their indices, of one vector or one element of columns. Stride in bytes. */
// @ts-ignore: decorator
@inline
function column<Op, W>(x: usize, size: u32, stride: usize, values: usize, indices: usize): void {
  let best = loadLanes<W>(x);
  let index = i32x4.splat(0);
  for (let r: u32 = 1; r < size; r++) {
    x += stride;
    const v = loadLanes<W>(x);
    const better = beats<Op>(v, best);
    best = v128.bitselect(v, best, better);
    index = v128.bitselect(i32x4.splat(r), index, better);
  }
  storeLanes<W>(indices, index);
  if (values) storeLanes<W>(values, best);
}

function columns<Op>(x: usize, size: u32, stride: usize, values: usize, indices: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) column<Op, v128>(x + i, size, stride, values ? values + i : 0, indices + i);
  for (; i < bytes; i += 4) column<Op, f32>(x + i, size, stride, values ? values + i : 0, indices + i);
}

function argReduceAll<Op>(c: ArgReduceCommand, thread: u32, threads: u32): void {
  const outer = c.outer;
  const size = c.size;
  const inner = c.inner;
  const x = <usize>c.x << 2;
  const values = <usize>c.values << 2;
  const indices = <usize>c.indices << 2;

  if (inner == 1) {
    const last = firstOf(outer, thread + 1, threads);
    for (let o = firstOf(outer, thread, threads); o < last; o++) {
      const row = x + ((<usize>o * size) << 2);
      const index = indexInRow<Op>(row, size);
      store<u32>(indices + (<usize>o << 2), index);
      if (values) store<u32>(values + (<usize>o << 2), load<u32>(row + (<usize>index << 2)));
    }
    return;
  }

  const byColumns = outer < threads;
  const from = byColumns ? firstElementOf(inner, thread, threads) : 0;
  const to = byColumns ? firstElementOf(inner, thread + 1, threads) : inner;
  const last = byColumns ? outer : firstOf(outer, thread + 1, threads);
  const stride = <usize>inner << 2;
  for (let o: u32 = byColumns ? 0 : firstOf(outer, thread, threads); o < last; o++) {
    const at = <usize>o * stride + (<usize>from << 2);
    const first = x + <usize>o * size * stride + (<usize>from << 2);
    columns<Op>(first, size, stride, values ? values + at : 0, indices + at, <usize>(to - from) << 2);
  }
}

export function argReduceKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<ArgReduceCommand>(cmd);
  switch (c.fn) {
    case ArgReduceFn.max:
      return argReduceAll<Max>(c, thread, threads);
    case ArgReduceFn.min:
      return argReduceAll<Min>(c, thread, threads);
    case ArgReduceFn.maxI:
      return argReduceAll<MaxI>(c, thread, threads);
    default:
      return argReduceAll<MinI>(c, thread, threads);
  }
}
