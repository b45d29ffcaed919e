/**
 * One row's gradients in one pass: from the gradient of a step's output to those of its gates and states. dH and dC hold what
 * comes from the step after; dH is left with what reaches the state before without passing a gate, dC with its gradient.
 * gOut is the gradient of the output, or 0. `size` elements each; gates lie one after the other.
 */
import { loadLanes, storeLanes } from '../reduce/lanes';
import { all } from '../simd/bits';
import { madd } from '../simd/madd';
import { tanh4 } from '../simd/math';

// @ts-ignore: decorator
@inline
function total<W>(dH: usize, gOut: usize, at: usize): v128 {
  const v = loadLanes<W>(dH + at);
  return gOut == 0 ? v : f32x4.add(v, loadLanes<W>(gOut + at));
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
function lstmLanes<W>(
  row: usize,
  at: usize,
  gates: usize,
  cell: usize,
  gOut: usize,
  dH: usize,
  dC: usize,
  gGates: usize,
): void {
  const gate = gates + at;
  const to = gGates + at;
  const i = loadLanes<W>(gate);
  const f = loadLanes<W>(gate + row);
  const n = loadLanes<W>(gate + row * 2);
  const o = loadLanes<W>(gate + row * 3);
  const before = loadLanes<W>(cell + at);
  const y = tanh4(madd(f, before, f32x4.mul(i, n)));
  const h = total<W>(dH, gOut, at);
  storeLanes<W>(dH + at, all(0));
  const c = f32x4.add(loadLanes<W>(dC + at), tanhGrad(y, f32x4.mul(h, o)));
  storeLanes<W>(dC + at, f32x4.mul(c, f));
  storeLanes<W>(to, sigmoidGrad(i, f32x4.mul(c, n)));
  storeLanes<W>(to + row, sigmoidGrad(f, f32x4.mul(c, before)));
  storeLanes<W>(to + row * 2, tanhGrad(n, f32x4.mul(c, i)));
  storeLanes<W>(to + row * 3, sigmoidGrad(o, f32x4.mul(h, y)));
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
  for (; at + 16 <= row; at += 16) lstmLanes<v128>(row, at, gates, cell, gOut, dH, dC, gGates);
  for (; at < row; at += 4) lstmLanes<f32>(row, at, gates, cell, gOut, dH, dC, gGates);
}

// @ts-ignore: decorator
@inline
function gruLanes<W>(
  row: usize,
  at: usize,
  gates: usize,
  before: usize,
  gOut: usize,
  dH: usize,
  gGates: usize,
  gHidden: usize,
): void {
  const gate = gates + at;
  const to = gGates + at;
  const r = loadLanes<W>(gate);
  const z = loadLanes<W>(gate + row);
  const n = loadLanes<W>(gate + row * 2);
  const inner = loadLanes<W>(gate + row * 3);
  const h = total<W>(dH, gOut, at);
  storeLanes<W>(dH + at, f32x4.mul(h, z));
  const gz = f32x4.mul(h, f32x4.sub(loadLanes<W>(before + at), n));
  const gn = tanhGrad(n, f32x4.mul(h, f32x4.sub(all(1), z)));
  storeLanes<W>(to, sigmoidGrad(r, f32x4.mul(gn, inner)));
  storeLanes<W>(to + row, sigmoidGrad(z, gz));
  storeLanes<W>(to + row * 2, gn);
  storeLanes<W>(gHidden + at, f32x4.mul(gn, r));
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
  for (; at + 16 <= row; at += 16) gruLanes<v128>(row, at, gates, before, gOut, dH, gGates, gHidden);
  for (; at < row; at += 4) gruLanes<f32>(row, at, gates, before, gOut, dH, gGates, gHidden);
}

// @ts-ignore: decorator
@inline
function rnnLanes<W>(relu: bool, at: usize, gates: usize, gOut: usize, dH: usize, gGates: usize): void {
  const y = loadLanes<W>(gates + at);
  const h = total<W>(dH, gOut, at);
  storeLanes<W>(dH + at, all(0));
  storeLanes<W>(gGates + at, relu ? v128.andnot(h, f32x4.le(y, all(0))) : tanhGrad(y, h));
}

export function rnnGatesGrad(size: u32, relu: bool, gates: usize, gOut: usize, dH: usize, gGates: usize): void {
  const row = (<usize>size) << 2;
  let at: usize = 0;
  for (; at + 16 <= row; at += 16) rnnLanes<v128>(relu, at, gates, gOut, dH, gGates);
  for (; at < row; at += 4) rnnLanes<f32>(relu, at, gates, gOut, dH, gGates);
}
