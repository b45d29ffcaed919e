/**
 * GEMM's loops, in the form of BLIS: blocks of NC columns, KC depths and MC rows, whose operands are packed where that
 * pays (plan.ts) and read in place where it does not; within a block, strips of 8 columns, and within a strip, tiles of
 * up to mr rows, each computed by one micro-kernel call.
 *
 * Addresses and strides are in bytes. `m` and `n` are the size of the caller's share of C; `a`, `b`, `c` and `bias` point to its
 * first elements. A share starts at a multiple of 8 columns, so that a strip read in place may reach back to columns on its left.
 */
import { GemmCommand } from '../generated/commands';
import { microKernel, tileRows } from '../generated/tiles';
import { EDGE_TILE_OFFSET, KC, MC, NC, PACKED_A_OFFSET } from '../scratch';
import { epilogue, scaleBlock } from './epilogue';
import { packPanel } from './pack';
import { packsA, packsB } from './plan';

const NR: u32 = 8;
const HALF_NR: u32 = 4;

/** Rows of the tile `index`, when `rows` are divided evenly among `tiles`. */
// @ts-ignore: decorator
@inline
export function evenShare(rows: u32, tiles: u32, index: u32): u32 {
  return rows / tiles + u32(index < rows % tiles);
}

/** Columns of the packed strip that starts `left` columns before the end. */
// @ts-ignore: decorator
@inline
export function stripColumns(left: u32): u32 {
  return left > HALF_NR ? NR : HALF_NR;
}

/** Strips of 8 columns; the last one has 4 or 8, with zeros on the right. */
export function packBlockB(dst: usize, b: usize, bRow: usize, bCol: usize, n: u32, k: u32): void {
  for (let j: u32 = 0; j < n; j += NR) {
    const left = n - j;
    packPanel(dst + ((j * k) << 2), b + <usize>j * bCol, bCol, bRow, min(left, NR), stripColumns(left), k);
  }
}

/** Strips as high as the tiles that will read them. */
function packBlockA(dst: usize, a: usize, aRow: usize, aCol: usize, m: u32, k: u32, mr: u32): void {
  const tiles = (m + mr - 1) / mr;
  let i: u32 = 0;
  for (let t: u32 = 0; t < tiles; t++) {
    const rows = evenShare(m, tiles, t);
    packPanel(dst + ((i * k) << 2), a + <usize>i * aRow, aRow, aCol, rows, rows, k);
    i += rows;
  }
}

/** Copies `rows` × `columns` elements. */
function copyTile(dst: usize, dstRow: usize, src: usize, srcRow: usize, rows: u32, columns: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: usize = 0; j < (<usize>columns) << 2; j += 4) store<f32>(dst + j, load<f32>(src + j));
    dst += dstRow;
    src += srcRow;
  }
}

/**
 * C += A·B, or C = A·B if keep is 0, for one block by strips and tiles. aPacked, bPacked: the operand is in panels of
 * depth k, as packed above. `edge` has room for one tile.
 */
export function macroKernel(
  m: u32,
  n: u32,
  k: u32,
  a: usize,
  aRow: usize,
  aCol: usize,
  aPacked: bool,
  b: usize,
  bRow: usize,
  bPacked: bool,
  c: usize,
  cRow: usize,
  keep: i32,
  mr: u32,
  edge: usize,
): void {
  const tiles = (m + mr - 1) / mr;
  const rowsEach = m / tiles;
  const higher = m % tiles;
  const depthBytes: usize = (<usize>k) << 2;
  const aStep: usize = aPacked ? depthBytes : aRow;
  const bStep: usize = bPacked ? depthBytes : 4;
  if (aPacked) aRow = 4;
  for (let j: u32 = 0; j < n; j += NR) {
    const columns = min(n - j, NR);
    const width = stripColumns(columns);
    const half = u32(width == HALF_NR);
    if (bPacked) bRow = width << 2;
    // In place, a strip too narrow for its kernel starts further left: the columns computed there are dropped.
    const skip = bPacked ? 0 : width - columns;
    const strip = b + <usize>j * bStep - ((<usize>skip) << 2);
    let tileA = a;
    let tileC = c + ((<usize>j) << 2);
    for (let t: u32 = 0; t < tiles; t++) {
      const rows = rowsEach + u32(t < higher);
      if (aPacked) aCol = rows << 2;
      if (columns == width) {
        microKernel(rows, half, k, tileA, aRow, aCol, strip, bRow, tileC, cRow, keep);
      } else {
        const wanted = edge + ((<usize>skip) << 2);
        if (keep) copyTile(wanted, NR << 2, tileC, cRow, rows, columns);
        microKernel(rows, half, k, tileA, aRow, aCol, strip, bRow, edge, NR << 2, keep);
        copyTile(tileC, cRow, wanted, NR << 2, rows, columns);
      }
      tileA += <usize>rows * aStep;
      tileC += <usize>rows * cRow;
    }
  }
}

/** C = activation(alpha·A·B + beta·C + bias) for one share of one matrix. `room` is the thread's part of scratch. */
export function blockedGemm(
  g: GemmCommand,
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  m: u32,
  n: u32,
  room: usize,
): void {
  const k = g.k;
  const aRow = (<usize>g.aRow) << 2;
  const aCol = (<usize>g.aCol) << 2;
  const bRow = (<usize>g.bRow) << 2;
  const bCol = (<usize>g.bCol) << 2;
  const cRow = (<usize>g.cRow) << 2;
  const mr = tileRows(g.tile);
  const aPacked = packsA(g);
  const bPacked = packsB(g);
  const depthBlocks = max((k + KC - 1) / KC, 1);
  const kc = (k + depthBlocks - 1) / depthBlocks;
  const packedA = room + PACKED_A_OFFSET;
  const edge = room + EDGE_TILE_OFFSET;

  if (g.beta != 0 && g.beta != 1) scaleBlock(c, cRow, m, n, g.beta);
  for (let jc: u32 = 0; jc < n; jc += NC) {
    const nc = min(n - jc, NC);
    for (let block: u32 = 0; block < depthBlocks; block++) {
      const pc = block * kc;
      const depth = min(k - pc, kc);
      const keep = -i32(block > 0 || g.beta != 0);
      const sourceB = b + <usize>jc * bCol + <usize>pc * bRow;
      if (bPacked) {
        packBlockB(room, sourceB, bRow, bCol, nc, depth);
        if (g.alpha != 1) scaleBlock(room, 0, 1, depth * ((nc + HALF_NR - 1) & -HALF_NR), g.alpha);
      }
      const blockB = bPacked ? room : sourceB;
      for (let ic: u32 = 0; ic < m; ic += MC) {
        const mc = min(m - ic, MC);
        const sourceA = a + <usize>ic * aRow + <usize>pc * aCol;
        if (aPacked) packBlockA(packedA, sourceA, aRow, aCol, mc, depth, mr);
        const blockA = aPacked ? packedA : sourceA;
        const blockC = c + <usize>ic * cRow + ((<usize>jc) << 2);
        macroKernel(
          mc, nc, depth, blockA, aRow, aCol, aPacked, blockB, bRow, bPacked, blockC, cRow, keep, mr, edge,
        );
        if (block == depthBlocks - 1) {
          const blockBias: usize = bias == 0 ? 0 : bias + ((<usize>jc) << 2);
          epilogue(blockC, cRow, blockBias, mc, nc, g.activation);
        }
      }
    }
  }
}
