/**
 * Winograd's input transform for a block of adjacent tiles: Bᵀ·d·B of every patch of every channel. The columns are
 * transformed for whole rows of pixels, vectors along x, into rows that are padded with zeros; then quads of tiles, one tile
 * a lane, read their six columns there.
 */
import { WinogradConvCommand } from '../generated/commands';
import { pitchOf } from './plan';
import { PATCH, storeInput, TILE } from './transform';

/** Pixels `from` … `to` − 1 of six rows of the image, through the vertical transform. There are at least four pixels before `to`. */
function transformColumns(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  p4: usize,
  p5: usize,
  dst: usize,
  pitch: usize,
  from: u32,
  to: u32,
): void {
  for (let x = from; x < to; x += 4) {
    // The last vector reaches back.
    const at = (<usize>min(x, to - 4)) << 2;
    storeInput(
      v128.load(p0 + at),
      v128.load(p1 + at),
      v128.load(p2 + at),
      v128.load(p3 + at),
      v128.load(p4 + at),
      v128.load(p5 + at),
      dst + at,
      pitch,
    );
  }
}

/** The address of row y of a plane; that of the zero row for a y outside it. */
// @ts-ignore: decorator
@inline
function rowAt(plane: usize, y: i32, h: i32, width: usize, zeros: usize): usize {
  return <u32>y < <u32>h ? plane + <usize>y * width : zeros;
}

/**
 * The vertical transform of one channel for the tiles first … first + count − 1. `x` is the channel's plane in the first image;
 * `rows` gets six rows a tile row.
 */
export function transformRows(
  c: WinogradConvCommand,
  x: usize,
  first: u32,
  count: u32,
  tilesX: u32,
  tilesY: u32,
  rows: usize,
  zeros: usize,
): void {
  const h = <i32>c.height;
  const width = (<usize>c.width) << 2;
  const pitch = (<usize>pitchOf(tilesX)) << 2;
  const image = <usize>c.inChannels * c.height * width;
  const last = first + count - 1;
  const firstRow = first / tilesX;
  const lastRow = last / tilesX;
  const padLeft = c.padLeft;
  let dst = rows + (padLeft << 2);
  for (let row = firstRow; row <= lastRow; row++) {
    const plane = x + <usize>(row / tilesY) * image;
    const y = <i32>((row % tilesY) * TILE) - <i32>c.padTop;
    const left = row == firstRow ? (first % tilesX) * TILE : 0;
    const right = row == lastRow ? (last % tilesX) * TILE + PATCH : tilesX * TILE + 2;
    transformColumns(
      rowAt(plane, y, h, width, zeros),
      rowAt(plane, y + 1, h, width, zeros),
      rowAt(plane, y + 2, h, width, zeros),
      rowAt(plane, y + 3, h, width, zeros),
      rowAt(plane, y + 4, h, width, zeros),
      rowAt(plane, y + 5, h, width, zeros),
      dst,
      pitch,
      left > padLeft ? left - padLeft : 0,
      min(max(right - min(padLeft, right), 4), c.width),
    );
    dst += pitch * PATCH;
  }
}

/**
 * The horizontal transform of one quad of tiles in one channel; s0 … s3 are the first columns of their rows. The quad goes to
 * `dst`, positions `step` bytes apart.
 */
export function transformQuad(
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  pitch: usize,
  dst: usize,
  step: usize,
): void {
  for (let i: u32 = 0; i < PATCH; i++) {
    const r0 = v128.load(s0);
    const r1 = v128.load(s1);
    const r2 = v128.load(s2);
    const r3 = v128.load(s3);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    const end01 = v128.load_lane<u64>(s1 + 16, v128.load64_zero(s0 + 16), 1);
    const end23 = v128.load_lane<u64>(s3 + 16, v128.load64_zero(s2 + 16), 1);
    storeInput(
      i64x2.shuffle(low01, low23, 0, 2),
      i64x2.shuffle(low01, low23, 1, 3),
      i64x2.shuffle(high01, high23, 0, 2),
      i64x2.shuffle(high01, high23, 1, 3),
      i32x4.shuffle(end01, end23, 0, 2, 4, 6),
      i32x4.shuffle(end01, end23, 1, 3, 5, 7),
      dst,
      step,
    );
    s0 += pitch;
    s1 += pitch;
    s2 += pitch;
    s3 += pitch;
    dst += step * PATCH;
  }
}
