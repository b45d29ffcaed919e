/** PyTorch's rule for windows that slide along a dimension: shared by convolutions and poolings. */

/** One number for both directions, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

/** Elements from the first to the last that a window covers. */
export function spanOf(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Windows along a dimension of `padded` elements, padding included. */
export function windowCount(padded: number, span: number, stride: number): number {
  return Math.floor((padded - span) / stride) + 1;
}

/** The same with ceilMode: the last window may reach beyond the padding, but starts before `end`, where the padding at the end begins. */
export function ceilWindowCount(padded: number, span: number, stride: number, end: number): number {
  const count = Math.ceil((padded - span) / stride) + 1;
  return (count - 1) * stride >= end ? count - 1 : count;
}
