/**
 * Functions of numbers that JavaScript lacks or defines in another way than C and PyTorch do. All are in doubles.
 */

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** −1, 0 or 1; 0 for ±0 and NaN. */
export function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/** The nearest integer, of two equally near ones the even one; keeps the sign of zero. */
export function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** Truncates to int32; NaN gives 0, beyond the range it saturates. */
export function saturateToInt(x: number): number {
  if (x >= INT_MAX) return INT_MAX;
  if (x <= INT_MIN) return INT_MIN;
  return x | 0;
}

/** C's pow (C17 F.10.4.4): in JavaScript 1 ** NaN and (±1) ** ±∞ are NaN, in C they are 1. */
export function pow(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
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

/** x·Φ(x) with the normal distribution's Φ. */
export const gelu = (x: number): number => 0.5 * x * (1 + erf(x * Math.SQRT1_2));

/** g·(Φ(x) + x·φ(x)). */
export function geluGrad(x: number, g: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  return g * (0.5 * (1 + erf(x * Math.SQRT1_2)) + x * density);
}

/** Hendrycks and Gimpel (2016): 2·√(2/π) and the factor of the cube in GELU's approximation by tanh. */
const TWICE_ROOT = 2 * Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

/** 0.5·x·(1 + tanh u) = x·σ(2u). */
export const geluTanh = (x: number): number => x * sigmoid(TWICE_ROOT * x * (1 + CUBE * x * x));

export function geluTanhGrad(x: number, g: number): number {
  const s = sigmoid(TWICE_ROOT * x * (1 + CUBE * x * x));
  return g * s * (1 + x * (1 - s) * TWICE_ROOT * (1 + 3 * CUBE * x * x));
}

export function siluGrad(x: number, g: number): number {
  const s = sigmoid(x);
  return g * s * (1 + x * (1 - s));
}

export function softplus(x: number, beta: number, threshold: number): number {
  return beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta;
}

export const elu = (x: number, factor: number, scale: number): number => (x > 0 ? x : factor * Math.expm1(scale * x));

/** int32 power that wraps. A negative exponent leaves ±1 for the base ±1, and 0 for all others, as PyTorch's. */
export function powInt(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let factor = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}
