/**
 * Sigmoid or tanh of several vectors side by side, stage by stage: the chain of one alone is longer than what a processor looks
 * ahead (simd/exp.ts).
 */
import { loadTail, storeTail } from '../reduce/lanes';
import { all } from '../simd/bits';
import { finished, limited, reduced, Sigmoid, shifted, Tanh } from '../simd/exp';
import { sigmoid4, tanh4 } from '../simd/math';

// @ts-ignore: decorator
@inline
function one<F>(x: v128): v128 {
  return idof<F>() == idof<Sigmoid>() ? sigmoid4(x) : tanh4(x);
}

/** In place, 16 elements. */
// @ts-ignore: decorator
@inline
export function activate16<F>(x: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const a0 = limited<F>(v0);
  const a1 = limited<F>(v1);
  const a2 = limited<F>(v2);
  const a3 = limited<F>(v3);
  const b0 = shifted<F>(a0);
  const b1 = shifted<F>(a1);
  const b2 = shifted<F>(a2);
  const b3 = shifted<F>(a3);
  const r0 = reduced<F>(a0, b0);
  const r1 = reduced<F>(a1, b1);
  const r2 = reduced<F>(a2, b2);
  const r3 = reduced<F>(a3, b3);
  v128.store(x, finished<F>(v0, a0, r0, b0));
  v128.store(x, finished<F>(v1, a1, r1, b1), 16);
  v128.store(x, finished<F>(v2, a2, r2, b2), 32);
  v128.store(x, finished<F>(v3, a3, r3, b3), 48);
}

/** The vector at x with its two biases, which are there or not. */
// @ts-ignore: decorator
@inline
function biased(x: usize, biasIh: usize, biasHh: usize, bias: usize): v128 {
  const v = v128.load(x);
  return bias == 0 ? v : f32x4.add(v, f32x4.add(v128.load(biasIh), v128.load(biasHh)));
}

/** x = F(x + biasIh + biasHh), `bytes` of it. */
function activate<F>(x: usize, bytes: usize, biasIh: usize, biasHh: usize, bias: usize): void {
  let left = bytes;
  for (; left >= 64; left -= 64) {
    activate16<F>(
      x,
      biased(x, biasIh, biasHh, bias),
      biased(x + 16, biasIh + 16, biasHh + 16, bias),
      biased(x + 32, biasIh + 32, biasHh + 32, bias),
      biased(x + 48, biasIh + 48, biasHh + 48, bias),
    );
    x += 64;
    biasIh += 64;
    biasHh += 64;
  }
  for (; left >= 16; left -= 16) {
    v128.store(x, one<F>(biased(x, biasIh, biasHh, bias)));
    x += 16;
    biasIh += 16;
    biasHh += 16;
  }
  if (left == 0) return;
  let v = loadTail(x, left, all(0));
  if (bias != 0) v = f32x4.add(v, f32x4.add(loadTail(biasIh, left, all(0)), loadTail(biasHh, left, all(0))));
  storeTail(x, left, one<F>(v));
}

/** `bytes` of gates from x on through the sigmoid, with their biases (0: none) from `at` on. */
export function sigmoidGates(x: usize, bytes: usize, biasIh: usize, biasHh: usize, at: usize): void {
  activate<Sigmoid>(x, bytes, biasIh + at, biasHh + at, biasIh);
}

/** The same through tanh. */
export function tanhGates(x: usize, bytes: usize, biasIh: usize, biasHh: usize, at: usize): void {
  activate<Tanh>(x, bytes, biasIh + at, biasHh + at, biasIh);
}
