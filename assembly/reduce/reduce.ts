/**
 * reduce: y[o, i] = scale · fn over r of x[o, r, i]. Rows (inner 1) are reduced along the vector, columns (inner > 1)
 * across vectors. The order depends only on the shape. x and y are distinct; no alignment is needed.
 *
 * If there are fewer rows than threads, threads share the chunks of each row: the parts leave the chunks' results in the shared
 * scratch, and `finishReduce` combines them as one thread would.
 */
import { ReduceCommand, ReduceFn } from '../generated/commands';
import { SHARED_SCRATCH, THREAD_SCRATCH } from '../scratch';
import { reduceColumns } from './columns';
import { storeLanes } from './lanes';
import { Max, MaxI, Min, MinI, Prod, ProdI, Sum, SumI } from './ops';
import { chunkOf, chunksOf, reduceChunks, reduceLong, reduceRun } from './run';
import { firstElementOf, firstOf } from './share';

// @ts-ignore: decorator
@inline
function scaleBy<Op>(v: v128, scale: f32): v128 {
  if (idof<Op>() == idof<Sum>()) return f32x4.mul(v, f32x4.splat(scale));
  return v;
}

function scaleRun(y: usize, bytes: usize, scale: f32): void {
  const factor = f32x4.splat(scale);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), factor));
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) * scale);
}

/** Whether threads share the chunks of rows, not the rows. */
function byChunks(c: ReduceCommand, threads: u32): bool {
  return c.inner == 1 && c.outer < threads && <u64>c.outer * chunksOf(c.size) <= SHARED_SCRATCH;
}

/** This thread's part of the chunks of all rows. */
function reduceByChunks<Op>(c: ReduceCommand, thread: u32, threads: u32): void {
  const size = c.size;
  const chunk = chunkOf(size);
  const chunks = chunksOf(size);
  const all = c.outer * chunks;
  const last = firstOf(all, thread + 1, threads);
  for (let i = firstOf(all, thread, threads); i < last; ) {
    const row = i / chunks;
    const end = min(last, (row + 1) * chunks);
    const x = (<usize>c.x + <usize>row * size) << 2;
    const partials = (<usize>c.scratch + row * chunks) << 2;
    reduceChunks<Op>(x, size, chunk, partials, i - row * chunks, end - row * chunks);
    i = end;
  }
}

function finishAll<Op>(c: ReduceCommand): void {
  const chunks = chunksOf(c.size);
  for (let row: u32 = 0; row < c.outer; row++) {
    const all = reduceRun<Op>((<usize>c.scratch + row * chunks) << 2, chunks);
    storeLanes<f32>((<usize>c.y + row) << 2, scaleBy<Op>(all, c.scale));
  }
}

function reduceAll<Op>(c: ReduceCommand, thread: u32, threads: u32): void {
  const outer = c.outer;
  const size = c.size;
  const inner = c.inner;
  const scale = c.scale;
  const x = <usize>c.x << 2;
  const y = <usize>c.y << 2;
  const own = (<usize>c.scratch + SHARED_SCRATCH + thread * THREAD_SCRATCH) << 2;

  if (threads > 1 && byChunks(c, threads)) return reduceByChunks<Op>(c, thread, threads);
  if (inner == 1) {
    const last = firstOf(outer, thread + 1, threads);
    const rowBytes = <usize>size << 2;
    for (let o = firstOf(outer, thread, threads); o < last; o++) {
      storeLanes<f32>(y + (<usize>o << 2), scaleBy<Op>(reduceLong<Op>(x + <usize>o * rowBytes, size, own), scale));
    }
    return;
  }

  const byColumns = outer < threads;
  const from = byColumns ? firstElementOf(inner, thread, threads) : 0;
  const to = byColumns ? firstElementOf(inner, thread + 1, threads) : inner;
  const last = byColumns ? outer : firstOf(outer, thread + 1, threads);
  const stride = <usize>inner << 2;
  const at = <usize>from << 2;
  const bytes = (<usize>to << 2) - at;
  for (let o: u32 = byColumns ? 0 : firstOf(outer, thread, threads); o < last; o++) {
    const row = y + <usize>o * stride + at;
    reduceColumns<Op>(x + <usize>o * size * stride + at, size, stride, row, to - from, own);
    if (idof<Op>() == idof<Sum>() && scale != 1) scaleRun(row, bytes, scale);
  }
}

export function reduceKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<ReduceCommand>(cmd);
  switch (c.fn) {
    case ReduceFn.sum:
      return reduceAll<Sum>(c, thread, threads);
    case ReduceFn.prod:
      return reduceAll<Prod>(c, thread, threads);
    case ReduceFn.max:
      return reduceAll<Max>(c, thread, threads);
    case ReduceFn.min:
      return reduceAll<Min>(c, thread, threads);
    case ReduceFn.sumI:
      return reduceAll<SumI>(c, thread, threads);
    case ReduceFn.prodI:
      return reduceAll<ProdI>(c, thread, threads);
    case ReduceFn.maxI:
      return reduceAll<MaxI>(c, thread, threads);
    default:
      return reduceAll<MinI>(c, thread, threads);
  }
}

/** Combines the results that the threads' parts have left. */
export function finishReduce(cmd: usize, threads: u32): void {
  const c = changetype<ReduceCommand>(cmd);
  if (!byChunks(c, threads)) return;
  switch (c.fn) {
    case ReduceFn.sum:
      return finishAll<Sum>(c);
    case ReduceFn.prod:
      return finishAll<Prod>(c);
    case ReduceFn.max:
      return finishAll<Max>(c);
    case ReduceFn.min:
      return finishAll<Min>(c);
    case ReduceFn.sumI:
      return finishAll<SumI>(c);
    case ReduceFn.prodI:
      return finishAll<ProdI>(c);
    case ReduceFn.maxI:
      return finishAll<MaxI>(c);
    default:
      return finishAll<MinI>(c);
  }
}
