/**
 * Elementary functions of four floats, each within 2 ulp of the exact value (pow: 4) for every float32, in the plain
 * build (mul, then add) and in the relaxed one (fused). No tables, no branches (except sin and cos beyond 2^28), and
 * no lane depends on another one. Signed zeros, infinities, NaN and denormals behave as in C. Coefficients: fit/minimax.py.
 */
export { exp4, sigmoid4, tanh4 } from './exp';
export { log4 } from './log';
export { pow4 } from './pow';
export { unitCos4, unitSin4 } from './trig';
