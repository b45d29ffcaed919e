/**
 * The one-dimensional transforms of F(4, 3) with the points 0, ±a, ±b, ∞, a = 3/4 and b = 3/2, on vectors whose lanes are
 * independent. The two-dimensional ones apply them to columns and then to rows.
 */
import { madd } from '../simd/madd';

/** Output pixels of a tile along one side, and input pixels. */
export const TILE: u32 = 4;
export const PATCH: u32 = 6;
/** Products of a tile. */
export const POSITIONS: u32 = PATCH * PATCH;
/** Output channels of a panel: columns of the widest micro-kernel. */
export const PANEL: u32 = 8;

/** Bᵀ·d, stored at `dst` and on by `step` bytes. */
// @ts-ignore: decorator
@inline
export function storeInput(
  d0: v128,
  d1: v128,
  d2: v128,
  d3: v128,
  d4: v128,
  d5: v128,
  dst: usize,
  step: usize,
): void {
  // a²·b² and −(a² + b²), −a², −b², ±a, ±b.
  const product = f32x4.splat(1.265625);
  const sum = f32x4.splat(-2.8125);
  const a2 = f32x4.splat(-0.5625);
  const b2 = f32x4.splat(-2.25);
  v128.store(dst, madd(product, d0, madd(sum, d2, d4)));
  const evenA = madd(b2, d2, d4);
  const oddA = madd(b2, d1, d3);
  v128.store(dst + step, madd(f32x4.splat(0.75), oddA, evenA));
  v128.store(dst + step * 2, madd(f32x4.splat(-0.75), oddA, evenA));
  const evenB = madd(a2, d2, d4);
  const oddB = madd(a2, d1, d3);
  v128.store(dst + step * 3, madd(f32x4.splat(1.5), oddB, evenB));
  v128.store(dst + step * 4, madd(f32x4.splat(-1.5), oddB, evenB));
  v128.store(dst + step * 5, madd(product, d1, madd(sum, d3, d5)));
}

/** G·g, stored at `dst` and on by `step` bytes. */
// @ts-ignore: decorator
@inline
export function storeFilter(g0: v128, g1: v128, g2: v128, dst: usize, step: usize): void {
  // 1 / (a²·b²); 1, a and a² over 2a²·(a² − b²); 1, b and b² over 2b²·(b² − a²).
  v128.store(dst, f32x4.mul(f32x4.splat(0.7901234567901234), g0));
  const evenA = madd(f32x4.splat(-0.2962962962962963), g2, f32x4.mul(f32x4.splat(-0.5267489711934157), g0));
  const oddA = f32x4.mul(f32x4.splat(-0.3950617283950617), g1);
  v128.store(dst + step, f32x4.add(evenA, oddA));
  v128.store(dst + step * 2, f32x4.sub(evenA, oddA));
  const evenB = madd(f32x4.splat(0.2962962962962963), g2, f32x4.mul(f32x4.splat(0.13168724279835392), g0));
  const oddB = f32x4.mul(f32x4.splat(0.19753086419753085), g1);
  v128.store(dst + step * 3, f32x4.add(evenB, oddB));
  v128.store(dst + step * 4, f32x4.sub(evenB, oddB));
  v128.store(dst + step * 5, g2);
}

/** Aᵀ·m for six vectors from `src` on by `step` bytes, stored at `dst` and on by `dstStep`. */
// @ts-ignore: decorator
@inline
export function storeOutput(src: usize, step: usize, dst: usize, dstStep: usize): void {
  const m1 = v128.load(src + step);
  const m2 = v128.load(src + step * 2);
  const m3 = v128.load(src + step * 3);
  const m4 = v128.load(src + step * 4);
  const sumA = f32x4.add(m1, m2);
  const sumB = f32x4.add(m3, m4);
  v128.store(dst, f32x4.add(f32x4.add(v128.load(src), sumA), sumB));
  v128.store(dst + dstStep * 2, madd(f32x4.splat(2.25), sumB, f32x4.mul(f32x4.splat(0.5625), sumA)));
  const differenceA = f32x4.sub(m1, m2);
  const differenceB = f32x4.sub(m3, m4);
  v128.store(dst + dstStep, madd(f32x4.splat(1.5), differenceB, f32x4.mul(f32x4.splat(0.75), differenceA)));
  const last = madd(f32x4.splat(0.421875), differenceA, v128.load(src + step * 5));
  v128.store(dst + dstStep * 3, madd(f32x4.splat(3.375), differenceB, last));
}

/** A·y, the transpose of the output transform, stored at `dst` and on by `step` bytes. */
// @ts-ignore: decorator
@inline
export function storeOutputGrad(y0: v128, y1: v128, y2: v128, y3: v128, dst: usize, step: usize): void {
  v128.store(dst, y0);
  const evenA = madd(f32x4.splat(0.5625), y2, y0);
  const oddA = madd(f32x4.splat(0.421875), y3, f32x4.mul(f32x4.splat(0.75), y1));
  v128.store(dst + step, f32x4.add(evenA, oddA));
  v128.store(dst + step * 2, f32x4.sub(evenA, oddA));
  const evenB = madd(f32x4.splat(2.25), y2, y0);
  const oddB = madd(f32x4.splat(3.375), y3, f32x4.mul(f32x4.splat(1.5), y1));
  v128.store(dst + step * 3, f32x4.add(evenB, oddB));
  v128.store(dst + step * 4, f32x4.sub(evenB, oddB));
  v128.store(dst + step * 5, y3);
}

/** Gᵀ·m for six vectors from `src` on by `step` bytes, the transpose of the filter transform, stored at `dst` and on by `dstStep`. */
// @ts-ignore: decorator
@inline
export function storeFilterGrad(src: usize, step: usize, dst: usize, dstStep: usize): void {
  const m1 = v128.load(src + step);
  const m2 = v128.load(src + step * 2);
  const m3 = v128.load(src + step * 3);
  const m4 = v128.load(src + step * 4);
  const sumA = f32x4.add(m1, m2);
  const sumB = f32x4.add(m3, m4);
  const first = madd(f32x4.splat(-0.5267489711934157), sumA, f32x4.mul(f32x4.splat(0.7901234567901234), v128.load(src)));
  v128.store(dst, madd(f32x4.splat(0.13168724279835392), sumB, first));
  const differenceA = f32x4.mul(f32x4.splat(-0.3950617283950617), f32x4.sub(m1, m2));
  v128.store(dst + dstStep, madd(f32x4.splat(0.19753086419753085), f32x4.sub(m3, m4), differenceA));
  const difference = f32x4.sub(sumB, sumA);
  v128.store(dst + dstStep * 2, madd(f32x4.splat(0.2962962962962963), difference, v128.load(src + step * 5)));
}
