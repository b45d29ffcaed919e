/**
 * gather: y[o, j, i] = x[o, index[o, j, i], i], bits of any type. scatterAdd: y[o, index[o, j, i], i] += g[o, j, i], in order
 * of j, so that elements added to one place give the same bits for any number of threads. An index out of range counts as the
 * last one; outputs overlap no input; no alignment is needed.
 */
import { GatherCommand, ScatterAddCommand } from '../generated/commands';
import { firstElementOf, firstOf } from '../reduce/share';
import { within } from './within';

/** Each thread computes its own rows of y, number o·count + j. */
export function gatherKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<GatherCommand>(cmd);
  const count = c.count;
  const inner = c.inner;
  const rows = c.outer * count;
  const bytes = <usize>inner << 2;
  const first = firstOf(rows, thread, threads);
  const last = firstOf(rows, thread + 1, threads);
  if (first >= last) return;
  let o = first / count;
  let j = first - o * count;
  let index = (<usize>c.index << 2) + <usize>first * bytes;
  let y = (<usize>c.y << 2) + <usize>first * bytes;
  for (let row = first; row < last; row++) {
    let x = (<usize>c.x << 2) + <usize>o * c.size * bytes;
    for (let i: u32 = 0; i < inner; i++, x += 4, y += 4, index += 4) {
      store<u32>(y, load<u32>(x + <usize>within(load<u32>(index), c.size) * bytes));
    }
    if (++j == count) {
      j = 0;
      o++;
    }
  }
}

/** The columns from … to of the matrices first … last. */
function scatterColumns(c: ScatterAddCommand, first: u32, last: u32, from: u32, to: u32): void {
  const count = c.count;
  const integer = c.integer;
  const bytes = <usize>c.inner << 2;
  for (let o = first; o < last; o++) {
    const y = (<usize>c.y << 2) + <usize>o * c.size * bytes;
    for (let j: u32 = 0; j < count; j++) {
      const row = (<usize>o * count + j) * bytes;
      const g = (<usize>c.g << 2) + row;
      const index = (<usize>c.index << 2) + row;
      for (let i = <usize>from << 2; i < <usize>to << 2; i += 4) {
        const at = y + <usize>within(load<u32>(index + i), c.size) * bytes + i;
        if (integer) store<i32>(at, load<i32>(at) + load<i32>(g + i));
        else store<f32>(at, load<f32>(at) + load<f32>(g + i));
      }
    }
  }
}

export function scatterAddKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<ScatterAddCommand>(cmd);
  const byColumns = c.outer < threads;
  const from = byColumns ? firstElementOf(c.inner, thread, threads) : 0;
  const to = byColumns ? firstElementOf(c.inner, thread + 1, threads) : c.inner;
  const first = byColumns ? 0 : firstOf(c.outer, thread, threads);
  const last = byColumns ? c.outer : firstOf(c.outer, thread + 1, threads);
  scatterColumns(c, first, last, from, to);
}
