/**
 * One row's gates in one pass: from the products of a step to activated gates, cell and output. `size` units; the gates of a
 * row are contiguous, the products at `raw` (which may be `gates`), their activations at `gates`. Added to the products are
 * `bias`, the sums of both biases, and, where w is not 0, x·w: a layer with one input needs no product for it.
 * A state may be written where it was read, and to two places, which may be the same.
 */
import { all } from '../simd/bits';
import { madd } from '../simd/madd';
import { sigmoid4, tanh4 } from '../simd/math';
import { get, Part, put, Whole } from './units';

/** A gate's argument. */
// @ts-ignore: decorator
@inline
function argument<W>(at: usize, left: usize, raw: usize, bias: usize, w: usize, x: v128): v128 {
  const v = f32x4.add(get<W>(raw + at, left), get<W>(bias + at, left));
  return w == 0 ? v : madd(x, get<W>(w + at, left), v);
}

// @ts-ignore: decorator
@inline
function lstmUnits<W>(
  row: usize,
  at: usize,
  left: usize,
  raw: usize,
  bias: usize,
  w: usize,
  x: v128,
  gates: usize,
  cell: usize,
  nextCell: usize,
  next: usize,
  out: usize,
): void {
  const ai = argument<W>(at, left, raw, bias, w, x);
  const af = argument<W>(at + row, left, raw, bias, w, x);
  const an = argument<W>(at + row * 2, left, raw, bias, w, x);
  const ao = argument<W>(at + row * 3, left, raw, bias, w, x);
  const i = sigmoid4(ai);
  const f = sigmoid4(af);
  const n = tanh4(an);
  const o = sigmoid4(ao);
  const c = madd(f, get<W>(cell + at, left), f32x4.mul(i, n));
  const to = gates + at;
  put<W>(to, left, i);
  put<W>(to + row, left, f);
  put<W>(to + row * 2, left, n);
  put<W>(to + row * 3, left, o);
  put<W>(nextCell + at, left, c);
  const h = f32x4.mul(o, tanh4(c));
  put<W>(next + at, left, h);
  put<W>(out + at, left, h);
}

export function lstmGates(
  size: u32,
  raw: usize,
  bias: usize,
  w: usize,
  input: f32,
  gates: usize,
  cell: usize,
  nextCell: usize,
  next: usize,
  out: usize,
): void {
  const row = (<usize>size) << 2;
  const x = f32x4.splat(input);
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) lstmUnits<Whole>(row, at, 0, raw, bias, w, x, gates, cell, nextCell, next, out);
  if (at < row) lstmUnits<Part>(row, at, row - at, raw, bias, w, x, gates, cell, nextCell, next, out);
}

// @ts-ignore: decorator
@inline
function gruUnits<W>(
  row: usize,
  at: usize,
  left: usize,
  raw: usize,
  bias: usize,
  w: usize,
  x: v128,
  gates: usize,
  h: usize,
  next: usize,
  out: usize,
): void {
  const r = sigmoid4(argument<W>(at, left, raw, bias, w, x));
  const z = sigmoid4(argument<W>(at + row, left, raw, bias, w, x));
  const last = at + row * 3;
  const inner = f32x4.add(get<W>(raw + last, left), get<W>(bias + last, left));
  const n = tanh4(madd(r, inner, argument<W>(at + row * 2, left, raw, bias, w, x)));
  const to = gates + at;
  put<W>(to, left, r);
  put<W>(to + row, left, z);
  put<W>(to + row * 2, left, n);
  put<W>(to + row * 3, left, inner);
  const y = madd(z, f32x4.sub(get<W>(h + at, left), n), n);
  put<W>(next + at, left, y);
  put<W>(out + at, left, y);
}

/** The bias has four parts: the last two are those of n and of n'. */
export function gruGates(
  size: u32,
  raw: usize,
  bias: usize,
  w: usize,
  input: f32,
  gates: usize,
  h: usize,
  next: usize,
  out: usize,
): void {
  const row = (<usize>size) << 2;
  const x = f32x4.splat(input);
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) gruUnits<Whole>(row, at, 0, raw, bias, w, x, gates, h, next, out);
  if (at < row) gruUnits<Part>(row, at, row - at, raw, bias, w, x, gates, h, next, out);
}

// @ts-ignore: decorator
@inline
function rnnUnits<W>(
  relu: bool,
  at: usize,
  left: usize,
  raw: usize,
  bias: usize,
  w: usize,
  x: v128,
  gates: usize,
  next: usize,
  out: usize,
): void {
  const a = argument<W>(at, left, raw, bias, w, x);
  const y = relu ? f32x4.pmax(a, all(0)) : tanh4(a);
  put<W>(gates + at, left, y);
  put<W>(next + at, left, y);
  put<W>(out + at, left, y);
}

export function rnnGates(
  size: u32,
  relu: bool,
  raw: usize,
  bias: usize,
  w: usize,
  input: f32,
  gates: usize,
  next: usize,
  out: usize,
): void {
  const row = (<usize>size) << 2;
  const x = f32x4.splat(input);
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) rnnUnits<Whole>(relu, at, 0, raw, bias, w, x, gates, next, out);
  if (at < row) rnnUnits<Part>(relu, at, row - at, raw, bias, w, x, gates, next, out);
}
