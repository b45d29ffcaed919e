/**
 * check: whether elements are in a range. The first one outside leaves its place and its bits in the fault words, unless an
 * earlier command has left a fault there. One thread does it all: the result is the same for any number of threads, and the
 * cost is a fraction of that of the command that reads the elements as indices. No alignment is needed.
 */
import { CheckCommand } from '../generated/commands';
import { loadLanes } from '../reduce/lanes';

class Ints {}
class Floats {}

/** All bits set in the lanes that are outside the range. NaN is not outside. */
// @ts-ignore: decorator
@inline
function outside<T>(v: v128, low: v128, high: v128, except: v128): v128 {
  if (idof<T>() == idof<Ints>()) {
    return v128.andnot(v128.or(i32x4.lt_s(v, low), i32x4.gt_s(v, high)), i32x4.eq(v, except));
  }
  return v128.andnot(v128.or(f32x4.lt(v, low), f32x4.gt(v, high)), f32x4.eq(v, except));
}

/** The offset in bytes of the first element outside, or `bytes`. */
function find<T>(c: CheckCommand, bytes: usize): usize {
  const x = <usize>c.x << 2;
  const low = i32x4.splat(c.low);
  const high = i32x4.splat(c.high);
  const except = i32x4.splat(c.except);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    if (v128.any_true(outside<T>(v128.load(x + i), low, high, except))) break;
  }
  for (; i < bytes; i += 4) {
    if (i32x4.extract_lane(outside<T>(loadLanes<f32>(x + i), low, high, except), 0)) break;
  }
  return i;
}

export function checkKernel(cmd: usize, thread: u32, _threads: u32): void {
  const c = changetype<CheckCommand>(cmd);
  const fault = <usize>c.fault << 2;
  if (thread || load<u32>(fault)) return;
  const bytes = <usize>c.n << 2;
  const at = c.integer ? find<Ints>(c, bytes) : find<Floats>(c, bytes);
  if (at == bytes) return;
  store<u32>(fault, c.site);
  store<u32>(fault, <u32>(at >> 2), 4);
  store<u32>(fault, load<u32>((<usize>c.x << 2) + at), 8);
}
