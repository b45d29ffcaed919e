/**
 * Random numbers that are a pure function of (key, counter, position): Philox4x32-10 (J. Salmon, M. Moraes, R. Dror and D. Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011), four blocks side by side in the lanes, so 16 numbers a step. Contract:
 * y at any multiple of 4 bytes, nothing outside its n elements is written; the state is only read. Every number is
 * the same for any number of threads.
 */
import { storeTail } from '../elementwise/tail';
import { partStart } from '../elementwise/partition';
import { RandomCommand, RandomFn } from '../generated/commands';
import { all, allBits } from '../simd/bits';
import { log4, unitCos4, unitSin4 } from '../simd/math';

/** The multipliers and the key increments of Philox4x32 (same paper; the increments are from the golden ratio and √3 − 1). */
const M0: u32 = 0xd2511f53;
const M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;
const ROUNDS = 10;

/** The upper words of four 64-bit products a·m, which are passed as two vectors of two. */
// @ts-ignore: decorator
@inline
function upper(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function lower(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
}

/** Marker classes: what the words are turned into. */
class Uniform {}
class Normal {}
class Bernoulli {}
class Integers {}

/** 24 bits after the point: 0 ≤ u < 1. */
// @ts-ignore: decorator
@inline
function unit(word: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(word, 8)), all(5.9604644775390625e-8));
}

/** p0 + p1·z. */
// @ts-ignore: decorator
@inline
function affine(p0: v128, p1: v128, z: v128): v128 {
  return f32x4.add(p0, f32x4.mul(p1, z));
}

/** √(−2 ln(1 − u)). */
// @ts-ignore: decorator
@inline
function radius(u: v128): v128 {
  return f32x4.sqrt(f32x4.mul(log4(f32x4.sub(all(1), u)), all(-2)));
}

// @ts-ignore: decorator
@inline
function remainder(word: v128, p0: v128, range: u32): v128 {
  if (range == 0) return p0;
  const r = i32x4(
    <u32>i32x4.extract_lane(word, 0) % range,
    <u32>i32x4.extract_lane(word, 1) % range,
    <u32>i32x4.extract_lane(word, 2) % range,
    <u32>i32x4.extract_lane(word, 3) % range,
  );
  return i32x4.add(p0, r);
}

/** n numbers from the first of block `counter` on. */
function generate<F>(y: usize, n: u32, key0: u32, key1: u32, counter: u64, p0: u32, p1: u32): void {
  let first = i64x2(counter, counter + 1);
  let second = i64x2(counter + 2, counter + 3);
  const a = i32x4.splat(p0);
  const b = i32x4.splat(p1);
  const m0 = i32x4.splat(M0);
  const m1 = i32x4.splat(M1);
  const span = f32x4.sub(b, a);
  while (n > 0) {
    let w0 = lower(first, second);
    let w1 = upper(first, second);
    let w2 = allBits(0);
    let w3 = allBits(0);
    let k0 = i32x4.splat(key0);
    let k1 = i32x4.splat(key1);
    for (let round = 0; round < ROUNDS; round++) {
      const low0 = i64x2.extmul_low_i32x4_u(w0, m0);
      const high0 = i64x2.extmul_high_i32x4_u(w0, m0);
      const low1 = i64x2.extmul_low_i32x4_u(w2, m1);
      const high1 = i64x2.extmul_high_i32x4_u(w2, m1);
      w0 = v128.xor(v128.xor(upper(low1, high1), w1), k0);
      w1 = lower(low1, high1);
      w2 = v128.xor(v128.xor(upper(low0, high0), w3), k1);
      w3 = lower(low0, high0);
      k0 = i32x4.add(k0, i32x4.splat(W0));
      k1 = i32x4.add(k1, i32x4.splat(W1));
    }
    if (idof<F>() == idof<Uniform>()) {
      w0 = affine(a, span, unit(w0));
      w1 = affine(a, span, unit(w1));
      w2 = affine(a, span, unit(w2));
      w3 = affine(a, span, unit(w3));
    } else if (idof<F>() == idof<Normal>()) {
      const r0 = radius(unit(w0));
      const r2 = radius(unit(w2));
      const u1 = unit(w1);
      const u3 = unit(w3);
      w0 = affine(a, b, f32x4.mul(r0, unitCos4(u1)));
      w1 = affine(a, b, f32x4.mul(r0, unitSin4(u1)));
      w2 = affine(a, b, f32x4.mul(r2, unitCos4(u3)));
      w3 = affine(a, b, f32x4.mul(r2, unitSin4(u3)));
    } else if (idof<F>() == idof<Bernoulli>()) {
      w0 = v128.and(b, f32x4.lt(unit(w0), a));
      w1 = v128.and(b, f32x4.lt(unit(w1), a));
      w2 = v128.and(b, f32x4.lt(unit(w2), a));
      w3 = v128.and(b, f32x4.lt(unit(w3), a));
    } else {
      w0 = remainder(w0, a, p1 - p0);
      w1 = remainder(w1, a, p1 - p0);
      w2 = remainder(w2, a, p1 - p0);
      w3 = remainder(w3, a, p1 - p0);
    }
    const v01 = v128.shuffle<i32>(w0, w1, 0, 4, 1, 5);
    const v23 = v128.shuffle<i32>(w2, w3, 0, 4, 1, 5);
    const v01High = v128.shuffle<i32>(w0, w1, 2, 6, 3, 7);
    const v23High = v128.shuffle<i32>(w2, w3, 2, 6, 3, 7);
    const y0 = v128.shuffle<i64>(v01, v23, 0, 2);
    const y1 = v128.shuffle<i64>(v01, v23, 1, 3);
    const y2 = v128.shuffle<i64>(v01High, v23High, 0, 2);
    const y3 = v128.shuffle<i64>(v01High, v23High, 1, 3);
    if (n < 16) return storePart(y, y0, y1, y2, y3, n);
    v128.store(y, y0);
    v128.store(y, y1, 16);
    v128.store(y, y2, 32);
    v128.store(y, y3, 48);
    y += 64;
    n -= 16;
    first = i64x2.add(first, i64x2.splat(4));
    second = i64x2.add(second, i64x2.splat(4));
  }
}

/** The first n of 16 elements. */
// @ts-ignore: decorator
@inline
function storePart(y: usize, y0: v128, y1: v128, y2: v128, y3: v128, n: u32): void {
  let v = y0;
  if (n >= 4) {
    v128.store(y, v);
    v = y1;
  }
  if (n >= 8) {
    v128.store(y, v, 16);
    v = y2;
  }
  if (n >= 12) {
    v128.store(y, v, 32);
    v = y3;
  }
  if ((n & 3) > 0) storeTail(y + ((n & ~3) << 2), v, n & 3);
}

export function randomKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<RandomCommand>(cmd);
  const begin = partStart(c.n, thread, threads);
  const end = partStart(c.n, thread + 1, threads);
  if (begin >= end) return;
  const y = (<usize>c.y + begin) << 2;
  const state = <usize>c.state << 2;
  const key0 = load<u32>(state);
  const key1 = load<u32>(state, 4);
  const counter = load<u64>(state, 8) + <u64>c.offset + <u64>(begin >> 2);
  switch (c.fn) {
    case RandomFn.uniform:
      return generate<Uniform>(y, end - begin, key0, key1, counter, c.p0, c.p1);
    case RandomFn.normal:
      return generate<Normal>(y, end - begin, key0, key1, counter, c.p0, c.p1);
    case RandomFn.bernoulli:
      return generate<Bernoulli>(y, end - begin, key0, key1, counter, c.p0, c.p1);
    case RandomFn.integers:
      return generate<Integers>(y, end - begin, key0, key1, counter, c.p0, c.p1);
    default:
      unreachable();
  }
}
