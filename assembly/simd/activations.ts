/**
 * Activations of four floats that are more than one elementary function, and their gradients g·f′(x). As in PyTorch, values
 * far below 0 give 0·x: NaN at −∞.
 */
import { all, select } from './bits';
import { erf4 } from './erf';
import { exp4, expQuotient, sigmoid4 } from './exp';
import { log1p4 } from './log';
import { madd } from './madd';

const ROOT_HALF: f32 = 0.70710678;
/** 1/√(2π). */
const DENSITY: f32 = 0.39894228;
/** 2·√(2/π), and the factor of the cube: Hendrycks and Gimpel (2016). */
const TWICE_ROOT: f32 = 1.59576912;
const CUBE: f32 = 0.044715;

/** Φ(x). */
// @ts-ignore: decorator
@inline
function cumulative(x: v128): v128 {
  return madd(erf4(f32x4.mul(x, all(ROOT_HALF))), all(0.5), all(0.5));
}

// @ts-ignore: decorator
@inline
export function gelu4(x: v128): v128 {
  return f32x4.mul(x, cumulative(x));
}

// @ts-ignore: decorator
@inline
export function geluGrad4(x: v128, g: v128): v128 {
  const density = f32x4.mul(exp4(f32x4.mul(f32x4.mul(x, x), all(-0.5))), all(DENSITY));
  return f32x4.mul(g, madd(x, density, cumulative(x)));
}

/** σ(2u), u = √(2/π)·(x + 0.044715·x³), with z = x². */
// @ts-ignore: decorator
@inline
function gate(x: v128, z: v128): v128 {
  return sigmoid4(f32x4.mul(f32x4.mul(x, all(TWICE_ROOT)), madd(z, all(CUBE), all(1))));
}

// @ts-ignore: decorator
@inline
export function geluTanh4(x: v128): v128 {
  return f32x4.mul(x, gate(x, f32x4.mul(x, x)));
}

/** g·s·(1 + x·(1 − s)·slope): the gradient of x·s where s = σ(…). */
// @ts-ignore: decorator
@inline
function gatedGrad(x: v128, g: v128, s: v128, slope: v128): v128 {
  const rest = f32x4.mul(f32x4.mul(x, f32x4.sub(all(1), s)), slope);
  return f32x4.mul(f32x4.mul(g, s), f32x4.add(rest, all(1)));
}

// @ts-ignore: decorator
@inline
export function geluTanhGrad4(x: v128, g: v128): v128 {
  const z = f32x4.mul(x, x);
  return gatedGrad(x, g, gate(x, z), f32x4.mul(madd(z, all(3 * CUBE), all(1)), all(TWICE_ROOT)));
}

// @ts-ignore: decorator
@inline
export function siluGrad4(x: v128, g: v128): v128 {
  return gatedGrad(x, g, sigmoid4(x), all(1));
}

// @ts-ignore: decorator
@inline
export function softplus4(x: v128, beta: v128, threshold: v128): v128 {
  const z = f32x4.mul(x, beta);
  return select(x, f32x4.div(log1p4(exp4(z)), beta), f32x4.gt(z, threshold));
}

/** e^z − 1 is z·Q(z) where e^z needs no power of two: |z| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
export function elu4(x: v128, factor: v128, scale: v128): v128 {
  const z = f32x4.mul(x, scale);
  const near = f32x4.mul(z, expQuotient(z, 1, 1));
  const below = select(near, f32x4.sub(exp4(z), all(1)), f32x4.lt(f32x4.abs(z), all(0.34)));
  return select(x, f32x4.mul(below, factor), f32x4.gt(x, all(0)));
}
