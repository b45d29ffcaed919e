/**
 * The copy that swaps two dimensions, in tiles of 4×4 elements: y[r·yRow + j] = x[j·xColumn + r]. Work is cut into stripes of
 * 8 values of r, and those into blocks of 16 values of j: a block's lines of x and y stay in the first-level cache even where
 * a power of two between them puts all into the same set (8 was measured against 16, and 16 against 8 and whole rows).
 * Contract: no overlap of x and y, addresses at any multiple of 4 bytes. Elements of any type: their bits are copied.
 */

export const STRIPE: u32 = 8;
const BLOCK: u32 = 16;

/** Element by element: r in [from, to), j in [jFrom, n). */
function edge(x: usize, y: usize, from: u32, to: u32, jFrom: u32, n: u32, xColumn: isize, yRow: isize): void {
  for (let r = from; r < to; r++) {
    for (let j = jFrom; j < n; j++) {
      store<u32>(y + (<isize>r * yRow + (<isize>j << 2)), load<u32>(x + (<isize>j * xColumn + (<isize>r << 2))));
    }
  }
}

/** One tile. Strides in bytes. */
// @ts-ignore: decorator
@inline
function tile(x: usize, y: usize, xColumn: isize, yRow: isize): void {
  const a = v128.load(x);
  const b = v128.load(x + xColumn);
  const c = v128.load(x + 2 * xColumn);
  const d = v128.load(x + 3 * xColumn);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(y + yRow, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(y + 2 * yRow, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  v128.store(y + 3 * yRow, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

/** r in [from, to), all n of j. Strides in elements. */
export function transposeStripe(x: usize, y: usize, from: u32, to: u32, n: u32, xColumn: i32, yRow: i32): void {
  const xStep = <isize>xColumn << 2;
  const yStep = <isize>yRow << 2;
  const tiles = from + ((to - from) & ~3);
  const columns = n & ~3;
  for (let block: u32 = 0; block < columns; block += BLOCK) {
    const blockEnd = min(block + BLOCK, columns);
    for (let r = from; r < tiles; r += 4) {
      let px = x + (<isize>block * xStep + (<isize>r << 2));
      let py = y + (<isize>r * yStep + (<isize>block << 2));
      for (let j = block; j < blockEnd; j += 4) {
        tile(px, py, xStep, yStep);
        px += 4 * xStep;
        py += 16;
      }
    }
  }
  if (columns < n) edge(x, y, from, tiles, columns, n, xStep, yStep);
  if (tiles < to) edge(x, y, tiles, to, 0, n, xStep, yStep);
}
