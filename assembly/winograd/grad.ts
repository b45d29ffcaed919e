/**
 * The gradient of a Winograd convolution with respect to its transformed filters: Σ over all tiles of (Bᵀ·d·B) ⊙ (A·g·Aᵀ), for
 * every pair of channels. Blocks of tiles and of input channels are transformed as in the convolution; then, panel by panel of
 * output channels, the gradient is transformed, and one GEMM for each position adds [inChannels × tiles]·[tiles × 8] to the
 * result.
 *
 * Threads take ranges of panels; the sums are the same for any number of threads.
 */
import { WinogradConvCommand, WinogradGradCommand } from '../generated/commands';
import { microKernel, tileRows } from '../generated/tiles';
import { firstOf } from '../reduce/share';
import { packedBAddress } from '../scratch';
import { COLUMNS, describeTiles, ENTRY, PIXEL, ROWS, transformInputs } from './block';
import { blockTiles, LOCAL_ELEMENTS, positionStep, rowsElements, TABLE_WORDS, tilesAlong, zeroRow } from './plan';
import { PANEL, PATCH, POSITIONS, storeOutputGrad, TILE } from './transform';

const LANES: u32 = 4;
/** The most input channels of a block: few enough for many tiles, which are the depth of the GEMMs. */
const MOST_CHANNELS: u32 = 64;

/** The first `columns` pixels of a row, then zeros. */
// @ts-ignore: decorator
@inline
function loadPixels(at: usize, columns: u32): v128 {
  if (columns == TILE) return v128.load(at);
  if (columns == 1) return v128.load32_zero(at);
  const two = v128.load64_zero(at);
  return columns == 2 ? two : v128.load_lane<f32>(at, two, 2, 8);
}

/**
 * One tile of `channels` ≤ 4 planes, one a lane, with `rows` and `columns` of it inside: to `dst`, positions `step` bytes apart.
 */
function transformTile(
  pixel: usize,
  plane: usize,
  row: usize,
  rows: u32,
  columns: u32,
  channels: u32,
  local: usize,
  dst: usize,
  step: usize,
): void {
  const line: usize = (<usize>PATCH) << 4;
  const zero = f32x4.splat(0);
  for (let i: u32 = 0; i < rows; i++) {
    const r0 = loadPixels(pixel, columns);
    const r1 = channels > 1 ? loadPixels(pixel + plane, columns) : zero;
    const r2 = channels > 2 ? loadPixels(pixel + plane * 2, columns) : zero;
    const r3 = channels > 3 ? loadPixels(pixel + plane * 3, columns) : zero;
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    storeOutputGrad(
      i64x2.shuffle(low01, low23, 0, 2),
      i64x2.shuffle(low01, low23, 1, 3),
      i64x2.shuffle(high01, high23, 0, 2),
      i64x2.shuffle(high01, high23, 1, 3),
      local + <usize>i * line,
      16,
    );
    pixel += row;
  }
  memory.fill(local + <usize>rows * line, 0, <usize>(TILE - rows) * line);
  for (let j: u32 = 0; j < PATCH; j++) {
    storeOutputGrad(
      v128.load(local),
      v128.load(local + line),
      v128.load(local + line * 2),
      v128.load(local + line * 3),
      dst,
      step * PATCH,
    );
    local += 16;
    dst += step;
  }
}

/** The transformed gradients of one panel, [36][tiles][8]. */
function transformPanel(
  c: WinogradGradCommand,
  panel: u32,
  count: u32,
  table: usize,
  local: usize,
  dst: usize,
  step: usize,
): void {
  const row = (<usize>c.outWidth) << 2;
  const plane = row * c.outHeight;
  const end = min(c.outChannels, (panel + 1) * PANEL);
  for (let o = panel * PANEL; o < end; o += LANES) {
    const g = ((<usize>c.g) << 2) + <usize>o * plane;
    let entry = table;
    let to = dst;
    for (let tile: u32 = 0; tile < count; tile++) {
      const pixel = g + load<u32>(entry, PIXEL);
      transformTile(pixel, plane, row, load<u32>(entry, ROWS), load<u32>(entry, COLUMNS), min(end - o, LANES), local, to, step);
      entry += ENTRY;
      to += PANEL << 2;
    }
    dst += LANES << 2;
  }
}

/** Adds the products of a block with one panel to u, or sets u to them if keep is 0. `u` is the block's first element of the panel. */
function multiply(
  c: WinogradGradCommand,
  panel: u32,
  channels: u32,
  count: u32,
  tiles: u32,
  inputs: usize,
  step: usize,
  gradients: usize,
  gradStep: usize,
  u: usize,
  keep: i32,
  mr: u32,
): void {
  const line: usize = PANEL << 2;
  const position = line * c.inChannels * ((c.outChannels + PANEL - 1) / PANEL);
  const half = u32(c.outChannels - panel * PANEL <= LANES);
  const aRow = (<usize>tiles) << 2;
  const calls = (channels + mr - 1) / mr;
  const rowsEach = channels / calls;
  const higher = channels % calls;
  for (let p: u32 = 0; p < POSITIONS; p++) {
    let a = inputs;
    let to = u;
    for (let t: u32 = 0; t < calls; t++) {
      const rows = rowsEach + u32(t < higher);
      microKernel(rows, half, count, a, aRow, 4, gradients, line, to, line, keep);
      a += <usize>rows * aRow;
      to += <usize>rows * line;
    }
    inputs += step;
    gradients += gradStep;
    u += position;
  }
}

export function winogradGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<WinogradGradCommand>(cmd);
  // Both commands have the sizes in the same place.
  const forward = changetype<WinogradConvCommand>(cmd);
  const tilesX = tilesAlong(c.outWidth);
  const tilesY = tilesAlong(c.outHeight);
  const total = c.batch * tilesX * tilesY;
  const allPanels = (c.outChannels + PANEL - 1) / PANEL;
  const from = firstOf(allPanels, thread, threads);
  const to = firstOf(allPanels, thread + 1, threads);
  if (from == to) return;
  const most = min(c.inChannels, MOST_CHANNELS);
  const tiles = blockTiles(forward, most, total, tilesX);
  const room = packedBAddress(c.scratch, thread);
  const local = room + ((<usize>tiles * TABLE_WORDS) << 2);
  const zeros = local + (LOCAL_ELEMENTS << 2);
  const padded = zeros + ((<usize>zeroRow(c.width)) << 2);
  const inputs = padded + ((<usize>rowsElements(tiles, tilesX)) << 2);
  const step = (<usize>positionStep(tiles, most)) << 2;
  const gradients = inputs + step * POSITIONS;
  const gradStep = (<usize>positionStep(tiles, PANEL)) << 2;
  const mr = tileRows(c.tile);
  const panelBytes = (<usize>PANEL * c.inChannels) << 2;
  memory.fill(zeros, 0, inputs - zeros);
  for (let channel: u32 = 0; channel < c.inChannels; channel += most) {
    const channels = min(c.inChannels - channel, most);
    for (let first: u32 = 0; first < total; first += tiles) {
      const count = min(total - first, tiles);
      describeTiles(forward, room, first, count, tilesX, tilesY);
      transformInputs(forward, channel, channels, first, count, tiles, tilesX, tilesY, room, zeros, padded, inputs, step);
      for (let panel = from; panel < to; panel++) {
        transformPanel(c, panel, count, room, local, gradients, gradStep);
        const u = ((<usize>c.u) << 2) + <usize>panel * panelBytes + ((<usize>channel * PANEL) << 2);
        multiply(c, panel, channels, count, tiles, inputs, step, gradients, gradStep, u, -i32(first > 0), mr);
      }
    }
  }
}
