/**
 * Convolution 3×3 with stride 1 by Winograd's F(4×4, 3×3). Output tiles of all images are counted through; a block of them is
 * transformed for all input channels, multiplied with the filters, one GEMM a position, and transformed back, some output
 * channels at a time. All of a block stays in the second-level cache.
 *
 * Threads take ranges of strips, or of output channels where there are few strips; an element's bits depend on neither.
 */
import { WinogradConvCommand } from '../generated/commands';
import { microKernel, tileRows } from '../generated/tiles';
import { firstBlockOf } from '../reduce/share';
import { packedBAddress } from '../scratch';
import { transformQuad, transformRows } from './input';
import { describeTile, outputQuad } from './output';
import {
  blockRows,
  blockTiles,
  LOCAL_ELEMENTS,
  pitchOf,
  positionStep,
  rowsElements,
  STRIP,
  TABLE_WORDS,
  tilesAlong,
  zeroRow,
} from './plan';
import { PATCH, POSITIONS, TILE } from './transform';

const QUAD: u32 = 4;
const ENTRY: usize = TABLE_WORDS << 2;
/** Strips a thread from which on threads share strips, not output channels. */
const STRIPS_EACH: u32 = 4;

/** Columns of the strip that starts at `tile`, of `count` tiles. */
// @ts-ignore: decorator
@inline
function stripWidth(tile: u32, count: u32): u32 {
  return count - tile > QUAD ? STRIP : QUAD;
}

/** The table of a block: `count` tiles from `first` on, and what fills its last strip. */
function describeBlock(c: WinogradConvCommand, table: usize, first: u32, count: u32, tilesX: u32, tilesY: u32): void {
  const filled = (count + QUAD - 1) & -QUAD;
  const rowBytes = (pitchOf(tilesX) * PATCH) << 2;
  const plane = c.outH * c.outW;
  const firstRow = first / tilesX;
  for (let i: u32 = 0; i < filled; i++) {
    if (i < count) {
      const row = (first + i) / tilesX;
      const tx = (first + i) % tilesX;
      const y = (row % tilesY) * TILE;
      const output = (row / tilesY) * c.outC * plane + y * c.outW + tx * TILE;
      const columns = min(c.outW - tx * TILE, TILE);
      describeTile(table, (row - firstRow) * rowBytes + tx * (TILE << 2), output << 2, min(c.outH - y, TILE), columns);
    } else {
      describeTile(table, load<u32>(table - ENTRY), 0, 0, 0);
    }
    table += ENTRY;
  }
}

/** The transformed inputs of a block. */
function transformInputs(
  c: WinogradConvCommand,
  first: u32,
  count: u32,
  tilesX: u32,
  tilesY: u32,
  table: usize,
  zeros: usize,
  rows: usize,
  inputs: usize,
  step: usize,
): void {
  const channels = c.inC;
  const plane = (<usize>c.h * c.w) << 2;
  const pitch = (<usize>pitchOf(tilesX)) << 2;
  let x = (<usize>c.x) << 2;
  for (let channel: u32 = 0; channel < channels; channel++) {
    transformRows(c, x, first, count, tilesX, tilesY, rows, zeros);
    for (let tile: u32 = 0; tile < count; tile += QUAD) {
      const strip = tile & -STRIP;
      const width = stripWidth(strip, count);
      const dst = inputs + ((<usize>strip * channels + channel * width + (tile - strip)) << 2);
      const entry = table + <usize>tile * ENTRY;
      transformQuad(
        rows + load<u32>(entry),
        rows + load<u32>(entry, ENTRY),
        rows + load<u32>(entry, ENTRY * 2),
        rows + load<u32>(entry, ENTRY * 3),
        pitch,
        dst,
        step,
      );
    }
    x += plane;
  }
}

/**
 * Products of output channels o … o + rows − 1 with a block: one [rows × inC]·[inC × tiles] a position. The products of a
 * strip lie together, then those of an output channel, then those of a position.
 */
function multiply(
  c: WinogradConvCommand,
  o: u32,
  rows: u32,
  count: u32,
  inputs: usize,
  step: usize,
  products: usize,
  mr: u32,
): void {
  const channels = c.inC;
  const aRow = (<usize>channels) << 2;
  const position = aRow * c.outC;
  const tiles = (rows + mr - 1) / mr;
  const rowsEach = rows / tiles;
  const higher = rows % tiles;
  let filters = ((<usize>c.u) << 2) + <usize>o * aRow;
  for (let p: u32 = 0; p < POSITIONS; p++) {
    let a = filters;
    let row: u32 = 0;
    for (let t: u32 = 0; t < tiles; t++) {
      const high = rowsEach + u32(t < higher);
      for (let strip: u32 = 0; strip < count; strip += STRIP) {
        const width = stripWidth(strip, count);
        const cRow = (<usize>POSITIONS * width) << 2;
        const to = products + ((<usize>strip * rows * POSITIONS) << 2) + <usize>row * cRow + ((<usize>p * width) << 2);
        const b = inputs + ((<usize>strip * channels) << 2);
        microKernel(high, u32(width == QUAD), channels, a, aRow, 4, b, width << 2, to, cRow, 0);
      }
      a += <usize>high * aRow;
      row += high;
    }
    inputs += step;
    filters += position;
  }
}

/** The output transform of the same. */
function transformOutputs(
  c: WinogradConvCommand,
  o: u32,
  rows: u32,
  count: u32,
  products: usize,
  table: usize,
  local: usize,
): void {
  const row = (<usize>c.outW) << 2;
  const plane = row * c.outH;
  for (let strip: u32 = 0; strip < count; strip += STRIP) {
    const width = stripWidth(strip, count);
    const step = (<usize>width) << 2;
    let m = products + ((<usize>strip * rows * POSITIONS) << 2);
    for (let r: u32 = 0; r < rows; r++) {
      const y = ((<usize>c.y) << 2) + <usize>(o + r) * plane;
      const bias: f32 = c.bias == 0 ? 0 : load<f32>((<usize>(c.bias + o + r)) << 2);
      for (let tile: u32 = 0; tile < width; tile += QUAD) {
        if (strip + tile >= count) break;
        outputQuad(m + (tile << 2), step, local, table + <usize>(strip + tile) * ENTRY, y, row, bias, c.activation);
      }
      m += step * POSITIONS;
    }
  }
}

/** The tiles first … end − 1 for the output channels from … to − 1. */
function convolve(c: WinogradConvCommand, first: u32, end: u32, from: u32, to: u32, room: usize): void {
  const tilesX = tilesAlong(c.outW);
  const tilesY = tilesAlong(c.outH);
  const tiles = blockTiles(c, end - first, tilesX);
  const mr = tileRows(c.tile);
  const rows = blockRows(c, tiles, tilesX, mr);
  const local = room + ((<usize>tiles * TABLE_WORDS) << 2);
  const zeros = local + (LOCAL_ELEMENTS << 2);
  const padded = zeros + ((<usize>zeroRow(c.w)) << 2);
  const inputs = padded + ((<usize>rowsElements(tiles, tilesX)) << 2);
  const step = (<usize>positionStep(tiles, c.inC)) << 2;
  const products = inputs + step * POSITIONS;
  // The zero row and the margins of the padded rows.
  memory.fill(zeros, 0, inputs - zeros);
  for (; first < end; first += tiles) {
    const count = min(end - first, tiles);
    describeBlock(c, room, first, count, tilesX, tilesY);
    transformInputs(c, first, count, tilesX, tilesY, room, zeros, padded, inputs, step);
    for (let o = from; o < to; o += rows) {
      const these = min(to - o, rows);
      multiply(c, o, these, count, inputs, step, products, mr);
      transformOutputs(c, o, these, count, products, room, local);
    }
  }
}

export function winogradConvKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<WinogradConvCommand>(cmd);
  const tiles = c.batch * tilesAlong(c.outH) * tilesAlong(c.outW);
  const room = packedBAddress(c.scratch, thread);
  if (tiles >= threads * STRIPS_EACH * STRIP) {
    const first = firstBlockOf(tiles, STRIP, thread, threads);
    convolve(c, first, firstBlockOf(tiles, STRIP, thread + 1, threads), 0, c.outC, room);
  } else if (tiles > 0) {
    const from = firstBlockOf(c.outC, STRIP, thread, threads);
    const to = firstBlockOf(c.outC, STRIP, thread + 1, threads);
    if (from < to) convolve(c, 0, tiles, from, to, room);
  }
}
