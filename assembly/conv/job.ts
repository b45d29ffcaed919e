/**
 * The numbers that the loops of a convolution share: one product C = A·B. A holds the weights. B is never stored: its columns
 * are the positions of a grid in all images, its rows the taps of all channels, and its elements are read from the images
 * when a panel is packed. The forward convolution is one such product a group; so is each phase of the input's gradient.
 *
 * The block is in the thread's own part of scratch. Strides are in bytes.
 */
import { CONV_JOB_OFFSET, EDGE_TILE_OFFSET, PACKED_A_OFFSET } from '../scratch';

// @ts-ignore: decorator
@unmanaged
export class ConvJob {
  /** Weight of row 0, channel 0, tap (0, 0). A is packed, or, where aPacked is 0, read in place: its rows are contiguous. */
  a: usize;
  aRow: usize;
  aChannel: usize;
  aTapRow: usize;
  aTapCol: usize;
  aPacked: u32;
  /** First channel of image 0, and the bounds of the tensor that it is in. */
  image: usize;
  imageStride: usize;
  channelStride: usize;
  low: usize;
  high: usize;
  /** Rows and columns of an image. */
  height: i32;
  width: i32;
  /** Positions an image. */
  gridHeight: u32;
  gridWidth: u32;
  /** Position i and tap t meet row mulRow·i + baseRow + stepRow·t of the image; columns likewise. */
  mulRow: i32;
  mulCol: i32;
  baseRow: i32;
  baseCol: i32;
  stepRow: i32;
  stepCol: i32;
  tapRows: u32;
  tapCols: u32;
  /** Whether B is the image itself, whose channels are then read in place. */
  inPlace: u32;
  /** Row 0 of position (0, 0) of image 0 in the result. */
  c: usize;
  cImage: usize;
  cRow: usize;
  cGridRow: usize;
  cGridCol: usize;
  /** Whether the positions of an image are adjacent in the result. */
  cDense: u32;
  /** One value a row, or 0. */
  bias: usize;
  activation: u32;
  /** Depth of the product: channels times taps. */
  k: u32;
  /** Rows of a register tile. */
  mr: u32;
  /** The thread's part of scratch, which begins with the packed panels of B. */
  room: usize;
}

/** The job in a thread's part of scratch. */
// @ts-ignore: decorator
@inline
export function jobIn(room: usize): ConvJob {
  const job = changetype<ConvJob>(room + CONV_JOB_OFFSET);
  job.room = room;
  return job;
}

// @ts-ignore: decorator
@inline
export function packedA(job: ConvJob): usize {
  return job.room + PACKED_A_OFFSET;
}

// @ts-ignore: decorator
@inline
export function edgeTile(job: ConvJob): usize {
  return job.room + EDGE_TILE_OFFSET;
}

/** Tables of a strip's lanes, eight words each: row and column of tap (0, 0), byte offset from the image, byte offset in the result. */
// @ts-ignore: decorator
@inline
export function laneTable(job: ConvJob): usize {
  return changetype<usize>(job) + 256;
}
export const LANE_COL: usize = 32;
export const LANE_OFFSET: usize = 64;
export const LANE_RESULT: usize = 96;
