/**
 * Reduces a run of adjacent elements to one. Short runs in registers: eight vector accumulators, then their tree. Long
 * runs in chunks, whose partial results are reduced by the same code: near to a pairwise sum's accuracy, in an order that
 * depends on the length alone. No alignment is needed; nothing outside the run is read.
 */
import { loadTail } from './lanes';
import { combine, combine8, fold, identity } from './ops';

/** Elements that one set of accumulators takes. */
const CHUNK: u32 = 4096;
/** Partial results that a row may have: what every scratch part has room for. */
const MAX_PARTIALS: u32 = 64 * 1024;

/** Elements of a chunk of a run of n elements: few enough for accuracy, many enough for the scratch. */
export function chunkOf(n: u32): u32 {
  const least = (n - 1) / MAX_PARTIALS + 1;
  return max(CHUNK, (least + 31) & ~31);
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
    for (; i + 128 <= bytes; i += 128) {
      a = combine<Op>(a, v128.load(x + i));
      b = combine<Op>(b, v128.load(x + i, 16));
      c = combine<Op>(c, v128.load(x + i, 32));
      d = combine<Op>(d, v128.load(x + i, 48));
      e = combine<Op>(e, v128.load(x + i, 64));
      f = combine<Op>(f, v128.load(x + i, 80));
      g = combine<Op>(g, v128.load(x + i, 96));
      h = combine<Op>(h, v128.load(x + i, 112));
    }
    a = combine8<Op>(a, b, c, d, e, f, g, h);
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

/** n elements at x combined, in every lane; `partials` has room for those of one run. */
export function reduceLong<Op>(x: usize, n: u32, partials: usize): v128 {
  if (n <= CHUNK) return reduceRun<Op>(x, n);
  const chunk = chunkOf(n);
  const chunks = (n - 1) / chunk + 1;
  // With a barrier after the first phase, all threads take a share of the chunks and thread 0 combines them.
  reduceChunks<Op>(x, n, chunk, partials, 0, chunks);
  return reduceRun<Op>(partials, chunks);
}
