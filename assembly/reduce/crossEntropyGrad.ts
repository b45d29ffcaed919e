/**
 * The gradient of cross-entropy, from the logits and their stored ln Σ exp. With p = exp(x − lse), own = (1−s)·w[t] and
 * W = Σ w:  gx[c] = g·((own + s/cols·W)·p[c] − s/cols·w[c] − [c = t]·own), g divided by the norm for the mean.
 * Ignored rows get 0. gx overlaps no input; no alignment is needed.
 */
import { CrossEntropyGradCommand } from '../generated/commands';
import { within } from '../index/within';
import { exp4 } from '../simd/math';
import { lane0, loadTail, storeTail } from './lanes';
import { Sum } from './ops';
import { MEAN, NONE, weightAt } from './reduction';
import { reduceRun } from './run';
import { firstOf } from './share';

/** a·exp(x − lse) − b. */
// @ts-ignore: decorator
@inline
function grad4(x: v128, lse: v128, a: v128, b: v128): v128 {
  return f32x4.sub(f32x4.mul(a, exp4(f32x4.sub(x, lse))), b);
}

function plainRow(x: usize, gx: usize, bytes: usize, lse: v128, a: v128, b: v128): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(gx + i, grad4(v128.load(x + i), lse, a, b));
  if (i < bytes) storeTail(gx + i, bytes - i, grad4(loadTail(x + i, bytes - i, lse), lse, a, b));
}

function weightedRow(x: usize, gx: usize, bytes: usize, lse: v128, a: v128, b: v128, weight: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    v128.store(gx + i, grad4(v128.load(x + i), lse, a, f32x4.mul(b, v128.load(weight + i))));
  }
  if (i == bytes) return;
  const left = bytes - i;
  const own = f32x4.mul(b, loadTail(weight + i, left, b));
  storeTail(gx + i, left, grad4(loadTail(x + i, left, lse), lse, a, own));
}

export function crossEntropyGradKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<CrossEntropyGradCommand>(cmd);
  const cols = c.cols;
  const bytes = <usize>cols << 2;
  const weight = <usize>c.weight << 2;
  const share = c.smoothing / <f32>cols;
  const smoothWeighted = weight != 0 && share != 0;
  const allWeights: f32 = smoothWeighted ? lane0(reduceRun<Sum>(weight, cols)) : <f32>cols;
  const last = firstOf(c.rows, thread + 1, threads);
  let scale: f32 = c.reduction == NONE ? 0 : load<f32>(<usize>c.g << 2);
  if (c.reduction == MEAN) scale /= load<f32>(<usize>c.norm << 2);
  for (let r = firstOf(c.rows, thread, threads); r < last; r++) {
    const at = <usize>r << 2;
    const gx = (<usize>c.gx << 2) + <usize>r * bytes;
    const target = load<i32>((<usize>c.target << 2) + at);
    if (target == c.ignoreIndex) {
      memory.fill(gx, 0, bytes);
      continue;
    }
    if (c.reduction == NONE) scale = load<f32>((<usize>c.g << 2) + at);
    const t = within(target, cols);
    const own = scale * (1 - c.smoothing) * weightAt(weight, t);
    const b = scale * share;
    const x = (<usize>c.x << 2) + <usize>r * bytes;
    const lse = v128.load32_splat((<usize>c.lse << 2) + at);
    const a = f32x4.splat(own + b * allWeights);
    if (smoothWeighted) weightedRow(x, gx, bytes, lse, a, f32x4.splat(b), weight);
    else plainRow(x, gx, bytes, lse, a, f32x4.splat(b));
    const hit = gx + (<usize>t << 2);
    store<f32>(hit, load<f32>(hit) - own);
  }
}
