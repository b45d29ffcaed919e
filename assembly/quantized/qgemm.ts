/**
 * The opcode `qgemm`: products of int8 matrices whose rows both run along k, in tiles of 2 rows and 4 columns. Eight bytes become
 * eight int16, less their zero point; one instruction multiplies them in pairs and adds each pair, exactly. A tile's 8 sums
 * run over all of k in registers, so an element does not depend on the tile that it falls into. Assumes what the command
 * table says about k and about the room after bZero, scale and bias; no alignment beyond that of words.
 */
import { storeTail } from '../elementwise/tail';
import { QgemmCommand } from '../generated/commands';

const ROWS: u32 = 2;
const COLS: u32 = 4;
/** Bytes that one instruction takes. */
const STEP: usize = 8;

/** Eight bytes, less their zero point. */
// @ts-ignore: decorator
@inline
function widened(p: usize, zero: v128): v128 {
  return i16x8.sub(v128.load_ext<i8>(p), zero);
}

// @ts-ignore: decorator
@inline
function zeroOf(c: QgemmCommand, j: usize): v128 {
  return i16x8.splat(load<i16>((<usize>c.bZero + j) << 2));
}

/** The sums of the lanes of four vectors. */
// @ts-ignore: decorator
@inline
function sums(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const t0 = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 1, 5), v128.shuffle<i32>(s0, s1, 2, 6, 3, 7));
  const t1 = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 1, 5), v128.shuffle<i32>(s2, s3, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(t0, t1, 0, 1, 4, 5), v128.shuffle<i32>(t0, t1, 2, 3, 6, 7));
}

/** Columns j … j + 3 of row i. */
// @ts-ignore: decorator
@inline
function store(c: QgemmCommand, i: usize, j: usize, sum: v128): void {
  let v = sum;
  const at = j << 2;
  const bias = c.bias == 0 ? i32x4.splat(0) : v128.load((<usize>c.bias << 2) + at);
  if (c.scale == 0) v = i32x4.add(v, bias);
  else v = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v), v128.load((<usize>c.scale << 2) + at)), bias);
  const to = (<usize>c.c + i * c.n + j) << 2;
  const left = c.n - <u32>j;
  if (left < COLS) storeTail(to, v, left);
  else v128.store(to, v);
}

/** Rows i, i + 1 and columns j … j + 3; beyond the edge the last one is repeated and not stored. */
function tile(c: QgemmCommand, i: usize, j: usize): void {
  const k = <usize>c.k;
  const aZero = i16x8.splat(<i16>c.aZero);
  const zero0 = zeroOf(c, j);
  const zero1 = zeroOf(c, j + 1);
  const zero2 = zeroOf(c, j + 2);
  const zero3 = zeroOf(c, j + 3);
  let a = (<usize>c.a << 2) + i * k;
  const aRow = i + 1 < c.m ? k : 0;
  const last = <usize>c.n - 1;
  let b0 = (<usize>c.b << 2) + j * k;
  const b1 = (min(j + 1, last) - j) * k;
  const b2 = (min(j + 2, last) - j) * k;
  const b3 = (min(j + 3, last) - j) * k;
  let s00 = i32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (const end = a + k; a < end; a += STEP, b0 += STEP) {
    const a0 = widened(a, aZero);
    const a1 = widened(a + aRow, aZero);
    const v0 = widened(b0, zero0);
    s00 = i32x4.add(s00, i32x4.dot_i16x8_s(a0, v0));
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(a1, v0));
    const v1 = widened(b0 + b1, zero1);
    s01 = i32x4.add(s01, i32x4.dot_i16x8_s(a0, v1));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(a1, v1));
    const v2 = widened(b0 + b2, zero2);
    s02 = i32x4.add(s02, i32x4.dot_i16x8_s(a0, v2));
    s12 = i32x4.add(s12, i32x4.dot_i16x8_s(a1, v2));
    const v3 = widened(b0 + b3, zero3);
    s03 = i32x4.add(s03, i32x4.dot_i16x8_s(a0, v3));
    s13 = i32x4.add(s13, i32x4.dot_i16x8_s(a1, v3));
  }
  store(c, i, j, sums(s00, s01, s02, s03));
  if (i + 1 < c.m) store(c, i + 1, j, sums(s10, s11, s12, s13));
}

export function qgemmKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<QgemmCommand>(cmd);
  const down = (c.m + ROWS - 1) / ROWS;
  const tiles = <u64>down * ((c.n + COLS - 1) / COLS);
  const end = <u32>((tiles * (thread + 1)) / threads);
  // Down a panel of columns first: it stays in the nearest cache.
  for (let t = <u32>((tiles * thread) / threads); t < end; t++) tile(c, (t % down) * ROWS, (t / down) * COLS);
}
