/**
 * Matrix times vector, for GEMMs of one row or one column: y[i] = beta·y[i] + alpha·Σ M[i, p]·x[p], i < length, p < k.
 * Each element is summed in an order that depends only on its position modulo 4 and on the shape; shares that start at a
 * multiple of 4 give the bits of the whole.
 *
 * Addresses and strides are in bytes: `across` between rows of M, `along` between its columns. y overlaps no input.
 * beta 0 does not read y.
 */
import { madd } from '../simd/madd';

const ELEMENT: usize = 4;

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
function blend(y: usize, sum: f32, alpha: f32, beta: f32): void {
  store<f32>(y, beta == 0 ? alpha * sum : beta * load<f32>(y) + alpha * sum);
}

/** Σ u[p]·v[p], any strides, in order. */
function dotStrided(u: usize, uStep: usize, v: usize, vStep: usize, k: u32): f32 {
  let sum: f32 = 0;
  for (; k != 0; k--) {
    sum += load<f32>(u) * load<f32>(v);
    u += uStep;
    v += vStep;
  }
  return sum;
}

/** Σ u[p]·v[p], both contiguous: 16 elements a step in four accumulators. */
function dot(u: usize, v: usize, k: u32): f32 {
  let s0 = f32x4.splat(0),
    s1 = s0,
    s2 = s0,
    s3 = s0;
  for (; k >= 16; k -= 16) {
    s0 = madd(v128.load(u), v128.load(v), s0);
    s1 = madd(v128.load(u, 16), v128.load(v, 16), s1);
    s2 = madd(v128.load(u, 32), v128.load(v, 32), s2);
    s3 = madd(v128.load(u, 48), v128.load(v, 48), s3);
    u += 64;
    v += 64;
  }
  for (; k >= 4; k -= 4) {
    s0 = madd(v128.load(u), v128.load(v), s0);
    u += 16;
    v += 16;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))) + dotStrided(u, ELEMENT, v, ELEMENT, k);
}

/** Rows of M and x contiguous: four rows at once, in two accumulators each. */
function rowDots(
  y: usize,
  yStep: usize,
  matrix: usize,
  across: usize,
  x: usize,
  length: u32,
  k: u32,
  alpha: f32,
  beta: f32,
): void {
  for (; length >= 4; length -= 4) {
    let m0 = matrix;
    let m1 = m0 + across;
    let m2 = m1 + across;
    let m3 = m2 + across;
    matrix = m3 + across;
    let a0 = f32x4.splat(0),
      a1 = a0,
      a2 = a0,
      a3 = a0,
      b0 = a0,
      b1 = a0,
      b2 = a0,
      b3 = a0;
    let at: usize = 0;
    const whole = (<usize>k >> 3) << 5;
    for (; at < whole; at += 32) {
      const x0 = v128.load(x + at);
      const x1 = v128.load(x + at, 16);
      a0 = madd(v128.load(m0 + at), x0, a0);
      b0 = madd(v128.load(m0 + at, 16), x1, b0);
      a1 = madd(v128.load(m1 + at), x0, a1);
      b1 = madd(v128.load(m1 + at, 16), x1, b1);
      a2 = madd(v128.load(m2 + at), x0, a2);
      b2 = madd(v128.load(m2 + at, 16), x1, b2);
      a3 = madd(v128.load(m3 + at), x0, a3);
      b3 = madd(v128.load(m3 + at, 16), x1, b3);
    }
    const rest = k & 7;
    blend(y, sumLanes(f32x4.add(a0, b0)) + dotStrided(m0 + at, ELEMENT, x + at, ELEMENT, rest), alpha, beta);
    y += yStep;
    blend(y, sumLanes(f32x4.add(a1, b1)) + dotStrided(m1 + at, ELEMENT, x + at, ELEMENT, rest), alpha, beta);
    y += yStep;
    blend(y, sumLanes(f32x4.add(a2, b2)) + dotStrided(m2 + at, ELEMENT, x + at, ELEMENT, rest), alpha, beta);
    y += yStep;
    blend(y, sumLanes(f32x4.add(a3, b3)) + dotStrided(m3 + at, ELEMENT, x + at, ELEMENT, rest), alpha, beta);
    y += yStep;
  }
  for (; length != 0; length--) {
    blend(y, dot(matrix, x, k), alpha, beta);
    matrix += across;
    y += yStep;
  }
}

/** y = beta·y, or 0. */
function scale(y: usize, length: u32, beta: f32): void {
  if (beta == 0) return memory.fill(y, 0, (<usize>length) << 2);
  for (; length != 0; length--) {
    store<f32>(y, beta * load<f32>(y));
    y += ELEMENT;
  }
}

/** Columns of M and y contiguous: y gathers four multiples of columns at a time. */
function columnSums(
  y: usize,
  matrix: usize,
  along: usize,
  x: usize,
  xStep: usize,
  length: u32,
  k: u32,
  alpha: f32,
  beta: f32,
): void {
  scale(y, length, beta);
  const bytes: usize = (<usize>length) << 2;
  const whole: usize = bytes & ~15;
  const va = f32x4.splat(alpha);
  for (; k >= 4; k -= 4) {
    const x0 = f32x4.mul(va, v128.load32_splat(x));
    const x1 = f32x4.mul(va, v128.load32_splat(x + xStep));
    const x2 = f32x4.mul(va, v128.load32_splat(x + xStep * 2));
    const x3 = f32x4.mul(va, v128.load32_splat(x + xStep * 3));
    x += xStep * 4;
    const m1 = matrix + along;
    const m2 = m1 + along;
    const m3 = m2 + along;
    let j: usize = 0;
    for (; j < whole; j += 16) {
      let sum = madd(x0, v128.load(matrix + j), v128.load(y + j));
      sum = madd(x1, v128.load(m1 + j), sum);
      sum = madd(x2, v128.load(m2 + j), sum);
      v128.store(y + j, madd(x3, v128.load(m3 + j), sum));
    }
    for (; j < bytes; j += ELEMENT) {
      let sum = madd(x0, v128.load32_zero(matrix + j), v128.load32_zero(y + j));
      sum = madd(x1, v128.load32_zero(m1 + j), sum);
      sum = madd(x2, v128.load32_zero(m2 + j), sum);
      v128.store_lane<f32>(y + j, madd(x3, v128.load32_zero(m3 + j), sum), 0);
    }
    matrix = m3 + along;
  }
  for (; k != 0; k--) {
    const xp = f32x4.mul(va, v128.load32_splat(x));
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(y + j, madd(xp, v128.load(matrix + j), v128.load(y + j)));
    for (; j < bytes; j += ELEMENT) {
      v128.store_lane<f32>(y + j, madd(xp, v128.load32_zero(matrix + j), v128.load32_zero(y + j)), 0);
    }
    x += xStep;
    matrix += along;
  }
}

/** y = beta·y + alpha·M·x by the fastest way that the strides allow. `room` holds `roomElements`. */
export function matrixVector(
  y: usize,
  yStep: usize,
  matrix: usize,
  across: usize,
  along: usize,
  x: usize,
  xStep: usize,
  length: u32,
  k: u32,
  alpha: f32,
  beta: f32,
  room: usize,
  roomElements: u32,
): void {
  if (along == ELEMENT) {
    if (xStep != ELEMENT && k <= roomElements) {
      for (let p: u32 = 0; p < k; p++) store<f32>(room + ((<usize>p) << 2), load<f32>(x + <usize>p * xStep));
      x = room;
      xStep = ELEMENT;
    }
    if (xStep == ELEMENT) return rowDots(y, yStep, matrix, across, x, length, k, alpha, beta);
  }
  if (across == ELEMENT && yStep == ELEMENT) {
    return columnSums(y, matrix, along, x, xStep, length, k, alpha, beta);
  }
  for (let i: u32 = 0; i < length; i++) {
    blend(y, dotStrided(matrix, along, x, xStep, k), alpha, beta);
    matrix += across;
    y += yStep;
  }
}
