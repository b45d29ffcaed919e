/**
 * The yardstick of the benchmarks: multiply-adds on registers only, in twelve independent chains. That many hide the
 * latency of a multiplication and an addition, and fit in sixteen registers with the two operands. No kernel with fused
 * multiply-adds can be faster on this engine. Where they are not fused, the loop sometimes waits for its chains (13 to 14 of
 * 16 operations a cycle on Zen 4), and a product, whose multiplications wait for nothing, can be a little faster.
 */
import { madd } from './simd/madd';

/**
 * Runs `rounds` × 12 vector multiply-adds (96 floating-point operations a round) and returns a value that depends on
 * all of them. The operands are parameters because V8 13 and later rebuild constants at each use in a loop, which
 * costs more than the multiply-add.
 */
export function peak(rounds: u32, factor: f32, summand: f32): f32 {
  const x = f32x4.splat(factor);
  const y = f32x4.splat(summand);
  let c0 = x,
    c1 = x,
    c2 = x,
    c3 = x,
    c4 = x,
    c5 = x,
    c6 = x,
    c7 = x,
    c8 = x,
    c9 = x,
    c10 = x,
    c11 = x;
  for (let i: u32 = 0; i < rounds; i++) {
    c0 = madd(c0, x, y);
    c1 = madd(c1, x, y);
    c2 = madd(c2, x, y);
    c3 = madd(c3, x, y);
    c4 = madd(c4, x, y);
    c5 = madd(c5, x, y);
    c6 = madd(c6, x, y);
    c7 = madd(c7, x, y);
    c8 = madd(c8, x, y);
    c9 = madd(c9, x, y);
    c10 = madd(c10, x, y);
    c11 = madd(c11, x, y);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  const high = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11));
  const s = f32x4.add(low, high);
  return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3);
}
