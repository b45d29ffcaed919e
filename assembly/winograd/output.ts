/**
 * Winograd's output transform: Aᵀ·m·A of quads of tiles, one a lane, then bias, relu, and the pixels that lie inside of the
 * output plane go there.
 *
 * The table tells of each tile, in words: the byte offset of its rows in the transformed input, the byte offset of its first
 * pixel in the output, and how many of its rows and columns lie inside (0 for tiles past the end).
 */
import { epilogue } from '../gemm/epilogue';
import { Activation } from '../generated/commands';
import { PATCH, storeOutput, TILE } from './transform';

const OUTPUT: usize = 4;
const ROWS: usize = 8;
const COLUMNS: usize = 12;
/** Bytes of a tile's row in the table. */
const ENTRY: usize = 16;

/** The first `columns` lanes of v. */
// @ts-ignore: decorator
@inline
function storePixels(at: usize, v: v128, columns: u32): void {
  if (columns == 4) {
    v128.store(at, v);
    return;
  }
  if (columns & 2) {
    v128.store_lane<u64>(at, v, 0);
    if (columns & 1) v128.store_lane<f32>(at, v, 2, 8);
  } else {
    v128.store_lane<f32>(at, v, 0);
  }
}

/** Rows `i` of four tiles: their pixels lie in the lanes of v0 … v3. */
// @ts-ignore: decorator
@inline
function storeRow(table: usize, y: usize, i: u32, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
  if (i < load<u32>(table, ROWS)) {
    storePixels(y + load<u32>(table, OUTPUT), i64x2.shuffle(low01, low23, 0, 2), load<u32>(table, COLUMNS));
  }
  table += ENTRY;
  if (i < load<u32>(table, ROWS)) {
    storePixels(y + load<u32>(table, OUTPUT), i64x2.shuffle(low01, low23, 1, 3), load<u32>(table, COLUMNS));
  }
  table += ENTRY;
  if (i < load<u32>(table, ROWS)) {
    storePixels(y + load<u32>(table, OUTPUT), i64x2.shuffle(high01, high23, 0, 2), load<u32>(table, COLUMNS));
  }
  table += ENTRY;
  if (i < load<u32>(table, ROWS)) {
    storePixels(y + load<u32>(table, OUTPUT), i64x2.shuffle(high01, high23, 1, 3), load<u32>(table, COLUMNS));
  }
}

/**
 * One quad: products from `m` on, `step` bytes from one position to the next; `table` is the quad's part of it, `y` the output
 * plane, `row` the bytes of one of its rows.
 */
export function outputQuad(
  m: usize,
  step: usize,
  local: usize,
  table: usize,
  y: usize,
  row: usize,
  bias: f32,
  activation: u32,
): void {
  const line: usize = (<usize>PATCH) << 4;
  for (let j: usize = 0; j < PATCH; j++) storeOutput(m + j * step, step * PATCH, local + (j << 4), line);
  const offset = f32x4.splat(bias);
  const least = f32x4.splat(activation == Activation.relu ? 0 : -Infinity);
  let to = y;
  for (let i: u32 = 0; i < TILE; i++) {
    storeOutput(local, 16, local, 16);
    storeRow(
      table,
      to,
      i,
      f32x4.max(f32x4.add(v128.load(local), offset), least),
      f32x4.max(f32x4.add(v128.load(local, 16), offset), least),
      f32x4.max(f32x4.add(v128.load(local, 32), offset), least),
      f32x4.max(f32x4.add(v128.load(local, 48), offset), least),
    );
    local += line;
    to += row;
  }
  if (activation > <u32>Activation.relu) {
    for (let tile: u32 = 0; tile < 4; tile++) {
      epilogue(y + load<u32>(table, OUTPUT), row, 0, load<u32>(table, ROWS), load<u32>(table, COLUMNS), activation);
      table += ENTRY;
    }
  }
}

/** Writes the table's entry for one tile. */
// @ts-ignore: decorator
@inline
export function describeTile(table: usize, input: u32, output: u32, rows: u32, columns: u32): void {
  store<u32>(table, input);
  store<u32>(table, output, OUTPUT);
  store<u32>(table, rows, ROWS);
  store<u32>(table, columns, COLUMNS);
}
