/** Minima of functions of a few thousand numbers in float64, by L-BFGS with a line search, until no more improvement is possible. */
import type { Objective } from '../optim/lineSearch.ts';
import { descend, newMemory } from '../optim/quasiNewton.ts';

export type { Objective };

/** The number of past steps from which the curvature is estimated. */
const HISTORY = 10;
/** The decrease below which rounding decides (64 steps of float64, as in SciPy). */
const LEAST_DECREASE = 64 * 2 ** -52;

/**
 * A minimum near `start`.
 *
 * @param tol ends when no element of the gradient is larger
 * @returns the minimum, the number of iterations, and the value after each of them
 */
export function minimize(
  fn: Objective,
  start: Float64Array,
  { maxIter, tol }: { maxIter: number; tol: number },
): { x: Float64Array; iterations: number; curve: number[] } {
  const curve: number[] = [];
  const settings = {
    lr: 1,
    maxIter,
    maxEval: Infinity,
    toleranceGrad: tol,
    toleranceChange: LEAST_DECREASE,
    historySize: HISTORY,
    lineSearchFn: 'strong_wolfe',
  } as const;
  const x = descend(fn, start, fn(start), newMemory(), settings, { onIteration: (value) => curve.push(value) });
  return { x, iterations: curve.length, curve };
}
