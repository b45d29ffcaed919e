/**
 * Reduces the rows of a matrix to one row: vectors lie along the row, eight rows are combined at a time as a tree, so that
 * memory is read in order and the result row stays in the first-level cache. Long columns are cut into chunks of rows, about as
 * many chunks as rows in a chunk: the rounding error grows with the square root of the length. The order depends only on
 * the number of rows. Strides in bytes; y does not overlap x; no alignment is needed.
 */
import { loadLanes, storeLanes } from './lanes';
import { combine, combine8, identity } from './ops';

/** Columns that are reduced together: their results fit in half of the smallest first-level cache. */
const TILE: u32 = 2048;
/** Rows of the smallest chunk. */
const MIN_CHUNK: u32 = 128;

// @ts-ignore: decorator
@inline
function eight<Op, W>(p: usize, stride: usize): v128 {
  const q = p + (stride << 2);
  return combine8<Op>(
    loadLanes<W>(p),
    loadLanes<W>(p + stride),
    loadLanes<W>(p + (stride << 1)),
    loadLanes<W>(p + stride * 3),
    loadLanes<W>(q),
    loadLanes<W>(q + stride),
    loadLanes<W>(q + (stride << 1)),
    loadLanes<W>(q + stride * 3),
  );
}

// @ts-ignore: decorator
@inline
function fewer<Op, W>(p: usize, stride: usize, rows: u32): v128 {
  let v = loadLanes<W>(p);
  for (let r: u32 = 1; r < rows; r++) {
    p += stride;
    v = combine<Op>(v, loadLanes<W>(p));
  }
  return v;
}

// @ts-ignore: decorator
@inline
function put<Op, W>(y: usize, v: v128, first: bool): void {
  storeLanes<W>(y, first ? v : combine<Op>(loadLanes<W>(y), v));
}

/** y = the `rows` ≥ 1 rows at x combined, `bytes` of each. */
function reduceRows<Op>(x: usize, rows: u32, stride: usize, y: usize, bytes: usize): void {
  const whole = bytes & ~15;
  let first = true;
  for (; rows >= 8; rows -= 8) {
    let i: usize = 0;
    for (; i < whole; i += 16) put<Op, v128>(y + i, eight<Op, v128>(x + i, stride), first);
    for (; i < bytes; i += 4) put<Op, f32>(y + i, eight<Op, f32>(x + i, stride), first);
    x += stride << 3;
    first = false;
  }
  if (rows == 0) return;
  let i: usize = 0;
  for (; i < whole; i += 16) put<Op, v128>(y + i, fewer<Op, v128>(x + i, stride, rows), first);
  for (; i < bytes; i += 4) put<Op, f32>(y + i, fewer<Op, f32>(x + i, stride, rows), first);
}

/** y = the rows of one tile combined; `partial` has room for a row of the tile. */
function reduceTile<Op>(x: usize, rows: u32, stride: usize, y: usize, bytes: usize, partial: usize): void {
  let chunk = MIN_CHUNK;
  while (<u64>chunk * chunk < rows) chunk <<= 1;
  const head = min(chunk, rows);
  reduceRows<Op>(x, head, stride, y, bytes);
  for (let r = head; r < rows; r += chunk) {
    reduceRows<Op>(x + <usize>r * stride, min(chunk, rows - r), stride, partial, bytes);
    const whole = bytes & ~15;
    let i: usize = 0;
    for (; i < whole; i += 16) v128.store(y + i, combine<Op>(v128.load(y + i), v128.load(partial + i)));
    for (; i < bytes; i += 4) put<Op, f32>(y + i, loadLanes<f32>(partial + i), false);
  }
}

/** y[c] = the `rows` elements x[r, c] combined, for `columns` columns; `partial` has room for 2048 elements. */
export function reduceColumns<Op>(x: usize, rows: u32, stride: usize, y: usize, columns: u32, partial: usize): void {
  for (let c: u32 = 0; c < columns; c += TILE) {
    const at = <usize>c << 2;
    const bytes = <usize>min(TILE, columns - c) << 2;
    if (rows > 0) reduceTile<Op>(x + at, rows, stride, y + at, bytes, partial);
    else for (let i: usize = 0; i < bytes; i += 4) storeLanes<f32>(y + at + i, identity<Op>());
  }
}
