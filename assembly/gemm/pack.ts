/**
 * Packing of GEMM's operands into panels: `width` elements for p = 0, then for p = 1, …, k − 1, so that the micro-kernel
 * reads forward through memory. A's panels hold rows, B's panels columns; both are the same to these functions.
 *
 * `src` is element (0, 0), `across` the byte stride within the width, `along` the byte stride of p. `valid` elements of
 * the width are in the source; the rest of it is filled with 0. The destination does not overlap the source, and nothing
 * outside the source is read.
 */

const ELEMENT: usize = 4;

/** Any strides, any width. */
function packStrided(dst: usize, src: usize, across: usize, along: usize, valid: u32, width: u32, k: u32): void {
  for (let p: u32 = 0; p < k; p++) {
    let from = src;
    let i: u32 = 0;
    for (; i < valid; i++) {
      store<f32>(dst, load<f32>(from));
      from += across;
      dst += ELEMENT;
    }
    for (; i < width; i++) {
      store<f32>(dst, 0);
      dst += ELEMENT;
    }
    src += along;
  }
}

/** Adjacent within the width: 8 elements a step. */
function copy8(dst: usize, src: usize, along: usize, k: u32): void {
  for (; k != 0; k--) {
    v128.store(dst, v128.load(src));
    v128.store(dst, v128.load(src, 16), 16);
    src += along;
    dst += 32;
  }
}

/** Adjacent within the width: 4 to 7 elements a step. */
function copyNarrow(dst: usize, src: usize, along: usize, width: u32, k: u32): void {
  const step = (<usize>width) << 2;
  for (; k != 0; k--) {
    v128.store(dst, v128.load(src));
    for (let i: usize = 16; i < step; i += ELEMENT) store<f32>(dst + i, load<f32>(src + i));
    src += along;
    dst += step;
  }
}

/** Adjacent along p: 4 rows of 4 elements, transposed, `step` bytes from one p to the next. */
// @ts-ignore: decorator
@inline
function transpose4(dst: usize, src: usize, across: usize, step: usize): void {
  const r0 = v128.load(src);
  const r1 = v128.load(src + across);
  const r2 = v128.load(src + across * 2);
  const r3 = v128.load(src + across * 3);
  const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(dst, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(dst + step, i64x2.shuffle(low01, low23, 1, 3));
  v128.store(dst + step * 2, i64x2.shuffle(high01, high23, 0, 2));
  v128.store(dst + step * 3, i64x2.shuffle(high01, high23, 1, 3));
}

/** Adjacent along p: 8 elements a step. */
function transposed8(dst: usize, src: usize, across: usize, k: u32): void {
  const upper = across * 4;
  for (; k >= 4; k -= 4) {
    transpose4(dst, src, across, 32);
    transpose4(dst + 16, src + upper, across, 32);
    src += 16;
    dst += 128;
  }
  packStrided(dst, src, across, ELEMENT, 8, 8, k);
}

/** Adjacent along p: 4 elements a step. */
function transposed4(dst: usize, src: usize, across: usize, k: u32): void {
  for (; k >= 4; k -= 4) {
    transpose4(dst, src, across, 16);
    src += 16;
    dst += 64;
  }
  packStrided(dst, src, across, ELEMENT, 4, 4, k);
}

/** One panel, by the fastest way that its strides and width allow. */
export function packPanel(
  dst: usize,
  src: usize,
  across: usize,
  along: usize,
  valid: u32,
  width: u32,
  k: u32,
): void {
  if (valid == width) {
    if (across == ELEMENT && width == 8) return copy8(dst, src, along, k);
    if (across == ELEMENT && width >= 4) return copyNarrow(dst, src, along, width, k);
    if (along == ELEMENT && width == 8) return transposed8(dst, src, across, k);
    if (along == ELEMENT && width == 4) return transposed4(dst, src, across, k);
  }
  packStrided(dst, src, across, along, valid, width, k);
}
