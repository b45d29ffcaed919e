/**
 * One step of PyTorch's SGD on one parameter. d = ±grad + weightDecay·p; with momentum v = momentum·v + (1 − dampening)·d and d
 * = v, or d + momentum·v with nesterov; p −= lr·d. With an index, only the rows that it lists are changed, each once. Operands
 * are distinct memory; no alignment is needed.
 */
import { SgdCommand } from '../generated/commands';
import { within } from '../index/within';
import { loadLanes, storeLanes } from '../reduce/lanes';
import { firstElementOf, firstOf } from '../reduce/share';
import { madd } from '../simd/madd';

const NESTEROV: u32 = 1;
const MAXIMIZE: u32 = 2;

/** How the velocity is used. */
class NoMomentum {}
class Momentum {}
/** Whether weight decay is added. */
class Decay {}
class NoDecay {}

function update<Mode, WeightDecay>(c: SgdCommand, from: usize, to: usize): void {
  const settings = <usize>c.settings << 2;
  const lr = v128.load32_splat(settings);
  const momentum = v128.load32_splat(settings, 4);
  const gain = v128.load32_splat(settings, 8);
  const decay = v128.load32_splat(settings, 12);
  const sign = i32x4.splat(c.flags & MAXIMIZE ? i32.MIN_VALUE : 0);
  const nesterov = (c.flags & NESTEROV) != 0;
  const param = <usize>c.param << 2;
  const grad = <usize>c.grad << 2;
  const velocity = <usize>c.velocity << 2;
  let i = from;
  for (; i + 16 <= to; i += 16) {
    step<Mode, WeightDecay, v128>(param + i, grad + i, velocity + i, lr, momentum, gain, decay, sign, nesterov);
  }
  for (; i < to; i += 4) {
    step<Mode, WeightDecay, f32>(param + i, grad + i, velocity + i, lr, momentum, gain, decay, sign, nesterov);
  }
}

// @ts-ignore: decorator
@inline
function step<Mode, WeightDecay, W>(
  param: usize,
  grad: usize,
  velocity: usize,
  lr: v128,
  momentum: v128,
  gain: v128,
  decay: v128,
  sign: v128,
  nesterov: bool,
): void {
  const p = loadLanes<W>(param);
  let d = v128.xor(loadLanes<W>(grad), sign);
  if (idof<WeightDecay>() == idof<Decay>()) d = madd(decay, p, d);
  if (idof<Mode>() != idof<NoMomentum>()) {
    const v = madd(momentum, loadLanes<W>(velocity), f32x4.mul(gain, d));
    storeLanes<W>(velocity, v);
    d = nesterov ? madd(momentum, v, d) : v;
  }
  storeLanes<W>(param, f32x4.sub(p, f32x4.mul(lr, d)));
}

function updateWith<WeightDecay>(c: SgdCommand, from: usize, to: usize): void {
  if (c.velocity == 0) update<NoMomentum, WeightDecay>(c, from, to);
  else update<Momentum, WeightDecay>(c, from, to);
}

function updateAny(c: SgdCommand, from: usize, to: usize): void {
  // Without weight decay an infinite parameter must not make the gradient NaN.
  if (load<f32>(<usize>c.settings << 2, 12) == 0) updateWith<NoDecay>(c, from, to);
  else updateWith<Decay>(c, from, to);
}

export function sgdKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<SgdCommand>(cmd);
  if (c.index) {
    rows(c, thread, threads);
    return;
  }
  const from = <usize>firstElementOf(c.n, thread, threads) << 2;
  const to = <usize>firstElementOf(c.n, thread + 1, threads) << 2;
  updateAny(c, from, to);
}

/** Each thread updates its own rows, as addRows adds to its own. */
function rows(c: SgdCommand, thread: u32, threads: u32): void {
  const size = c.n / c.inner;
  const first = firstOf(size, thread, threads);
  const own = firstOf(size, thread + 1, threads) - first;
  const index = <usize>c.index << 2;
  const marks = <usize>c.marks << 2;
  const bytes = <usize>c.inner << 2;
  for (let j: u32 = 0; j < c.count; j++) {
    const row = within(load<u32>(index + (<usize>j << 2)), size);
    if (row - first >= own || load<u32>(marks + (<usize>row << 2)) != j) continue;
    const from = <usize>row * bytes;
    updateAny(c, from, from + bytes);
  }
}
