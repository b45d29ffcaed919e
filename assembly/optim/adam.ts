/**
 * One step of PyTorch's Adam or AdamW on one parameter, by the formulas in the command table. Multiplies √v̂ by
 * 1/√(1−β2^t) instead of dividing. Operands are distinct memory; no alignment is needed.
 */
import { AdamCommand } from '../generated/commands';
import { loadLanes, storeLanes } from '../reduce/lanes';
import { firstElementOf } from '../reduce/share';
import { madd } from '../simd/madd';

const DECOUPLED: u32 = 1;
const AMSGRAD: u32 = 2;
const MAXIMIZE: u32 = 4;

/** Weight decay: none, added to the gradient (Adam), or applied to the parameter (AdamW). */
class NoDecay {}
class Added {}
class Decoupled {}
/** Second moment: the running mean, or its greatest value so far. */
class Mean {}
class Greatest {}

function update<WeightDecay, Moment>(c: AdamCommand, from: usize, to: usize): void {
  const settings = <usize>c.settings << 2;
  const lr = v128.load32_splat(settings);
  const beta1 = v128.load32_splat(settings, 4);
  const gain1 = v128.load32_splat(settings, 8);
  const beta2 = v128.load32_splat(settings, 12);
  const gain2 = v128.load32_splat(settings, 16);
  const epsilon = v128.load32_splat(settings, 20);
  const decay =
    idof<WeightDecay>() == idof<Decoupled>() ? v128.load32_splat(settings, 32) : v128.load32_splat(settings, 24);
  const correction = f32x4.div(f32x4.splat(1), v128.load32_splat(settings, 28));
  const sign = i32x4.splat(c.flags & MAXIMIZE ? i32.MIN_VALUE : 0);
  const param = <usize>c.param << 2;
  const grad = <usize>c.grad << 2;
  const m = <usize>c.m << 2;
  const v = <usize>c.v << 2;
  const vMax = <usize>c.vMax << 2;
  let i = from;
  for (; i + 16 <= to; i += 16) {
    const g = gradient<WeightDecay, v128>(param + i, grad + i, sign, decay);
    const second = secondMoment<Moment, v128>(v + i, vMax + i, g, beta2, gain2);
    const first = firstMoment<v128>(m + i, g, beta1, gain1);
    step<WeightDecay, v128>(param + i, first, second, lr, epsilon, correction, decay);
  }
  for (; i < to; i += 4) {
    const g = gradient<WeightDecay, f32>(param + i, grad + i, sign, decay);
    const second = secondMoment<Moment, f32>(v + i, vMax + i, g, beta2, gain2);
    const first = firstMoment<f32>(m + i, g, beta1, gain1);
    step<WeightDecay, f32>(param + i, first, second, lr, epsilon, correction, decay);
  }
}

// @ts-ignore: decorator
@inline
function gradient<WeightDecay, W>(param: usize, grad: usize, sign: v128, decay: v128): v128 {
  const g = v128.xor(loadLanes<W>(grad), sign);
  return idof<WeightDecay>() == idof<Added>() ? madd(decay, loadLanes<W>(param), g) : g;
}

// @ts-ignore: decorator
@inline
function firstMoment<W>(at: usize, g: v128, beta: v128, gain: v128): v128 {
  const m = madd(beta, loadLanes<W>(at), f32x4.mul(gain, g));
  storeLanes<W>(at, m);
  return m;
}

// @ts-ignore: decorator
@inline
function secondMoment<Moment, W>(at: usize, greatest: usize, g: v128, beta: v128, gain: v128): v128 {
  const v = madd(beta, loadLanes<W>(at), f32x4.mul(f32x4.mul(gain, g), g));
  storeLanes<W>(at, v);
  if (idof<Moment>() == idof<Mean>()) return v;
  const most = f32x4.max(loadLanes<W>(greatest), v);
  storeLanes<W>(greatest, most);
  return most;
}

// @ts-ignore: decorator
@inline
function step<WeightDecay, W>(
  param: usize,
  first: v128,
  second: v128,
  lr: v128,
  epsilon: v128,
  correction: v128,
  decay: v128,
): void {
  let p = loadLanes<W>(param);
  if (idof<WeightDecay>() == idof<Decoupled>()) p = f32x4.mul(p, decay);
  const denominator = madd(f32x4.sqrt(second), correction, epsilon);
  storeLanes<W>(param, f32x4.sub(p, f32x4.div(f32x4.mul(lr, first), denominator)));
}

function updateWith<WeightDecay>(c: AdamCommand, from: usize, to: usize): void {
  if (c.flags & AMSGRAD) update<WeightDecay, Greatest>(c, from, to);
  else update<WeightDecay, Mean>(c, from, to);
}

export function adamKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<AdamCommand>(cmd);
  const from = <usize>firstElementOf(c.n, thread, threads) << 2;
  const to = <usize>firstElementOf(c.n, thread + 1, threads) << 2;
  if (c.flags & DECOUPLED) updateWith<Decoupled>(c, from, to);
  else if (load<f32>(<usize>c.settings << 2, 24) == 0) updateWith<NoDecay>(c, from, to);
  else updateWith<Added>(c, from, to);
}
