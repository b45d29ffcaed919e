/**
 * One row's gates in one pass: from the products of a step to activated gates, cell and output. `size` elements each; the gates of a
 * row lie one after the other from g on, and are overwritten by their activations. Biases are there, or both 0. A state may be
 * written where it was read, and to two places, which may be one.
 */
import { loadLanes, storeLanes } from '../reduce/lanes';
import { all } from '../simd/bits';
import { madd } from '../simd/madd';
import { sigmoid4, tanh4 } from '../simd/math';

/** A product with its two biases. */
// @ts-expect-error: decorator
@inline
function biased<W>(g: usize, biasIh: usize, biasHh: usize, at: usize): v128 {
  const v = loadLanes<W>(g);
  if (biasIh == 0) return v;
  return f32x4.add(v, f32x4.add(loadLanes<W>(biasIh + at), loadLanes<W>(biasHh + at)));
}

// @ts-expect-error: decorator
@inline
function lstmLanes<W>(
  row: usize,
  at: usize,
  g: usize,
  biasIh: usize,
  biasHh: usize,
  cell: usize,
  nextCell: usize,
  next: usize,
  out: usize,
): void {
  const gate = g + at;
  const i = sigmoid4(biased<W>(gate, biasIh, biasHh, at));
  const f = sigmoid4(biased<W>(gate + row, biasIh, biasHh, at + row));
  const n = tanh4(biased<W>(gate + row * 2, biasIh, biasHh, at + row * 2));
  const o = sigmoid4(biased<W>(gate + row * 3, biasIh, biasHh, at + row * 3));
  storeLanes<W>(gate, i);
  storeLanes<W>(gate + row, f);
  storeLanes<W>(gate + row * 2, n);
  storeLanes<W>(gate + row * 3, o);
  const c = madd(f, loadLanes<W>(cell + at), f32x4.mul(i, n));
  storeLanes<W>(nextCell + at, c);
  const h = f32x4.mul(o, tanh4(c));
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
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) lstmLanes<v128>(row, at, g, biasIh, biasHh, cell, nextCell, next, out);
  for (; at < row; at += 4) lstmLanes<f32>(row, at, g, biasIh, biasHh, cell, nextCell, next, out);
}

// @ts-expect-error: decorator
@inline
function gruLanes<W>(
  row: usize,
  at: usize,
  g: usize,
  biasIh: usize,
  biasHh: usize,
  h: usize,
  next: usize,
  out: usize,
): void {
  const gate = g + at;
  const r = sigmoid4(biased<W>(gate, biasIh, biasHh, at));
  const z = sigmoid4(biased<W>(gate + row, biasIh, biasHh, at + row));
  let input = loadLanes<W>(gate + row * 2);
  let inner = loadLanes<W>(gate + row * 3);
  if (biasIh != 0) {
    input = f32x4.add(input, loadLanes<W>(biasIh + at + row * 2));
    inner = f32x4.add(inner, loadLanes<W>(biasHh + at + row * 2));
  }
  const n = tanh4(madd(r, inner, input));
  storeLanes<W>(gate, r);
  storeLanes<W>(gate + row, z);
  storeLanes<W>(gate + row * 2, n);
  storeLanes<W>(gate + row * 3, inner);
  const y = madd(z, f32x4.sub(loadLanes<W>(h + at), n), n);
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
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) gruLanes<v128>(row, at, g, biasIh, biasHh, h, next, out);
  for (; at < row; at += 4) gruLanes<f32>(row, at, g, biasIh, biasHh, h, next, out);
}

// @ts-expect-error: decorator
@inline
function rnnLanes<W>(
  relu: bool,
  at: usize,
  g: usize,
  biasIh: usize,
  biasHh: usize,
  next: usize,
  out: usize,
): void {
  const x = biased<W>(g + at, biasIh, biasHh, at);
  const y = relu ? f32x4.pmax(x, all(0)) : tanh4(x);
  storeLanes<W>(g + at, y);
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
  for (; at + 16 <= row; at += 16) rnnLanes<v128>(relu, at, g, biasIh, biasHh, next, out);
  for (; at < row; at += 4) rnnLanes<f32>(relu, at, g, biasIh, biasHh, next, out);
}
