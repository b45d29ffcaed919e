/** Minima of functions of a few thousand numbers in float64: L-BFGS with a line search, until nothing is left to gain. */
import type { Objective } from '../optim/lineSearch.ts';
import { descend, newMemory } from '../optim/quasiNewton.ts';

export type { Objective };

/** Pairs of steps that the curvature is told from. */
const HISTORY = 10;
/** Decrease below which rounding decides (64 steps of float64, as scipy). */
const LEAST_DECREASE = 64 * 2 ** -52;

/**
 * A minimum near `start`.
 *
 * @param tol ends where no part of the gradient is larger
 * @returns the place, how many iterations it took, and the value after each
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
