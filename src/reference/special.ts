/**
 * Functions of numbers that JavaScript lacks or defines differently from C and PyTorch. All are in doubles.
 */

import { CUBE, TWICE_ROOT } from '../../bindings/commands/limits.ts';
import { erf, sigmoid } from '../../bindings/commands/unary.ts';

/** C's pow (C17 F.10.4.4): in JavaScript 1 ** NaN and (±1) ** ±∞ are NaN, in C they are 1. */
export function pow(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

/** g·(Φ(x) + x·φ(x)). */
export function geluGrad(x: number, g: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  return g * (0.5 * (1 + erf(x * Math.SQRT1_2)) + x * density);
}

export function geluTanhGrad(x: number, g: number): number {
  const s = sigmoid(TWICE_ROOT * x * (1 + CUBE * x * x));
  return g * s * (1 + x * (1 - s) * TWICE_ROOT * (1 + 3 * CUBE * x * x));
}

export function siluGrad(x: number, g: number): number {
  const s = sigmoid(x);
  return g * s * (1 + x * (1 - s));
}

/** int32 power that wraps. A negative exponent leaves ±1 for the base ±1, and 0 for all others, as in PyTorch. */
export function powInt(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let factor = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}
