/**
 * One row's gates: from the products of a step to activated gates, cell and output, in passes over what lies in the first-level
 * cache. `size` elements each; the gates of a row lie one after the other from g on, and are overwritten by their activations.
 * Biases are there, or both 0. A state may be written where it was read, and to two places, which may be one.
 */
import { loadLanes, storeLanes } from '../reduce/lanes';
import { all } from '../simd/bits';
import { Tanh } from '../simd/exp';
import { madd } from '../simd/madd';
import { tanh4 } from '../simd/math';
import { activate16, sigmoidGates, tanhGates } from './activate';

// @ts-ignore: decorator
@inline
function lstmCell<W>(row: usize, at: usize, g: usize, cell: usize): v128 {
  const gate = g + at;
  const fresh = f32x4.mul(loadLanes<W>(gate), loadLanes<W>(gate + row * 2));
  return madd(loadLanes<W>(gate + row), loadLanes<W>(cell + at), fresh);
}

/** c, and tanh c in the place of the output. */
// @ts-ignore: decorator
@inline
function lstmLanes<W>(row: usize, at: usize, g: usize, cell: usize, nextCell: usize, out: usize): void {
  const c = lstmCell<W>(row, at, g, cell);
  storeLanes<W>(nextCell + at, c);
  storeLanes<W>(out + at, tanh4(c));
}

// @ts-ignore: decorator
@inline
function lstm16(row: usize, at: usize, g: usize, cell: usize, nextCell: usize, out: usize): void {
  const c0 = lstmCell<v128>(row, at, g, cell);
  const c1 = lstmCell<v128>(row, at + 16, g, cell);
  const c2 = lstmCell<v128>(row, at + 32, g, cell);
  const c3 = lstmCell<v128>(row, at + 48, g, cell);
  const to = nextCell + at;
  v128.store(to, c0);
  v128.store(to, c1, 16);
  v128.store(to, c2, 32);
  v128.store(to, c3, 48);
  activate16<Tanh>(out + at, c0, c1, c2, c3);
}

/** h = σ(o)·tanh c, from tanh c in the place of the output. */
// @ts-ignore: decorator
@inline
function lstmOutput<W>(o: usize, at: usize, next: usize, out: usize): void {
  const h = f32x4.mul(loadLanes<W>(o + at), loadLanes<W>(out + at));
  storeLanes<W>(next + at, h);
  storeLanes<W>(out + at, h);
}

export function lstmGates(
  size: u32,
  g: usize,
  biasIh: usize,
  biasHh: usize,
  cell: usize,
  nextCell: usize,
  next: usize,
  out: usize,
): void {
  const row = (<usize>size) << 2;
  sigmoidGates(g, row * 2, biasIh, biasHh, 0);
  tanhGates(g + row * 2, row, biasIh, biasHh, row * 2);
  sigmoidGates(g + row * 3, row, biasIh, biasHh, row * 3);
  let at: usize = 0;
  for (; at + 64 <= row; at += 64) lstm16(row, at, g, cell, nextCell, out);
  for (; at + 16 <= row; at += 16) lstmLanes<v128>(row, at, g, cell, nextCell, out);
  for (; at < row; at += 4) lstmLanes<f32>(row, at, g, cell, nextCell, out);
  const o = g + row * 3;
  at = 0;
  for (; at + 16 <= row; at += 16) lstmOutput<v128>(o, at, next, out);
  for (; at < row; at += 4) lstmOutput<f32>(o, at, next, out);
}

/** The argument of ν's tanh; ρ's factor n' gets its bias in place. */
// @ts-ignore: decorator
@inline
function gruSum<W>(row: usize, at: usize, g: usize, biasIh: usize, biasHh: usize): v128 {
  const gate = g + at;
  let input = loadLanes<W>(gate + row * 2);
  let inner = loadLanes<W>(gate + row * 3);
  if (biasIh != 0) {
    input = f32x4.add(input, loadLanes<W>(biasIh + at + row * 2));
    inner = f32x4.add(inner, loadLanes<W>(biasHh + at + row * 2));
    storeLanes<W>(gate + row * 3, inner);
  }
  return madd(loadLanes<W>(gate), inner, input);
}

// @ts-ignore: decorator
@inline
function gruOutput<W>(row: usize, at: usize, g: usize, h: usize, next: usize, out: usize): void {
  const n = loadLanes<W>(g + row * 2 + at);
  const y = madd(loadLanes<W>(g + row + at), f32x4.sub(loadLanes<W>(h + at), n), n);
  storeLanes<W>(next + at, y);
  storeLanes<W>(out + at, y);
}

export function gruGates(
  size: u32,
  g: usize,
  biasIh: usize,
  biasHh: usize,
  h: usize,
  next: usize,
  out: usize,
): void {
  const row = (<usize>size) << 2;
  sigmoidGates(g, row * 2, biasIh, biasHh, 0);
  const n = g + row * 2;
  let at: usize = 0;
  for (; at + 64 <= row; at += 64) {
    activate16<Tanh>(
      n + at,
      gruSum<v128>(row, at, g, biasIh, biasHh),
      gruSum<v128>(row, at + 16, g, biasIh, biasHh),
      gruSum<v128>(row, at + 32, g, biasIh, biasHh),
      gruSum<v128>(row, at + 48, g, biasIh, biasHh),
    );
  }
  for (; at + 16 <= row; at += 16) v128.store(n + at, tanh4(gruSum<v128>(row, at, g, biasIh, biasHh)));
  for (; at < row; at += 4) storeLanes<f32>(n + at, tanh4(gruSum<f32>(row, at, g, biasIh, biasHh)));
  at = 0;
  for (; at + 16 <= row; at += 16) gruOutput<v128>(row, at, g, h, next, out);
  for (; at < row; at += 4) gruOutput<f32>(row, at, g, h, next, out);
}

// @ts-ignore: decorator
@inline
function rectified<W>(at: usize, g: usize, biasIh: usize, biasHh: usize): void {
  let x = loadLanes<W>(g + at);
  if (biasIh != 0) x = f32x4.add(x, f32x4.add(loadLanes<W>(biasIh + at), loadLanes<W>(biasHh + at)));
  storeLanes<W>(g + at, f32x4.pmax(x, all(0)));
}

// @ts-ignore: decorator
@inline
function rnnOutput<W>(at: usize, g: usize, next: usize, out: usize): void {
  const y = loadLanes<W>(g + at);
  storeLanes<W>(next + at, y);
  storeLanes<W>(out + at, y);
}

export function rnnGates(
  size: u32,
  relu: bool,
  g: usize,
  biasIh: usize,
  biasHh: usize,
  next: usize,
  out: usize,
): void {
  const row = (<usize>size) << 2;
  let at: usize = 0;
  if (relu) {
    for (; at + 16 <= row; at += 16) rectified<v128>(at, g, biasIh, biasHh);
    for (; at < row; at += 4) rectified<f32>(at, g, biasIh, biasHh);
  } else {
    tanhGates(g, row, biasIh, biasHh, 0);
  }
  at = 0;
  for (; at + 16 <= row; at += 16) rnnOutput<v128>(at, g, next, out);
  for (; at < row; at += 4) rnnOutput<f32>(at, g, next, out);
}
