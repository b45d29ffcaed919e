/**
 * One row's gradients in one pass: from the gradient of a step's output to those of its gates and states. dH and dC hold the
 * gradients from the next step; dH is left with what reaches the previous state without passing a gate, dC with that state's
 * gradient. gOut is the gradient of the output, or 0. `size` elements each; gates are contiguous.
 */
import { all } from '../simd/bits';
import { madd } from '../simd/madd';
import { tanh4 } from '../simd/math';
import { get, Part, put, Whole } from './units';

// @ts-ignore: decorator
@inline
function total<W>(dH: usize, gOut: usize, at: usize, left: usize): v128 {
  const v = get<W>(dH + at, left);
  return gOut == 0 ? v : f32x4.add(v, get<W>(gOut + at, left));
}

/** g·y·(1 − y). */
// @ts-ignore: decorator
@inline
function sigmoidGrad(y: v128, g: v128): v128 {
  return f32x4.mul(f32x4.mul(g, y), f32x4.sub(all(1), y));
}

/** g·(1 − y²). */
// @ts-ignore: decorator
@inline
function tanhGrad(y: v128, g: v128): v128 {
  return f32x4.mul(g, f32x4.sub(all(1), f32x4.mul(y, y)));
}

// @ts-ignore: decorator
@inline
function lstmUnits<W>(
  row: usize,
  at: usize,
  left: usize,
  gates: usize,
  cell: usize,
  gOut: usize,
  dH: usize,
  dC: usize,
  gGates: usize,
): void {
  const gate = gates + at;
  const to = gGates + at;
  const i = get<W>(gate, left);
  const f = get<W>(gate + row, left);
  const n = get<W>(gate + row * 2, left);
  const o = get<W>(gate + row * 3, left);
  const before = get<W>(cell + at, left);
  const y = tanh4(madd(f, before, f32x4.mul(i, n)));
  const h = total<W>(dH, gOut, at, left);
  put<W>(dH + at, left, all(0));
  const c = f32x4.add(get<W>(dC + at, left), tanhGrad(y, f32x4.mul(h, o)));
  put<W>(dC + at, left, f32x4.mul(c, f));
  put<W>(to, left, sigmoidGrad(i, f32x4.mul(c, n)));
  put<W>(to + row, left, sigmoidGrad(f, f32x4.mul(c, before)));
  put<W>(to + row * 2, left, tanhGrad(n, f32x4.mul(c, i)));
  put<W>(to + row * 3, left, sigmoidGrad(o, f32x4.mul(h, y)));
}

export function lstmGatesGrad(
  size: u32,
  gates: usize,
  cell: usize,
  gOut: usize,
  dH: usize,
  dC: usize,
  gGates: usize,
): void {
  const row = (<usize>size) << 2;
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) lstmUnits<Whole>(row, at, 0, gates, cell, gOut, dH, dC, gGates);
  if (at < row) lstmUnits<Part>(row, at, row - at, gates, cell, gOut, dH, dC, gGates);
}

// @ts-ignore: decorator
@inline
function gruUnits<W>(
  row: usize,
  at: usize,
  left: usize,
  gates: usize,
  before: usize,
  gOut: usize,
  dH: usize,
  gGates: usize,
  gHidden: usize,
): void {
  const gate = gates + at;
  const to = gGates + at;
  const r = get<W>(gate, left);
  const z = get<W>(gate + row, left);
  const n = get<W>(gate + row * 2, left);
  const inner = get<W>(gate + row * 3, left);
  const h = total<W>(dH, gOut, at, left);
  put<W>(dH + at, left, f32x4.mul(h, z));
  const gz = f32x4.mul(h, f32x4.sub(get<W>(before + at, left), n));
  const gn = tanhGrad(n, f32x4.mul(h, f32x4.sub(all(1), z)));
  put<W>(to, left, sigmoidGrad(r, f32x4.mul(gn, inner)));
  put<W>(to + row, left, sigmoidGrad(z, gz));
  put<W>(to + row * 2, left, gn);
  put<W>(gHidden + at, left, f32x4.mul(gn, r));
}

export function gruGatesGrad(
  size: u32,
  gates: usize,
  before: usize,
  gOut: usize,
  dH: usize,
  gGates: usize,
  gHidden: usize,
): void {
  const row = (<usize>size) << 2;
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) gruUnits<Whole>(row, at, 0, gates, before, gOut, dH, gGates, gHidden);
  if (at < row) gruUnits<Part>(row, at, row - at, gates, before, gOut, dH, gGates, gHidden);
}

// @ts-ignore: decorator
@inline
function rnnUnits<W>(relu: bool, at: usize, left: usize, gates: usize, gOut: usize, dH: usize, gGates: usize): void {
  const y = get<W>(gates + at, left);
  const h = total<W>(dH, gOut, at, left);
  put<W>(dH + at, left, all(0));
  put<W>(gGates + at, left, relu ? v128.andnot(h, f32x4.le(y, all(0))) : tanhGrad(y, h));
}

export function rnnGatesGrad(size: u32, relu: bool, gates: usize, gOut: usize, dH: usize, gGates: usize): void {
  const row = (<usize>size) << 2;
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) rnnUnits<Whole>(relu, at, 0, gates, gOut, dH, gGates);
  if (at < row) rnnUnits<Part>(relu, at, row - at, gates, gOut, dH, gGates);
}
