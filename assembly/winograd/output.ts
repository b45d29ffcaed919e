/**
 * Winograd's output transform: Aᵀ·m·A of a tile for four output channels, one a lane, then bias and relu; the pixels inside
 * the output planes are stored there.
 */
import { epilogue } from '../gemm/epilogue';
import { Activation } from '../generated/commands';
import { PATCH, storeOutput, TILE } from './transform';

/** The first `columns` lanes of v. */
// @ts-ignore: decorator
@inline
function storePixels(at: usize, v: v128, columns: u32): void {
  if (columns == TILE) {
    v128.store(at, v);
  } else if (columns & 2) {
    v128.store_lane<u64>(at, v, 0);
    if (columns & 1) v128.store_lane<f32>(at, v, 2, 8);
  } else {
    v128.store_lane<f32>(at, v, 0);
  }
}

/** `channels` ≤ 4 elements, the other lanes 0. */
function loadBias(bias: usize, channels: u32): v128 {
  let v = f32x4.splat(0);
  if (bias == 0) return v;
  v = v128.load_lane<f32>(bias, v, 0);
  if (channels > 1) v = v128.load_lane<f32>(bias, v, 1, 4);
  if (channels > 2) v = v128.load_lane<f32>(bias, v, 2, 8);
  if (channels > 3) v = v128.load_lane<f32>(bias, v, 3, 12);
  return v;
}

/**
 * One tile for `channels` ≤ 4 output channels: products from `m` on, `step` bytes from one position to the next. `y` is the tile's
 * first pixel in the first channel, `plane` and `row` the bytes from one to the next; `rows` and `columns` of the tile are inside.
 */
export function outputTile(
  m: usize,
  step: usize,
  local: usize,
  y: usize,
  plane: usize,
  row: usize,
  rows: u32,
  columns: u32,
  channels: u32,
  bias: usize,
  activation: u32,
): void {
  const line: usize = (<usize>PATCH) << 4;
  for (let j: usize = 0; j < PATCH; j++) storeOutput(m + j * step, step * PATCH, local + (j << 4), line);
  const offset = loadBias(bias, channels);
  const least = f32x4.splat(activation == Activation.relu ? 0 : -Infinity);
  let to = y;
  for (let i: u32 = 0; i < rows; i++) {
    storeOutput(local, 16, local, 16);
    const v0 = f32x4.max(f32x4.add(v128.load(local), offset), least);
    const v1 = f32x4.max(f32x4.add(v128.load(local, 16), offset), least);
    const v2 = f32x4.max(f32x4.add(v128.load(local, 32), offset), least);
    const v3 = f32x4.max(f32x4.add(v128.load(local, 48), offset), least);
    const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
    storePixels(to, i64x2.shuffle(low01, low23, 0, 2), columns);
    if (channels > 1) storePixels(to + plane, i64x2.shuffle(low01, low23, 1, 3), columns);
    if (channels > 2) storePixels(to + plane * 2, i64x2.shuffle(high01, high23, 0, 2), columns);
    if (channels > 3) storePixels(to + plane * 3, i64x2.shuffle(high01, high23, 1, 3), columns);
    local += line;
    to += row;
  }
  if (activation > <u32>Activation.relu) {
    for (let channel: u32 = 0; channel < channels; channel++) {
      epilogue(y + <usize>channel * plane, row, 0, rows, columns, activation);
    }
  }
}
