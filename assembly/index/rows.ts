/**
 * takeRows: y[o, j, i] = x[o, index[j], i], bits of any type. addRows: y[o, index[j], i] += g[o, j, i] in float32, in order of
 * j, so that rows taken twice give the same bits for any number of threads; without g those rows become 0. An index out of
 * range counts as the last one: nothing outside is touched. Outputs overlap no input; no alignment is needed.
 */
import { AddRowsCommand, TakeRowsCommand } from '../generated/commands';
import { firstOf } from '../reduce/share';
import { within } from './within';

/** Rows of this many bytes or more are copied by the engine, whose call costs more than a short loop. */
const BULK: usize = 512;

// @ts-ignore: decorator
@inline
function copyRow(y: usize, x: usize, bytes: usize): void {
  if (bytes >= BULK) {
    memory.copy(y, x, bytes);
    return;
  }
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, v128.load(x + i));
  for (; i < bytes; i += 4) store<u32>(y + i, load<u32>(x + i));
}

export function takeRowsKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<TakeRowsCommand>(cmd);
  const count = c.count;
  const bytes = <usize>c.inner << 2;
  const index = <usize>c.index << 2;
  const first = firstOf(count, thread, threads);
  const last = firstOf(count, thread + 1, threads);
  for (let o: u32 = 0; o < c.outer; o++) {
    const x = (<usize>c.x << 2) + <usize>(o * c.size) * bytes;
    const y = (<usize>c.y << 2) + <usize>(o * count) * bytes;
    if (bytes == 4) {
      for (let j = first; j < last; j++) {
        const at = <usize>within(load<u32>(index + (<usize>j << 2)), c.size) << 2;
        store<u32>(y + (<usize>j << 2), load<u32>(x + at));
      }
    } else {
      for (let j = first; j < last; j++) {
        copyRow(y + <usize>j * bytes, x + <usize>within(load<u32>(index + (<usize>j << 2)), c.size) * bytes, bytes);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addRow(y: usize, g: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(g + i)));
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(g + i));
}

/** Each thread adds to the rows of y that are its own, and passes over the others. */
export function addRowsKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<AddRowsCommand>(cmd);
  const count = c.count;
  const bytes = <usize>c.inner << 2;
  const index = <usize>c.index << 2;
  const first = firstOf(c.size, thread, threads);
  const own = firstOf(c.size, thread + 1, threads) - first;
  if (own == 0) return;
  const marks = <usize>c.marks << 2;
  for (let o: u32 = 0; o < c.outer; o++) {
    const y = (<usize>c.y << 2) + <usize>(o * c.size) * bytes;
    const g = (<usize>c.g << 2) + <usize>(o * count) * bytes;
    for (let j: u32 = 0; j < count; j++) {
      const row = within(load<u32>(index + (<usize>j << 2)), c.size);
      if (row - first >= own) continue;
      const to = y + <usize>row * bytes;
      if (c.g) addRow(to, g + <usize>j * bytes, bytes);
      else memory.fill(to, 0, bytes);
      if (marks) store<u32>(marks + (<usize>row << 2), c.first + j);
    }
  }
}
