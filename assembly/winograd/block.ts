/** What the loops over blocks of tiles share: the table that describes a block's tiles, and the transformed inputs of a block. */
import { WinogradConvCommand } from '../generated/commands';
import { transformQuad, transformRows } from './input';
import { pitchOf, QUAD, TABLE_WORDS } from './plan';
import { PATCH, TILE } from './transform';

/** The table has an entry for each tile: byte offsets of its first row in the padded rows and of its first pixel in y, its rows and columns. */
export const ENTRY: usize = TABLE_WORDS << 2;
export const PIXEL: usize = 4;
export const ROWS: usize = 8;
export const COLUMNS: usize = 12;
/** The table of `count` tiles from `first` on; copies of the last tile fill the last quad. */
export function describeTiles(c: WinogradConvCommand, table: usize, first: u32, count: u32, tilesX: u32, tilesY: u32): void {
  const filled = (count + QUAD - 1) & -QUAD;
  const rowBytes = (pitchOf(tilesX) * PATCH) << 2;
  const plane = c.outHeight * c.outWidth;
  const firstRow = first / tilesX;
  for (let i: u32 = 0; i < filled; i++) {
    const tile = first + min(i, count - 1);
    const row = tile / tilesX;
    const x = (tile % tilesX) * TILE;
    const y = (row % tilesY) * TILE;
    store<u32>(table, (row - firstRow) * rowBytes + (x << 2));
    store<u32>(table, ((row / tilesY) * c.outChannels * plane + y * c.outWidth + x) << 2, PIXEL);
    store<u32>(table, min(c.outHeight - y, TILE), ROWS);
    store<u32>(table, min(c.outWidth - x, TILE), COLUMNS);
    table += ENTRY;
  }
}

/** The transformed inputs of `channels` channels from `from` on, [36][channels][tiles]. */
export function transformInputs(
  c: WinogradConvCommand,
  from: u32,
  channels: u32,
  first: u32,
  count: u32,
  tiles: u32,
  tilesX: u32,
  tilesY: u32,
  table: usize,
  zeros: usize,
  rows: usize,
  inputs: usize,
  step: usize,
): void {
  const plane = (<usize>c.height * c.width) << 2;
  const pitch = (<usize>pitchOf(tilesX)) << 2;
  let x = ((<usize>c.x) << 2) + <usize>from * plane;
  for (let channel: u32 = 0; channel < channels; channel++) {
    transformRows(c, x, first, count, tilesX, tilesY, rows, zeros);
    let entry = table;
    for (let tile: u32 = 0; tile < count; tile += QUAD) {
      transformQuad(
        rows + load<u32>(entry),
        rows + load<u32>(entry, ENTRY),
        rows + load<u32>(entry, ENTRY * 2),
        rows + load<u32>(entry, ENTRY * 3),
        pitch,
        inputs + ((<usize>tile) << 2),
        step,
      );
      entry += ENTRY * QUAD;
    }
    x += plane;
    inputs += (<usize>tiles) << 2;
  }
}
