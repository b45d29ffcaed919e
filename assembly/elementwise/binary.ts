/**
 * y = fn(a, b) over a nest of loops. A row has a loop for each common pair of strides (both adjacent, one of them a single
 * element) and one for all others. Contract: y contiguous, at any multiple of 4 bytes; y may be a or b if that operand has
 * the same layout; strides of any sign. An operand at address 0 is the scalar, read from the command itself.
 */
import { BinaryCommand, BinaryFn } from '../generated/commands';
import {
  Add,
  AddI,
  Div,
  DivI,
  Eq,
  EqI,
  Ge,
  GeI,
  GeluGrad,
  GeluTanhGrad,
  Gt,
  GtI,
  Le,
  LeI,
  Lt,
  LtI,
  Maximum,
  MaximumI,
  Minimum,
  MinimumI,
  Mul,
  MulI,
  Ne,
  NeI,
  Pow,
  PowI,
  ReluGrad,
  RemI,
  SigmoidGrad,
  SiluGrad,
  Sub,
  SubI,
  TanhGrad,
  binaryOp,
} from './binaryOps';
import { groupEnd, groupSize, groupStride, lastDim, offsetOf } from './nest';
import { partStart } from './partition';
import { gather, gatherTail, loadTail, storeTail } from './tail';

/** Whether the function is so long that one loop for all strides is enough. */
// @ts-ignore: decorator
@inline
function isLong<F>(): bool {
  return (
    idof<F>() == idof<Pow>() ||
    idof<F>() == idof<PowI>() ||
    idof<F>() == idof<DivI>() ||
    idof<F>() == idof<RemI>() ||
    idof<F>() == idof<GeluGrad>() ||
    idof<F>() == idof<GeluTanhGrad>() ||
    idof<F>() == idof<SiluGrad>()
  );
}

/** One row of n elements. */
function row<F>(a: usize, b: usize, y: usize, n: u32, aStride: i32, bStride: i32): void {
  const end = y + ((n & ~3) << 2);
  if (!isLong<F>()) {
    if (aStride == 1 && bStride == 1) {
      const pairs = y + ((n & ~7) << 2);
      while (y < pairs) {
        const y0 = binaryOp<F>(v128.load(a), v128.load(b));
        const y1 = binaryOp<F>(v128.load(a, 16), v128.load(b, 16));
        v128.store(y, y0);
        v128.store(y, y1, 16);
        a += 32;
        b += 32;
        y += 32;
      }
    } else if (aStride == 1 && bStride == 0) {
      const same = v128.load32_splat(b);
      for (; y < end; y += 16, a += 16) v128.store(y, binaryOp<F>(v128.load(a), same));
    } else if (aStride == 0 && bStride == 1) {
      const same = v128.load32_splat(a);
      for (; y < end; y += 16, b += 16) v128.store(y, binaryOp<F>(same, v128.load(b)));
    }
  }
  const aStep = <usize>aStride << 4;
  const bStep = <usize>bStride << 4;
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, binaryOp<F>(gather(a, aStride), gather(b, bStride)));
  }
  const left = n & 3;
  if (left > 0) {
    const va = aStride == 1 ? loadTail(a, left) : gatherTail(a, aStride, left);
    const vb = bStride == 1 ? loadTail(b, left) : gatherTail(b, bStride, left);
    storeTail(y, binaryOp<F>(va, vb), left);
  }
}

function binary(fn: u32, a: usize, b: usize, y: usize, n: u32, aStride: i32, bStride: i32): void {
  switch (fn) {
    case BinaryFn.add:
      return row<Add>(a, b, y, n, aStride, bStride);
    case BinaryFn.sub:
      return row<Sub>(a, b, y, n, aStride, bStride);
    case BinaryFn.mul:
      return row<Mul>(a, b, y, n, aStride, bStride);
    case BinaryFn.div:
      return row<Div>(a, b, y, n, aStride, bStride);
    case BinaryFn.pow:
      return row<Pow>(a, b, y, n, aStride, bStride);
    case BinaryFn.maximum:
      return row<Maximum>(a, b, y, n, aStride, bStride);
    case BinaryFn.minimum:
      return row<Minimum>(a, b, y, n, aStride, bStride);
    case BinaryFn.eq:
      return row<Eq>(a, b, y, n, aStride, bStride);
    case BinaryFn.ne:
      return row<Ne>(a, b, y, n, aStride, bStride);
    case BinaryFn.gt:
      return row<Gt>(a, b, y, n, aStride, bStride);
    case BinaryFn.ge:
      return row<Ge>(a, b, y, n, aStride, bStride);
    case BinaryFn.lt:
      return row<Lt>(a, b, y, n, aStride, bStride);
    case BinaryFn.le:
      return row<Le>(a, b, y, n, aStride, bStride);
    case BinaryFn.reluGrad:
      return row<ReluGrad>(a, b, y, n, aStride, bStride);
    case BinaryFn.sigmoidGrad:
      return row<SigmoidGrad>(a, b, y, n, aStride, bStride);
    case BinaryFn.tanhGrad:
      return row<TanhGrad>(a, b, y, n, aStride, bStride);
    case BinaryFn.addI:
      return row<AddI>(a, b, y, n, aStride, bStride);
    case BinaryFn.subI:
      return row<SubI>(a, b, y, n, aStride, bStride);
    case BinaryFn.mulI:
      return row<MulI>(a, b, y, n, aStride, bStride);
    case BinaryFn.maximumI:
      return row<MaximumI>(a, b, y, n, aStride, bStride);
    case BinaryFn.minimumI:
      return row<MinimumI>(a, b, y, n, aStride, bStride);
    case BinaryFn.eqI:
      return row<EqI>(a, b, y, n, aStride, bStride);
    case BinaryFn.neI:
      return row<NeI>(a, b, y, n, aStride, bStride);
    case BinaryFn.gtI:
      return row<GtI>(a, b, y, n, aStride, bStride);
    case BinaryFn.geI:
      return row<GeI>(a, b, y, n, aStride, bStride);
    case BinaryFn.ltI:
      return row<LtI>(a, b, y, n, aStride, bStride);
    case BinaryFn.leI:
      return row<LeI>(a, b, y, n, aStride, bStride);
    case BinaryFn.powI:
      return row<PowI>(a, b, y, n, aStride, bStride);
    case BinaryFn.divI:
      return row<DivI>(a, b, y, n, aStride, bStride);
    case BinaryFn.remI:
      return row<RemI>(a, b, y, n, aStride, bStride);
    case BinaryFn.geluGrad:
      return row<GeluGrad>(a, b, y, n, aStride, bStride);
    case BinaryFn.geluTanhGrad:
      return row<GeluTanhGrad>(a, b, y, n, aStride, bStride);
    case BinaryFn.siluGrad:
      return row<SiluGrad>(a, b, y, n, aStride, bStride);
    default:
      unreachable();
  }
}

export function binaryKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<BinaryCommand>(cmd);
  const shape = cmd + offsetof<BinaryCommand>('shape0');
  const total = groupSize(shape, -1, <i32>c.ndim - 1);
  let begin = partStart(total, thread, threads);
  let left = partStart(total, thread + 1, threads) - begin;
  if (<i32>left <= 0) return;

  // A scalar has stride 0 everywhere; dimensions are grouped as if it had the other operand's strides.
  const scalar = cmd + offsetof<BinaryCommand>('scalar');
  const aStrides = cmd + (c.a == 0 ? offsetof<BinaryCommand>('bStrides0') : offsetof<BinaryCommand>('aStrides0'));
  const bStrides = cmd + (c.b == 0 ? offsetof<BinaryCommand>('aStrides0') : offsetof<BinaryCommand>('bStrides0'));
  const aMask = c.a == 0 ? 0 : -1;
  const bMask = c.b == 0 ? 0 : -1;
  const a = c.a == 0 ? scalar : <usize>c.a << 2;
  const b = c.b == 0 ? scalar : <usize>c.b << 2;
  let y = (<usize>c.y + begin) << 2;

  const last = lastDim(shape, <i32>c.ndim - 1);
  const middle = groupEnd(shape, aStrides, bStrides, bStrides, last);
  const outer = groupEnd(shape, aStrides, bStrides, bStrides, middle);
  const n = groupSize(shape, middle, last);
  const rows = groupSize(shape, outer, middle);
  const aStride = groupStride(aStrides, last, 1) & aMask;
  const bStride = groupStride(bStrides, last, 1) & bMask;
  const aRow = groupStride(aStrides, middle, 0) & aMask;
  const bRow = groupStride(bStrides, middle, 0) & bMask;

  let r: u32 = 0;
  let column: u32 = 0;
  let plane: u32 = 0;
  if (begin > 0) {
    r = begin / n;
    column = begin - r * n;
    plane = r / rows;
    r -= plane * rows;
  }
  for (; left > 0; plane++) {
    const aPlane = a + (<usize>(offsetOf(shape, aStrides, outer, plane) & aMask) << 2);
    const bPlane = b + (<usize>(offsetOf(shape, bStrides, outer, plane) & bMask) << 2);
    for (; r < rows && left > 0; r++) {
      const count = min(n - column, left);
      const pa = aPlane + (<usize>(<i32>r * aRow + <i32>column * aStride) << 2);
      const pb = bPlane + (<usize>(<i32>r * bRow + <i32>column * bStride) << 2);
      binary(c.fn, pa, pb, y, count, aStride, bStride);
      y += <usize>count << 2;
      left -= count;
      column = 0;
    }
    r = 0;
  }
}
