/**
 * How a Winograd convolution is cut: blocks of output tiles, all of whose transformed inputs are in the thread's room, and
 * within a block some panels of output channels at a time. The room, in bytes from its start:
 *
 *   [ table: 4 words a tile ][ local: one tile ][ zero row ][ rows: 6 a tile row ]
 *   [ inputs: 36 × inChannels × tiles ][ products: panels × tiles × 36 × 8 ]
 */
import { WinogradConvCommand } from '../generated/commands';
import { THREAD_SCRATCH } from '../scratch';
import { PANEL, PATCH, POSITIONS, TILE } from './transform';

/** Tiles in the lanes of the input transform. */
export const QUAD: u32 = 4;
export const TABLE_WORDS: u32 = 4;
/** Elements of a tile of four output channels between the two passes of the output transform. */
export const LOCAL_ELEMENTS: u32 = TILE * PATCH * 4;
/** Elements between the transformed inputs of two positions, so that not all fall into one set of the cache. */
const GAP: u32 = 16;
/** The most elements of a block's products, and the fewest panels that there must be room for. */
const MOST_PRODUCTS: u32 = 32 * 1024;
const LEAST_PANELS: u32 = 2;

/** Tiles along the height and the width. */
// @ts-ignore: decorator
@inline
export function tilesAlong(size: u32): u32 {
  return (size + TILE - 1) / TILE;
}

/** Elements of a row of a padded plane. */
// @ts-ignore: decorator
@inline
export function pitchOf(tilesX: u32): u32 {
  return tilesX * TILE + 4;
}

/** Elements of the zero row, which is read in whole vectors. */
// @ts-ignore: decorator
@inline
export function zeroRow(w: u32): u32 {
  return (w + 3) & ~3;
}

/** Tile rows that this many adjacent tiles can touch. */
// @ts-ignore: decorator
@inline
function touchedRows(tiles: u32, tilesX: u32): u32 {
  return (tiles + tilesX - 2) / tilesX + 1;
}

/** Elements of the rows part of the room. */
// @ts-ignore: decorator
@inline
export function rowsElements(tiles: u32, tilesX: u32): u32 {
  return touchedRows(tiles, tilesX) * PATCH * pitchOf(tilesX);
}

/** Elements between the transformed inputs of two positions. */
// @ts-ignore: decorator
@inline
export function positionStep(tiles: u32, channels: u32): u32 {
  return tiles * channels + GAP;
}

/** Elements of the room in front of the products. */
// @ts-ignore: decorator
@inline
export function frontElements(c: WinogradConvCommand, channels: u32, tiles: u32, tilesX: u32): u32 {
  return (
    tiles * TABLE_WORDS +
    LOCAL_ELEMENTS +
    zeroRow(c.width) +
    rowsElements(tiles, tilesX) +
    positionStep(tiles, channels) * POSITIONS
  );
}

/** Tiles of a block of `channels` input channels, for `count` tiles in all: as many as the room holds, in equal blocks of whole quads. */
export function blockTiles(c: WinogradConvCommand, channels: u32, count: u32, tilesX: u32): u32 {
  let tiles = QUAD;
  while (tiles < count) {
    const next = tiles + QUAD;
    if (frontElements(c, channels, next, tilesX) + next * POSITIONS * PANEL * LEAST_PANELS > THREAD_SCRATCH) break;
    tiles = next;
  }
  const blocks = (count + tiles - 1) / tiles;
  const even = (count + blocks - 1) / blocks;
  return (even + QUAD - 1) & -QUAD;
}

/** Panels of output channels at a time. */
export function blockPanels(c: WinogradConvCommand, tiles: u32, tilesX: u32): u32 {
  const left = min(THREAD_SCRATCH - frontElements(c, c.inChannels, tiles, tilesX), MOST_PRODUCTS);
  return max(left / (tiles * POSITIONS * PANEL), 1);
}
