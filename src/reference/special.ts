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
