/** Commands that compute, copy or choose element by element. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/**
 * Functions of two elements. Comparisons give 0 or 1 as int32. maximum and minimum give NaN if either is NaN.
 * pow is C's powf (a negative base with an integer exponent has a sign). atan2 is not among them.
 * geluGrad, geluTanhGrad and siluGrad take the function's input x, and give g·fn′(x). powI by squaring; 0 where |1/a| < 1 and b < 0.
 * divI loses the fraction, remI has the dividend's sign; both are 0 where b is.
 * reluGrad(y, g) = y ≤ 0 ? 0 : g;  sigmoidGrad(y, g) = g·y·(1−y);  tanhGrad(y, g) = g·(1−y²). Those ending in `I` take int32 and wrap.
 */
export const binaryFns = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'eq',
  'ne',
  'gt',
  'ge',
  'lt',
  'le',
  'reluGrad',
  'sigmoidGrad',
  'tanhGrad',
  'addI',
  'subI',
  'mulI',
  'maximumI',
  'minimumI',
  'eqI',
  'neI',
  'gtI',
  'geI',
  'ltI',
  'leI',
  'powI',
  'divI',
  'remI',
  'geluGrad',
  'geluTanhGrad',
  'siluGrad',
] as const;

export const elementwiseCommands = {
  /** y = x, element by element, through strides (negative and 0 allowed for x). Copies bits: any type. */
  copy: { x: 'in', y: 'out', ndim: 'u32', shape: 'dims', xStrides: 'dims', yStrides: 'dims' },
  /** y[i] = value; `value` is an i32 if integer is 1, else an f32. */
  fill: { y: 'out', n: 'u32', value: 'bits', integer: 'u32' },
  /** y[i] = fn(x[i]). */
  unary: { fn: 'u32', x: 'in', y: 'out', n: 'u32', p0: 'bits', p1: 'bits' },
  /** y = fn(a, b), y contiguous. An operand at address 0 is the scalar. Stride 0 broadcasts. */
  binary: {
    fn: 'u32',
    a: 'in',
    b: 'in',
    y: 'out',
    scalar: 'bits',
    ndim: 'u32',
    shape: 'dims',
    aStrides: 'dims',
    bStrides: 'dims',
  },
  /** y = condition ≠ 0 ? a : b, y contiguous, condition int32. Any type. Stride 0 broadcasts. */
  where: {
    condition: 'in',
    a: 'in',
    b: 'in',
    y: 'out',
    ndim: 'u32',
    shape: 'dims',
    conditionStrides: 'dims',
    aStrides: 'dims',
    bStrides: 'dims',
  },
} as const satisfies CommandRows;

export const elementwiseCosts: Costs<typeof elementwiseCommands> = {
  copy: { elements: 'points' },
  fill: { elements: 'n' },
  unary: { elements: 'n', work: 'elements * (isLong(fn) ? 4 : 1)', flops: 'elements' },
  binary: {
    elements: 'points',
    // Powers, and gradients of long functions. A text without templates: bundlers leave these rows out, which only the build reads.
    work: 'elements * (fn == BinaryFn.pow || fn == BinaryFn.powI ? 16 : fn == BinaryFn.geluGrad || fn == BinaryFn.geluTanhGrad || fn == BinaryFn.siluGrad ? 6 : 1)',
    flops: 'elements',
  },
  where: { elements: 'points' },
};
