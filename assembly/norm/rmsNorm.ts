/**
 * y = x·rstd·weight and rstd = 1/√(mean of x² + ε) for each row, as the command table defines it. Each thread takes rows of its
 * own. y may be x; no alignment is needed.
 */
import { RmsNormCommand } from '../generated/commands';
import { loadLanes, loadTail, storeLanes } from '../reduce/lanes';
import { firstOf } from '../reduce/share';
import { madd } from '../simd/madd';
import { total } from './sums';

/** Bytes that one set of single-precision accumulators takes. */
const CHUNK: usize = 16384;
/** Below this sum the squares that have vanished in single precision could count. */
const SMALL: f64 = 1e-24;

/** Σ x², partial sums in single precision. */
function roughSquares(x: usize, bytes: usize): f64 {
  let sum: f64 = 0;
  let i: usize = 0;
  while (i < bytes) {
    const end = min(bytes, i + CHUNK);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (; i + 64 <= end; i += 64) {
      const v0 = v128.load(x + i);
      const v1 = v128.load(x + i, 16);
      const v2 = v128.load(x + i, 32);
      const v3 = v128.load(x + i, 48);
      a = madd(v0, v0, a);
      b = madd(v1, v1, b);
      c = madd(v2, v2, c);
      d = madd(v3, v3, d);
    }
    for (; i + 16 <= end; i += 16) {
      const v = v128.load(x + i);
      a = madd(v, v, a);
    }
    if (i < end) {
      const v = loadTail(x + i, end - i, f32x4.splat(0));
      a = madd(v, v, a);
      i = end;
    }
    sum += total(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  }
  return sum;
}

/** Σ x²; in double precision where squares overflow or vanish in single precision. */
function squares(x: usize, bytes: usize): f64 {
  const rough = roughSquares(x, bytes);
  if (rough > SMALL && rough < Infinity) return rough;
  let sum: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) {
    const v = <f64>load<f32>(x + i);
    sum += v * v;
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function step<W>(x: usize, y: usize, w: usize, rstd: v128): void {
  const v = f32x4.mul(loadLanes<W>(x), rstd);
  storeLanes<W>(y, w ? f32x4.mul(v, loadLanes<W>(w)) : v);
}

export function rmsNormKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<RmsNormCommand>(cmd);
  const bytes = <usize>c.cols << 2;
  const w = <usize>c.weight << 2;
  const last = firstOf(c.rows, thread + 1, threads);
  for (let r = firstOf(c.rows, thread, threads); r < last; r++) {
    const x = (<usize>c.x << 2) + bytes * r;
    const y = (<usize>c.y << 2) + bytes * r;
    const scale = <f32>(1 / sqrt(squares(x, bytes) / <f64>c.cols + <f64>c.eps));
    store<f32>((<usize>c.rstd + r) << 2, scale);
    const rstd = f32x4.splat(scale);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) step<v128>(x + i, y + i, w ? w + i : 0, rstd);
    for (; i < bytes; i += 4) step<f32>(x + i, y + i, w ? w + i : 0, rstd);
  }
}
