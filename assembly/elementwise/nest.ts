/**
 * A strided loop nest, outermost dimension first, read from the words of a command: `shape` and up to three arrays of strides
 * (pass one twice where there are fewer). Dimensions of size 1 vanish; adjacent ones that every operand walks with one stride
 * form a group. Kernels run the two innermost groups as plain loops and number the points of the rest. A group is the
 * dimensions after `end` up to `last`; nothing is stored, so threads can read the same command.
 */

// @ts-ignore: decorator
@inline
function at(words: usize, d: i32): i32 {
  return load<i32>(words + (<usize>d << 2));
}

/** The innermost dimension at or before d whose size is not 1, or −1. */
export function lastDim(shape: usize, d: i32): i32 {
  while (d >= 0 && at(shape, d) == 1) d--;
  return d;
}

/** Where the group of `last` ends: the innermost dimension outside it whose size is not 1, or −1. */
export function groupEnd(shape: usize, s0: usize, s1: usize, s2: usize, last: i32): i32 {
  if (last < 0) return -1;
  let size = at(shape, last);
  let d = lastDim(shape, last - 1);
  while (
    d >= 0 &&
    at(s0, d) == at(s0, last) * size &&
    at(s1, d) == at(s1, last) * size &&
    at(s2, d) == at(s2, last) * size
  ) {
    size *= at(shape, d);
    d = lastDim(shape, d - 1);
  }
  return d;
}

/** Points of the group; 1 for no group. */
export function groupSize(shape: usize, end: i32, last: i32): u32 {
  let size: u32 = 1;
  for (let d = last; d > end; d--) size *= <u32>at(shape, d);
  return size;
}

/** The group's stride; `none` for no group. */
// @ts-ignore: decorator
@inline
export function groupStride(strides: usize, last: i32, none: i32): i32 {
  return last < 0 ? none : at(strides, last);
}

/** Offset in elements of point `index` of the dimensions up to `last`. */
export function offsetOf(shape: usize, strides: usize, last: i32, index: u32): i32 {
  let offset = 0;
  for (let d = last; d >= 0 && index > 0; d--) {
    const size = <u32>at(shape, d);
    offset += <i32>(index % size) * at(strides, d);
    index /= size;
  }
  return offset;
}
