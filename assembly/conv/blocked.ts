/**
 * The loops of a convolution's product: GEMM's blocks, panels and tiles, with panels of B that are packed from the images
 * (pack.ts). The columns of all images follow each other, so that small images fill whole strips; a strip that is not adjacent
 * in the result (it spans the end of one image and the start of the next, or the result's positions are apart) is computed in
 * the edge tile and stored element by element.
 */
import { Activation } from '../generated/commands';
import { microKernel } from '../generated/tiles';
import { evenShare, stripColumns } from '../gemm/blocked';
import { finishRow } from '../gemm/epilogue';
import { KC, MC, NC } from '../scratch';
import { ConvJob, edgeTile, LANE_RESULT, laneTable, packedA } from './job';
import { packStrip, packTaps, placeLanes } from './pack';

const NR: u32 = 8;
const EDGE_ROW: usize = 32;

/** Whether the strip of `columns` from column j on is read from the image itself. */
// @ts-ignore: decorator
@inline
function readInPlace(job: ConvJob, j: u32, columns: u32): bool {
  const size = job.gridHeight * job.gridWidth;
  return job.inPlace != 0 && columns == NR && (j % size) + NR <= size;
}

function packColumns(job: ConvJob, jc: u32, nc: u32, pc: u32, depth: u32): void {
  for (let j: u32 = 0; j < nc; j += NR) {
    const columns = min(nc - j, NR);
    if (readInPlace(job, jc + j, columns)) continue;
    packStrip(job, job.room + ((<usize>j * depth) << 2), jc + j, columns, stripColumns(columns), pc, depth);
  }
}

/** Strips as high as the tiles that will read them, channel by channel: the weights of a channel are adjacent. */
function packBlockA(job: ConvJob, ic: u32, mc: u32, pc: u32, depth: u32): void {
  const tiles = (mc + job.mr - 1) / job.mr;
  const taps = job.tapRows * job.tapCols;
  for (let p = pc; p < pc + depth; ) {
    const channel = p / taps;
    const tap = p - channel * taps;
    const end = min(taps, tap + pc + depth - p);
    let i: u32 = 0;
    for (let t: u32 = 0; t < tiles; t++) {
      const rows = evenShare(mc, tiles, t);
      const dst = packedA(job) + (<usize>(i * depth + (p - pc) * rows) << 2);
      packTaps(job, dst, ic + i, rows, channel, tap, end);
      i += rows;
    }
    p += end - tap;
  }
}

/** Between the edge tile and the result: `columns` elements of each row, where the lanes' table says. */
function loadEdge(job: ConvJob, c: usize, rows: u32, columns: u32): void {
  let edge = edgeTile(job);
  for (let i: u32 = 0; i < rows; i++) {
    let lane = laneTable(job) + LANE_RESULT;
    for (let j: usize = 0; j < (<usize>columns) << 2; j += 4) {
      store<f32>(edge + j, load<f32>(c + load<u32>(lane)));
      lane += 4;
    }
    edge += EDGE_ROW;
    c += job.cRow;
  }
}

function storeEdge(job: ConvJob, c: usize, rows: u32, columns: u32): void {
  let edge = edgeTile(job);
  for (let i: u32 = 0; i < rows; i++) {
    let lane = laneTable(job) + LANE_RESULT;
    for (let j: usize = 0; j < (<usize>columns) << 2; j += 4) {
      store<f32>(c + load<u32>(lane), load<f32>(edge + j));
      lane += 4;
    }
    edge += EDGE_ROW;
    c += job.cRow;
  }
}

/** Bias and activation of the edge tile, whose first row is row i. */
function finishEdge(job: ConvJob, i: u32, rows: u32, columns: u32): void {
  if (job.bias == 0 && job.activation == Activation.none) return;
  for (let r: u32 = 0; r < rows; r++) {
    const bias: usize = job.bias == 0 ? 0 : job.bias + (<usize>(i + r) << 2);
    finishRow(edgeTile(job) + <usize>r * EDGE_ROW, bias, 0, columns, job.activation);
  }
}

/** Bias and activation of finished rows and columns of a dense result. */
function finishBlock(job: ConvJob, ic: u32, mc: u32, jc: u32, nc: u32): void {
  if (job.bias == 0 && job.activation == Activation.none) return;
  const size = job.gridHeight * job.gridWidth;
  const end = jc + nc;
  for (let j = jc; j < end; ) {
    const image = j / size;
    const pixel = j - image * size;
    const columns = min(size - pixel, end - j);
    let row = job.c + <usize>image * job.cImage + (<usize>pixel << 2) + <usize>ic * job.cRow;
    for (let i = ic; i < ic + mc; i++) {
      finishRow(row, job.bias == 0 ? 0 : job.bias + (<usize>i << 2), 0, columns, job.activation);
      row += job.cRow;
    }
    j += columns;
  }
}

/** One block, by strips and tiles. keep 0: C's old values are dropped. last: this is the last block of depths. */
function macroKernel(
  job: ConvJob,
  ic: u32,
  mc: u32,
  jc: u32,
  nc: u32,
  pc: u32,
  depth: u32,
  keep: i32,
  last: bool,
): void {
  const size = job.gridHeight * job.gridWidth;
  const tiles = (mc + job.mr - 1) / job.mr;
  const rowsEach = mc / tiles;
  const higher = mc % tiles;
  const cRow = job.cRow;
  const edge = edgeTile(job);
  const aPacked = job.aPacked != 0;
  const blockA = aPacked ? packedA(job) : job.a + <usize>ic * job.aRow + (<usize>pc << 2);
  const aRow: usize = aPacked ? 4 : job.aRow;
  const aStep: usize = aPacked ? (<usize>depth) << 2 : job.aRow;
  for (let j: u32 = 0; j < nc; j += NR) {
    const columns = min(nc - j, NR);
    const width = stripColumns(columns);
    const half = u32(width != NR);
    const image = (jc + j) / size;
    const pixel = jc + j - image * size;
    const direct = job.cDense != 0 && columns == width && pixel + columns <= size;
    let strip = job.room + ((<usize>j * depth) << 2);
    let bRow: usize = width << 2;
    if (readInPlace(job, jc + j, columns)) {
      strip = job.image + <usize>image * job.imageStride + (<usize>pixel << 2) + <usize>pc * job.channelStride;
      bRow = job.channelStride;
    }
    let tileA = blockA;
    let tileC = job.c + <usize>ic * cRow;
    if (direct) tileC += <usize>image * job.cImage + (<usize>pixel << 2);
    else placeLanes(job, jc + j, columns);
    let i = ic;
    for (let t: u32 = 0; t < tiles; t++) {
      const rows = rowsEach + u32(t < higher);
      const aCol: usize = aPacked ? <usize>rows << 2 : 4;
      if (direct) {
        microKernel(rows, half, depth, tileA, aRow, aCol, strip, bRow, tileC, cRow, keep);
      } else {
        if (keep) loadEdge(job, tileC, rows, columns);
        microKernel(rows, half, depth, tileA, aRow, aCol, strip, bRow, edge, EDGE_ROW, keep);
        if (last && !job.cDense) finishEdge(job, i, rows, columns);
        storeEdge(job, tileC, rows, columns);
      }
      tileA += <usize>rows * aStep;
      tileC += <usize>rows * cRow;
      i += rows;
    }
  }
}

/** Rows i0 … i1 − 1 and columns j0 … j1 − 1 of a job's product. */
export function blockedConv(job: ConvJob, i0: u32, i1: u32, j0: u32, j1: u32): void {
  const k = job.k;
  const depthBlocks = max((k + KC - 1) / KC, 1);
  const kc = (k + depthBlocks - 1) / depthBlocks;
  for (let jc = j0; jc < j1; jc += NC) {
    const nc = min(j1 - jc, NC);
    for (let block: u32 = 0; block < depthBlocks; block++) {
      const pc = block * kc;
      const depth = min(k - pc, kc);
      const last = block == depthBlocks - 1;
      if (depth > 0) packColumns(job, jc, nc, pc, depth);
      for (let ic = i0; ic < i1; ic += MC) {
        const mc = min(i1 - ic, MC);
        if (job.aPacked) packBlockA(job, ic, mc, pc, depth);
        macroKernel(job, ic, mc, jc, nc, pc, depth, -i32(block > 0), last);
        if (last && job.cDense) finishBlock(job, ic, mc, jc, nc);
      }
    }
  }
}
