/**
 * Gradient of convolution with respect to the weights: for each group the product gwᵀ = X·Gᵀ, where a row of X is what one tap
 * of one channel meets at all positions of all images, and a row of G is the gradient of one output channel. The rows of
 * X are gathered for one block of depths (positions) at a time and read in place; G is packed into panels. The product of a
 * block of rows and columns is summed in scratch, in order of the positions, and stored transposed once it is complete.
 */
import { ConvCommand, ConvWeightGradCommand } from '../generated/commands';
import { microKernel, tileRows } from '../generated/tiles';
import { stripColumns } from '../gemm/blocked';
import { packPanel } from '../gemm/pack';
import { KC, MC, NC, PACKED_A_OFFSET } from '../scratch';
import { columnRow } from './im2col';

const NR: u32 = 8;
/** Columns of a block: half of the room for panels holds them, the other half the sums. */
const COLUMNS: u32 = NC / 2;
const SUMS_OFFSET: usize = <usize>(KC * COLUMNS) << 2;

/** Rows i0 … i0 + rows − 1 of X for the positions pc … pc + depth − 1. */
function gatherRows(g: ConvWeightGradCommand, dst: usize, channel0: u32, i0: u32, rows: u32, pc: u32, depth: u32): void {
  const taps = g.kernelHeight * g.kernelWidth;
  const size = g.outHeight * g.outWidth;
  const plane: usize = <usize>(g.height * g.width) << 2;
  for (let i = i0; i < i0 + rows; i++) {
    const channel = i / taps;
    const tap = i - channel * taps;
    const tapRow = tap / g.kernelWidth;
    const tapCol = tap - tapRow * g.kernelWidth;
    let image = pc / size;
    let from = pc - image * size;
    let left = depth;
    while (left != 0) {
      const count = min(size - from, left);
      const src = (<usize>g.x << 2) + <usize>(image * g.inChannels + channel0 + channel) * plane;
      columnRow(changetype<ConvCommand>(changetype<usize>(g)), dst, src, tapRow, tapCol, from, count);
      dst += <usize>count << 2;
      left -= count;
      from = 0;
      image++;
    }
  }
}

/** Panels of the output channels j0 … j0 + columns − 1 for the positions pc … pc + depth − 1. */
function packGradients(g: ConvWeightGradCommand, room: usize, j0: u32, columns: u32, pc: u32, depth: u32): void {
  const size = g.outHeight * g.outWidth;
  const plane: usize = <usize>size << 2;
  for (let j: u32 = 0; j < columns; j += NR) {
    const valid = min(columns - j, NR);
    const width = stripColumns(valid);
    let dst = room + (<usize>(j * depth) << 2);
    let image = pc / size;
    let from = pc - image * size;
    let left = depth;
    while (left != 0) {
      const count = min(size - from, left);
      const src = (<usize>(g.g + from) << 2) + <usize>(image * g.outChannels + j0 + j) * plane;
      packPanel(dst, src, plane, 4, valid, width, count);
      dst += <usize>(count * width) << 2;
      left -= count;
      from = 0;
      image++;
    }
  }
}

/** sums += X·Gᵀ for one block. */
function addBlock(room: usize, rows: u32, columns: u32, depth: u32, mr: u32, keep: i32): void {
  const sums = room + SUMS_OFFSET;
  const x = room + PACKED_A_OFFSET;
  const xRow: usize = <usize>depth << 2;
  const sumsRow: usize = <usize>COLUMNS << 2;
  for (let j: u32 = 0; j < columns; j += NR) {
    const width = stripColumns(min(columns - j, NR));
    const strip = room + (<usize>(j * depth) << 2);
    for (let i: u32 = 0; i < rows; i += mr) {
      const to = sums + <usize>i * sumsRow + (<usize>j << 2);
      const tile = min(mr, rows - i);
      microKernel(tile, u32(width != NR), depth, x + <usize>i * xRow, xRow, 4, strip, <usize>width << 2, to, sumsRow, keep);
    }
  }
}

/** Rows i0 … i1 − 1 (channels and taps) and columns j0 … j1 − 1 (output channels) of one group. */
export function weightGrad(
  g: ConvWeightGradCommand,
  group: u32,
  i0: u32,
  i1: u32,
  j0: u32,
  j1: u32,
  room: usize,
): void {
  const channels = g.inChannels / g.groups;
  const filters = g.outChannels / g.groups;
  const filter = channels * g.kernelHeight * g.kernelWidth;
  const k = g.batch * g.outHeight * g.outWidth;
  const mr = tileRows(g.tile);
  const depthBlocks = max((k + KC - 1) / KC, 1);
  const kc = (k + depthBlocks - 1) / depthBlocks;
  for (let jc = j0; jc < j1; jc += COLUMNS) {
    const columns = min(j1 - jc, COLUMNS);
    for (let ic = i0; ic < i1; ic += MC) {
      const rows = min(i1 - ic, MC);
      for (let block: u32 = 0; block < depthBlocks; block++) {
        const pc = block * kc;
        const depth = min(k - pc, kc);
        packGradients(g, room, group * filters + jc, columns, pc, depth);
        gatherRows(g, room + PACKED_A_OFFSET, group * channels, ic, rows, pc, depth);
        addBlock(room, rows, columns, depth, mr, -i32(block > 0));
      }
      for (let j: u32 = 0; j < columns; j++) {
        let dst = <usize>(g.gw + (group * filters + jc + j) * filter + ic) << 2;
        let src = room + SUMS_OFFSET + (<usize>j << 2);
        for (let i: u32 = 0; i < rows; i++) {
          store<f32>(dst, load<f32>(src));
          dst += 4;
          src += <usize>COLUMNS << 2;
        }
      }
    }
  }
}
