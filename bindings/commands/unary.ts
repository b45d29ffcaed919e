/**
 * The functions of one element, one row each: what it is of a number, in doubles, and as a WGSL expression of `x`. The vector
 * kernel of `name` is `name4`, exported somewhere in assembly/simd/ or from assembly/elementwise/unaryOps.ts. From this table the
 * build makes the opcode's enum, the switch of the kernels, and for rows made by `math` the functions and methods of tensors,
 * whose TSDoc is the comment of the row;
 * the reference executor and the WGSL kernels read it. `p0` and `p1` are the command's words, as floats or as int32.
 */

import { CUBE, TWICE_ROOT } from './limits.ts';

export interface UnaryRow {
  from: 'f32' | 'i32';
  to: 'f32' | 'i32';
  /** The definition. */
  of: (x: number, p0: number, p1: number) => number;
  wgsl: string;
  /** WGSL functions that the expression calls, besides those of src/webgpu/wgsl/math.ts. */
  wgslFunctions?: string;
  /** Whether the kernel is a polynomial, worth sharing among threads early. */
  isLong?: boolean;
}

/** A float function that tensors have under its name, and whose gradient rule has that name too. */
export interface MathRow extends UnaryRow {
  /** What its gradient is computed from. */
  saves: 'input' | 'output';
}

type More = Pick<UnaryRow, 'wgslFunctions' | 'isLong'>;

function float(of: UnaryRow['of'], wgsl: string, more: More = {}): UnaryRow {
  return { from: 'f32', to: 'f32', of, wgsl, ...more };
}
function integer(of: UnaryRow['of'], wgsl: string): UnaryRow {
  return { from: 'i32', to: 'i32', of, wgsl };
}
/** 1 where the WGSL condition holds, else 0. */
function test(from: 'f32' | 'i32', of: (x: number) => boolean, condition: string): UnaryRow {
  return { from, to: 'i32', of: (x) => (of(x) ? 1 : 0), wgsl: `select(0, 1, ${condition})` };
}
function math(saves: MathRow['saves'], of: (x: number) => number, wgsl: string, more: More = {}): MathRow {
  return { ...float(of, wgsl, more), saves };
}
const long = { isLong: true };

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** −1, 0 or 1; 0 for ±0 and NaN. */
const sign = (x: number): number => (x > 0 ? 1 : x < 0 ? -1 : 0);

/** The nearest integer, of two equally near ones the even one; keeps the sign of zero. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** Truncates to int32; NaN gives 0, beyond the range it saturates. */
function saturateToInt(x: number): number {
  if (x >= INT_MAX) return INT_MAX;
  if (x <= INT_MIN) return INT_MIN;
  return x | 0;
}

/** Beyond it erf is ±1 in doubles: erfc(6) < 2⁻⁵⁴. */
const ERF_IS_ONE = 6;

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·5 … (2n+1)): Abramowitz and Stegun 7.1.6. All terms have one sign, so
 * nothing cancels and the result is good to a few ulp of a double.
 */
export function erf(x: number): number {
  if (Math.abs(x) >= ERF_IS_ONE) return Math.sign(x);
  const twiceSquare = 2 * x * x;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > Math.abs(sum) * 2 ** -54; odd += 2) {
    term *= twiceSquare / odd;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const errorFunction = `
fn errorFunction(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (abs(x) < 0.92) {
    let z = x * x;
    var e = fma(-0.000597658858, z, 0.00499041239);
    e = fma(e, z, -0.0267647542);
    e = fma(e, z, 0.11281766);
    e = fma(e, z, -0.376124889);
    e = fma(e, z, 0.128379151);
    return fma(x, e, x);
  }
  let t = min(abs(x), 4.0);
  var q = fma(1.10362635e-5, t, -0.000320855557);
  q = fma(q, t, 0.00363455433);
  q = fma(q, t, -0.0237453841);
  q = fma(q, t, 0.106217563);
  q = fma(q, t, 0.63516295);
  q = fma(q, t, 0.128645629);
  return withSign(1.0 - exponential(-fma(t, q, t)), x);
}
`;

function softplus(x: number, beta: number, threshold: number): number {
  return beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta;
}

const limit = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

export const unaryRows = {
  neg: float((x) => -x, '-x'),
  abs: float(Math.abs, 'abs(x)'),
  // 0 for ±0 and NaN.
  sign: float(sign, 'select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0)'),
  /** √x; NaN for negative x. */
  sqrt: math('output', Math.sqrt, 'sqrt(x)'),
  /** 1/√x. */
  rsqrt: math('output', (x) => 1 / Math.sqrt(x), '1.0 / sqrt(x)'),
  /** 1/x. */
  reciprocal: math('output', (x) => 1 / x, '1.0 / x'),
  square: float((x) => x * x, 'x * x'),
  /** eˣ. */
  exp: math('output', Math.exp, 'exponential(x)', long),
  /** Natural logarithm. */
  log: math('input', Math.log, 'logarithm(x)', long),
  /** ln(1 + x), exact near 0. */
  log1p: math('input', Math.log1p, 'logarithm1p(x)', long),
  /** Sine; x in radians. */
  sin: math('input', Math.sin, 'sine(x)', long),
  /** Cosine; x in radians. */
  cos: math('input', Math.cos, 'cosine(x)', long),
  /** Hyperbolic tangent. */
  tanh: math('output', Math.tanh, 'hyperbolicTangent(x)', long),
  /** 1 / (1 + e⁻ˣ). */
  sigmoid: math('output', sigmoid, 'sigmoid(x)', long),
  /** max(x, 0); NaN stays. */
  relu: math('output', (x) => Math.max(x, 0), 'maximum(x, 0.0)'),
  /** Arc tangent, in radians. */
  atan: math('input', Math.atan, 'arcTangent(x)', long),
  /** Gauss error function, 2/√π · ∫₀ˣ e^(−t²) dt. */
  erf: math('input', erf, 'errorFunction(x)', {
    isLong: true,
    wgslFunctions: errorFunction,
  }),
  floor: float(Math.floor, 'floor(x)'),
  ceil: float(Math.ceil, 'ceil(x)'),
  // Halves go to the even neighbour.
  round: float(roundHalfEven, 'round(x)'),
  // To [p0, p1]; NaN stays.
  clamp: float(limit, 'minimum(maximum(x, bitcast<f32>(p0)), bitcast<f32>(p1))'),
  logicalNot: test('f32', (x) => x === 0, 'x == 0.0'),
  toBool: test('f32', (x) => x !== 0, '!(x == 0.0)'),
  toInt: { from: 'f32', to: 'i32', of: saturateToInt, wgsl: 'toInteger(x)' },
  negI: integer((x) => -x | 0, '-x'),
  absI: integer((x) => Math.abs(x) | 0, 'abs(x)'),
  signI: integer(sign, 'sign(x)'),
  squareI: integer((x) => Math.imul(x, x), 'x * x'),
  clampI: integer(limit, 'min(max(x, bitcast<i32>(p0)), bitcast<i32>(p1))'),
  logicalNotI: test('i32', (x) => x === 0, 'x == 0'),
  toBoolI: test('i32', (x) => x !== 0, 'x != 0'),
  toFloat: { from: 'i32', to: 'f32', of: (x) => x, wgsl: 'f32(x)' },
  // x·Φ(x) with the normal distribution's Φ.
  gelu: float((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)), 'x * normalShare(x)', long),
  // 0.5·x·(1 + tanh u) = x·σ(2u), u = √(2/π)·(x + 0.044715·x³).
  geluTanh: float((x) => x * sigmoid(TWICE_ROOT * x * (1 + CUBE * x * x)), 'x * sigmoid(geluAngle(x))', long),
  silu: float((x) => x * sigmoid(x), 'x * sigmoid(x)', long),
  // ln(1 + e^(p0·x)) / p0, but x where p0·x > p1.
  softplus: float(softplus, 'softplus(x, bitcast<f32>(p0), bitcast<f32>(p1))', long),
  // x > 0 ? x : p0·(e^(p1·x) − 1).
  elu: float(
    (x, factor, scale) => (x > 0 ? x : factor * Math.expm1(scale * x)),
    'select(bitcast<f32>(p0) * exponentialLessOne(bitcast<f32>(p1) * x), x, x > 0.0)',
    long,
  ),
  leakyRelu: float((x, slope) => (x > 0 ? x : slope * x), 'select(bitcast<f32>(p0) * x, x, x > 0.0)'),
} as const satisfies Record<string, UnaryRow>;

type Rows = typeof unaryRows;

/** The functions that tensors have under their own name. */
export type MathFn = { [F in keyof Rows]: Rows[F] extends MathRow ? F : never }[keyof Rows];

export const unaryFns = Object.keys(unaryRows) as (keyof Rows)[];
