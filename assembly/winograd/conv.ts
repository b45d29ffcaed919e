/**
 * Convolution 3×3 with stride 1 by Winograd's F(4×4, 3×3). Output tiles are numbered through all images. A block of them is
 * transformed for all input channels, multiplied with the filters (one GEMM [tiles × inChannels]·[inChannels × outChannels] for
 * each position), and transformed back, some output channels at a time. A whole block stays in the second-level cache; the
 * filters stream through.
 *
 * Threads take ranges of tiles, or of output channels where there are few tiles; an element's bits depend on neither.
 */
import { WinogradConvCommand } from '../generated/commands';
import { microKernel, tileRows } from '../generated/tiles';
import { firstBlockOf, firstOf } from '../reduce/share';
import { packedBAddress } from '../scratch';
import { COLUMNS, describeTiles, ENTRY, PIXEL, ROWS, transformInputs } from './block';
import { outputTile } from './output';
import {
  blockPanels,
  blockTiles,
  LOCAL_ELEMENTS,
  positionStep,
  QUAD,
  rowsElements,
  TABLE_WORDS,
  tilesAlong,
  zeroRow,
} from './plan';
import { PANEL, POSITIONS } from './transform';

/** Half a panel: lanes of the output transform. */
const LANES: u32 = 4;
/** From this many tiles for each thread on, threads share tiles, not output channels. */
const TILES_EACH: u32 = 32;

/** Products of a block with `panels` panels of output channels from `panel` on: [panels][tiles][36][8]. */
function multiply(
  c: WinogradConvCommand,
  panel: u32,
  panels: u32,
  count: u32,
  tiles: u32,
  inputs: usize,
  step: usize,
  products: usize,
  mr: u32,
): void {
  const channels = c.inChannels;
  const panelBytes = (<usize>PANEL * channels) << 2;
  const position = panelBytes * ((c.outChannels + PANEL - 1) / PANEL);
  const cRow: usize = (POSITIONS * PANEL) << 2;
  const column = (<usize>tiles) << 2;
  const calls = (count + mr - 1) / mr;
  const rowsEach = count / calls;
  const higher = count % calls;
  let filters = ((<usize>c.u) << 2) + <usize>panel * panelBytes;
  for (let p: u32 = 0; p < POSITIONS; p++) {
    let b = filters;
    let to = products;
    for (let k: u32 = 0; k < panels; k++) {
      const half = u32(c.outChannels - (panel + k) * PANEL <= LANES);
      let a = inputs;
      let row = to;
      for (let t: u32 = 0; t < calls; t++) {
        const rows = rowsEach + u32(t < higher);
        microKernel(rows, half, channels, a, 4, column, b, PANEL << 2, row, cRow, 0);
        a += rows << 2;
        row += <usize>rows * cRow;
      }
      b += panelBytes;
      to += <usize>tiles * cRow;
    }
    inputs += step;
    filters += position;
    products += PANEL << 2;
  }
}

/** The output transform of these products. */
function transformOutputs(
  c: WinogradConvCommand,
  panel: u32,
  panels: u32,
  count: u32,
  tiles: u32,
  products: usize,
  table: usize,
  local: usize,
): void {
  const row = (<usize>c.outWidth) << 2;
  const plane = row * c.outHeight;
  const tileBytes: usize = (POSITIONS * PANEL) << 2;
  const end = min(c.outChannels, (panel + panels) * PANEL);
  for (let o = panel * PANEL; o < end; o += LANES) {
    const y = ((<usize>c.y) << 2) + <usize>o * plane;
    const bias: usize = c.bias == 0 ? 0 : (<usize>(c.bias + o)) << 2;
    let m = products + ((o & LANES) << 2) + <usize>(o / PANEL - panel) * tiles * tileBytes;
    let entry = table;
    for (let tile: u32 = 0; tile < count; tile++) {
      const pixel = y + load<u32>(entry, PIXEL);
      const rows = load<u32>(entry, ROWS);
      const columns = load<u32>(entry, COLUMNS);
      const channels = min(end - o, LANES);
      outputTile(m, PANEL << 2, local, pixel, plane, row, rows, columns, channels, bias, c.activation);
      m += tileBytes;
      entry += ENTRY;
    }
  }
}

/** The tiles first … end − 1 for the panels from … to − 1. */
function convolve(c: WinogradConvCommand, first: u32, end: u32, from: u32, to: u32, room: usize): void {
  const tilesX = tilesAlong(c.outWidth);
  const tilesY = tilesAlong(c.outHeight);
  const tiles = blockTiles(c, c.inChannels, end - first, tilesX);
  const mr = tileRows(c.tile);
  const panels = blockPanels(c, tiles, tilesX);
  const local = room + ((<usize>tiles * TABLE_WORDS) << 2);
  const zeros = local + (LOCAL_ELEMENTS << 2);
  const padded = zeros + ((<usize>zeroRow(c.width)) << 2);
  const inputs = padded + ((<usize>rowsElements(tiles, tilesX)) << 2);
  const step = (<usize>positionStep(tiles, c.inChannels)) << 2;
  const products = inputs + step * POSITIONS;
  // The zero row and the margins of the padded rows.
  memory.fill(zeros, 0, inputs - zeros);
  for (; first < end; first += tiles) {
    const count = min(end - first, tiles);
    describeTiles(c, room, first, count, tilesX, tilesY);
    transformInputs(c, 0, c.inChannels, first, count, tiles, tilesX, tilesY, room, zeros, padded, inputs, step);
    for (let panel = from; panel < to; panel += panels) {
      const these = min(to - panel, panels);
      multiply(c, panel, these, count, tiles, inputs, step, products, mr);
      transformOutputs(c, panel, these, count, tiles, products, room, local);
    }
  }
}

export function winogradConvKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<WinogradConvCommand>(cmd);
  const tiles = c.batch * tilesAlong(c.outHeight) * tilesAlong(c.outWidth);
  const panels = (c.outChannels + PANEL - 1) / PANEL;
  const room = packedBAddress(c.scratch, thread);
  let first: u32 = 0;
  let end = tiles;
  let from: u32 = 0;
  let to = panels;
  if (tiles >= threads * TILES_EACH) {
    first = firstBlockOf(tiles, QUAD, thread, threads);
    end = firstBlockOf(tiles, QUAD, thread + 1, threads);
  } else {
    from = firstOf(panels, thread, threads);
    to = firstOf(panels, thread + 1, threads);
  }
  if (first < end && from < to) convolve(c, first, end, from, to, room);
}
