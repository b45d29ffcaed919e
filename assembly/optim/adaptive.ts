/**
 * One step of RMSprop, Adagrad, Adadelta or NAdam on one parameter, by the rules in the command table. Operands are distinct
 * memory; no alignment is needed.
 */
import { AdaptiveCommand, AdaptiveFn } from '../generated/commands';
import { loadLanes, storeLanes } from '../reduce/lanes';
import { firstElementOf } from '../reduce/share';
import { madd } from '../simd/madd';

class Rmsprop {}
class Adagrad {}
class Adadelta {}
class NAdam {}

const MAXIMIZE: u32 = 1;

/** Updates the running mean at `at` with `value`: r·mean + s·value. */
// @ts-ignore: decorator
@inline
function moveMean<W>(at: usize, value: v128, r: v128, s: v128): v128 {
  const mean = madd(r, loadLanes<W>(at), f32x4.mul(s, value));
  storeLanes<W>(at, mean);
  return mean;
}

/** The change of the parameter, before it is multiplied by lr; NAdam's includes its rates. `i` is the elements' offset in bytes. */
// @ts-ignore: decorator
@inline
function change<Rule, W>(c: AdaptiveCommand, settings: usize, i: usize, g: v128): v128 {
  const epsilon = v128.load32_splat(settings, 4);
  const r = v128.load32_splat(settings, 12);
  const s = v128.load32_splat(settings, 16);
  const a = (<usize>c.a << 2) + i;
  const b = (<usize>c.b << 2) + i;
  const square = f32x4.mul(g, g);
  if (idof<Rule>() == idof<Rmsprop>()) {
    let v = moveMean<W>(a, square, r, s);
    if (c.b) {
      const mean = moveMean<W>(b, g, r, s);
      v = f32x4.sub(v, f32x4.mul(mean, mean));
    }
    const u = f32x4.div(g, f32x4.add(f32x4.sqrt(v), epsilon));
    if (!c.c) return u;
    const at = (<usize>c.c << 2) + i;
    const momentum = madd(v128.load32_splat(settings, 20), loadLanes<W>(at), u);
    storeLanes<W>(at, momentum);
    return momentum;
  }
  if (idof<Rule>() == idof<Adagrad>()) {
    const sum = f32x4.add(loadLanes<W>(a), square);
    storeLanes<W>(a, sum);
    return f32x4.div(g, f32x4.add(f32x4.sqrt(sum), epsilon));
  }
  if (idof<Rule>() == idof<Adadelta>()) {
    const v = moveMean<W>(a, square, r, s);
    const scale = f32x4.div(f32x4.sqrt(f32x4.add(loadLanes<W>(b), epsilon)), f32x4.sqrt(f32x4.add(v, epsilon)));
    const u = f32x4.mul(scale, g);
    moveMean<W>(b, f32x4.mul(u, u), r, s);
    return u;
  }
  const first = moveMean<W>(a, g, r, s);
  const second = moveMean<W>(b, square, v128.load32_splat(settings, 20), v128.load32_splat(settings, 24));
  const denominator = f32x4.add(f32x4.div(f32x4.sqrt(second), v128.load32_splat(settings, 28)), epsilon);
  const terms = madd(v128.load32_splat(settings), g, f32x4.mul(v128.load32_splat(settings, 32), first));
  return f32x4.div(terms, denominator);
}

// @ts-ignore: decorator
@inline
function step<Rule, W>(c: AdaptiveCommand, settings: usize, i: usize, sign: v128): void {
  const param = (<usize>c.param << 2) + i;
  const p = loadLanes<W>(param);
  const g = v128.xor(loadLanes<W>((<usize>c.grad << 2) + i), sign);
  const u = change<Rule, W>(c, settings, i, madd(v128.load32_splat(settings, 8), p, g));
  if (idof<Rule>() == idof<NAdam>()) {
    storeLanes<W>(param, f32x4.sub(f32x4.mul(p, v128.load32_splat(settings, 36)), u));
  } else {
    storeLanes<W>(param, f32x4.sub(p, f32x4.mul(v128.load32_splat(settings), u)));
  }
}

function update<Rule>(c: AdaptiveCommand, from: usize, to: usize): void {
  const settings = <usize>c.settings << 2;
  const sign = i32x4.splat(c.flags & MAXIMIZE ? i32.MIN_VALUE : 0);
  let i = from;
  for (; i + 16 <= to; i += 16) step<Rule, v128>(c, settings, i, sign);
  for (; i < to; i += 4) step<Rule, f32>(c, settings, i, sign);
}

export function adaptiveKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<AdaptiveCommand>(cmd);
  const from = <usize>firstElementOf(c.n, thread, threads) << 2;
  const to = <usize>firstElementOf(c.n, thread + 1, threads) << 2;
  switch (c.fn) {
    case AdaptiveFn.rmsprop:
      return update<Rmsprop>(c, from, to);
    case AdaptiveFn.adagrad:
      return update<Adagrad>(c, from, to);
    case AdaptiveFn.adadelta:
      return update<Adadelta>(c, from, to);
    default:
      return update<NAdam>(c, from, to);
  }
}
