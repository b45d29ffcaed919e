/**
 * Reduces a run of adjacent elements to one. Short runs in registers: eight vector accumulators, then their tree. Long
 * runs in chunks, whose partial results are reduced by the same code: nearly as accurate as a pairwise sum, in an order that
 * depends only on the length. No alignment is needed; nothing outside the run is read.
 */
import { loadTail } from './lanes';
import { combine, combine8, combineOrdered, fold, identity, isFloatExtreme } from './ops';

/** Elements that one set of accumulators takes. */
const CHUNK: u32 = 4096;
/** The most partial results of a row: every part of scratch has room for this many. */
const MAX_PARTIALS: u32 = 64 * 1024;

/** Elements of a chunk of a run of n elements: few enough for accuracy, many enough for the scratch. */
export function chunkOf(n: u32): u32 {
  const least = (n - 1) / MAX_PARTIALS + 1;
  return max(CHUNK, (least + 31) & ~31);
}

// @ts-ignore: decorator
@inline
function nan4(v: v128): v128 {
  return f32x4.ne(v, v);
}

/** n elements at x combined, in every lane. */
export function reduceRun<Op>(x: usize, n: u32): v128 {
  const bytes = <usize>n << 2;
  let i: usize = 0;
  let a = identity<Op>();
  if (bytes >= 128) {
    let b = a,
      c = a,
      d = a,
      e = a,
      f = a,
      g = a,
      h = a;
    let unordered = i32x4.splat(0);
    for (; i + 128 <= bytes; i += 128) {
      const v0 = v128.load(x + i);
      const v1 = v128.load(x + i, 16);
      const v2 = v128.load(x + i, 32);
      const v3 = v128.load(x + i, 48);
      const v4 = v128.load(x + i, 64);
      const v5 = v128.load(x + i, 80);
      const v6 = v128.load(x + i, 96);
      const v7 = v128.load(x + i, 112);
      a = combineOrdered<Op>(a, v0);
      b = combineOrdered<Op>(b, v1);
      c = combineOrdered<Op>(c, v2);
      d = combineOrdered<Op>(d, v3);
      e = combineOrdered<Op>(e, v4);
      f = combineOrdered<Op>(f, v5);
      g = combineOrdered<Op>(g, v6);
      h = combineOrdered<Op>(h, v7);
      if (isFloatExtreme<Op>()) {
        const low = v128.or(v128.or(nan4(v0), nan4(v1)), v128.or(nan4(v2), nan4(v3)));
        const high = v128.or(v128.or(nan4(v4), nan4(v5)), v128.or(nan4(v6), nan4(v7)));
        unordered = v128.or(unordered, v128.or(low, high));
      }
    }
    a = combine8<Op>(a, b, c, d, e, f, g, h);
    if (isFloatExtreme<Op>() && v128.any_true(unordered)) return f32x4.splat(NaN);
  }
  for (; i + 16 <= bytes; i += 16) a = combine<Op>(a, v128.load(x + i));
  if (i < bytes) a = combine<Op>(a, loadTail(x + i, bytes - i, identity<Op>()));
  return fold<Op>(a);
}

/** Partial results of the chunks [first, last) of a run of n elements, to the same places of `partials`. */
export function reduceChunks<Op>(x: usize, n: u32, chunk: u32, partials: usize, first: u32, last: u32): void {
  for (let i = first; i < last; i++) {
    const from = i * chunk;
    const v = reduceRun<Op>(x + (<usize>from << 2), min(chunk, n - from));
    v128.store32_lane(partials + (<usize>i << 2), v, 0);
  }
}

/** Chunks of a run of n elements; 1 for a run that is combined at once. */
export function chunksOf(n: u32): u32 {
  return n <= CHUNK ? 1 : (n - 1) / chunkOf(n) + 1;
}

/** n elements at x combined, in every lane; `partials` has room for those of one run. */
export function reduceLong<Op>(x: usize, n: u32, partials: usize): v128 {
  if (n <= CHUNK) return reduceRun<Op>(x, n);
  const chunk = chunkOf(n);
  const chunks = (n - 1) / chunk + 1;
  reduceChunks<Op>(x, n, chunk, partials, 0, chunks);
  return reduceRun<Op>(partials, chunks);
}
