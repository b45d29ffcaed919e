/**
 * What GEMM does to a finished block of C: adds the bias (one value a column) and applies the activation. Every element
 * passes here once, after its last K block. Addresses and `cRow` are in bytes, `bias` 0 means none; no alignment is
 * assumed.
 */
import { Activation } from '../generated/commands';
import { sigmoid4, tanh4 } from '../simd/math';

// @ts-ignore: decorator
@inline
function activate(x: v128, activation: u32): v128 {
  switch (activation) {
    case Activation.relu:
      return f32x4.max(x, f32x4.splat(0));
    case Activation.sigmoid:
      return sigmoid4(x);
    case Activation.tanh:
      return tanh4(x);
    default:
      return x;
  }
}

/** `biasStep` is 4, or 0 where all columns have the bias's one value. */
export function finishRow(c: usize, bias: usize, biasStep: usize, columns: u32, activation: u32): void {
  for (; columns >= 4; columns -= 4) {
    let x = v128.load(c);
    if (bias != 0) {
      x = f32x4.add(x, biasStep != 0 ? v128.load(bias) : v128.load32_splat(bias));
      bias += biasStep << 2;
    }
    v128.store(c, activate(x, activation));
    c += 16;
  }
  for (; columns != 0; columns--) {
    let x = v128.load32_zero(c);
    if (bias != 0) {
      x = f32x4.add(x, v128.load32_zero(bias));
      bias += biasStep;
    }
    v128.store_lane<f32>(c, activate(x, activation), 0);
    c += 4;
  }
}

/** A block of `rows` × `columns`; a contiguous column is taken as one row. */
export function epilogue(c: usize, cRow: usize, bias: usize, rows: u32, columns: u32, activation: u32): void {
  if (bias == 0 && activation == Activation.none) return;
  if (columns == 1 && cRow == 4) return finishRow(c, bias, 0, rows, activation);
  for (let i: u32 = 0; i < rows; i++) {
    finishRow(c, bias, 4, columns, activation);
    c += cRow;
  }
}

/** A block of `rows` × `columns` times `factor`. */
export function scaleBlock(x: usize, row: usize, rows: u32, columns: u32, factor: f32): void {
  const vector = f32x4.splat(factor);
  const bytes: usize = (<usize>columns) << 2;
  const whole: usize = bytes & ~15;
  for (let i: u32 = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(x + j, f32x4.mul(vector, v128.load(x + j)));
    for (; j < bytes; j += 4) store<f32>(x + j, factor * load<f32>(x + j));
    x += row;
  }
}
