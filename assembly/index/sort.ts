/**
 * sort: the first `count` elements of each row in order, with their places. Elements become unsigned keys of the same order
 * (NaN last, −0 as 0; complements for descending); the sort is stable. A small count is kept as a sorted list that better
 * elements are inserted into; otherwise a radix sort goes over the four bytes of the keys, the lowest first, and skips bytes
 * that are the same in all keys. Threads share rows. Outputs overlap no input; no alignment is needed.
 *
 *   work of a row: [ keys ][ places ][ keys ][ places ][ counters: 4 × 256 ]
 */
import { SortCommand } from '../generated/commands';
import { firstOf } from '../reduce/share';

const DIGITS: u32 = 256;
const COUNTERS: u32 = 4 * DIGITS;

// @ts-ignore: decorator
@inline
function keyOf(bits: u32, integer: u32, flip: u32): u32 {
  if (integer) return bits ^ 0x80000000 ^ flip;
  if ((bits & 0x7fffffff) > 0x7f800000) return 0xffffffff ^ flip;
  if (bits == 0x80000000) return bits ^ flip;
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000) ^ flip;
}

/** Keeps a list of the best `count` elements: keys in `keys`, places in `indices`. */
function insertRow(c: SortCommand, x: usize, indices: usize, keys: usize): void {
  const count = c.count;
  const integer = c.integer;
  const flip: u32 = c.descending ? 0xffffffff : 0;
  let held: u32 = 0;
  for (let i: u32 = 0; i < c.cols; i++) {
    const key = keyOf(load<u32>(x + (<usize>i << 2)), integer, flip);
    if (held == count) {
      if (key >= load<u32>(keys + (<usize>(count - 1) << 2))) continue;
    } else {
      held++;
    }
    let at = <usize>(held - 1) << 2;
    for (; at > 0 && load<u32>(keys + at - 4) > key; at -= 4) {
      store<u32>(keys + at, load<u32>(keys + at - 4));
      store<u32>(indices + at, load<u32>(indices + at - 4));
    }
    store<u32>(keys + at, key);
    store<u32>(indices + at, i);
  }
}

/** Keys, places and counters of all four digits. */
function prepare(c: SortCommand, x: usize, keys: usize, places: usize, counters: usize): void {
  const integer = c.integer;
  const flip: u32 = c.descending ? 0xffffffff : 0;
  memory.fill(counters, 0, <usize>COUNTERS << 2);
  for (let i: u32 = 0; i < c.cols; i++) {
    const key = keyOf(load<u32>(x + (<usize>i << 2)), integer, flip);
    store<u32>(keys + (<usize>i << 2), key);
    store<u32>(places + (<usize>i << 2), i);
    for (let digit: u32 = 0; digit < 4; digit++) {
      const counter = counters + (<usize>(digit * DIGITS + ((key >> (digit << 3)) & 255)) << 2);
      store<u32>(counter, load<u32>(counter) + 1);
    }
  }
}

/** Orders by one digit. Returns whether it moved anything. */
function pass(shift: u32, n: u32, from: usize, to: usize, counters: usize): bool {
  const distance = <usize>n << 2;
  const first = (load<u32>(from) >> shift) & 255;
  if (load<u32>(counters + (<usize>first << 2)) == n) return false;
  let sum: u32 = 0;
  for (let d: usize = 0; d < <usize>DIGITS << 2; d += 4) {
    const size = load<u32>(counters + d);
    store<u32>(counters + d, sum);
    sum += size;
  }
  for (let i: usize = 0; i < distance; i += 4) {
    const key = load<u32>(from + i);
    const counter = counters + (<usize>((key >> shift) & 255) << 2);
    const at = load<u32>(counter);
    store<u32>(counter, at + 1);
    store<u32>(to + (<usize>at << 2), key);
    store<u32>(to + distance + (<usize>at << 2), load<u32>(from + distance + i));
  }
  return true;
}

function radixRow(c: SortCommand, x: usize, indices: usize, work: usize): void {
  const n = c.cols;
  const distance = <usize>n << 2;
  const counters = work + 4 * distance;
  let from = work;
  let to = work + 2 * distance;
  prepare(c, x, from, from + distance, counters);
  for (let digit: u32 = 0; digit < 4; digit++) {
    if (pass(digit << 3, n, from, to, counters + (<usize>(digit * DIGITS) << 2))) {
      const other = from;
      from = to;
      to = other;
    }
  }
  memory.copy(indices, from + distance, <usize>c.count << 2);
}

export function sortKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<SortCommand>(cmd);
  const count = <usize>c.count << 2;
  if (count == 0) return;
  const cols = <usize>c.cols << 2;
  const stride = c.byInsertion ? count : 4 * cols + (<usize>COUNTERS << 2);
  const last = firstOf(c.rows, thread + 1, threads);
  for (let row = firstOf(c.rows, thread, threads); row < last; row++) {
    const x = (<usize>c.x << 2) + <usize>row * cols;
    const values = (<usize>c.values << 2) + <usize>row * count;
    const indices = (<usize>c.indices << 2) + <usize>row * count;
    const work = (<usize>c.work << 2) + <usize>row * stride;
    if (c.byInsertion) insertRow(c, x, indices, work);
    else radixRow(c, x, indices, work);
    for (let i: usize = 0; i < count; i += 4) {
      store<u32>(values + i, load<u32>(x + (<usize>load<u32>(indices + i) << 2)));
    }
  }
}
