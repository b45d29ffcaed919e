/**
 * Limited-memory BFGS in float64 for functions of a few thousand numbers (Nocedal & Wright, algorithm 7.5), with
 * backtracking.
 */

/** A function's value and gradient. */
export type Objective = (x: Float64Array) => { value: number; gradient: Float64Array };

/** Pairs of steps that the curvature is told from. */
const HISTORY = 10;
/** Share of the promised decrease that a step must bring. */
const DECREASE = 1e-4;
const MAX_HALVINGS = 40;
/** Relative decrease below which rounding decides (64 steps of float64, as scipy). */
const LEAST_DECREASE = 64 * 2 ** -52;

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

interface Pair {
  step: Float64Array;
  change: Float64Array;
  product: number;
}

/** −H·gradient, H the estimate of the inverse Hessian (two-loop recursion). */
function direction(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const d = gradient.map((g) => -g);
  const shares = pairs.map(() => 0);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { step, change, product } = pairs[k]!;
    shares[k] = dot(step, d) / product;
    for (let i = 0; i < d.length; i++) d[i]! -= shares[k]! * change[i]!;
  }
  const last = pairs[pairs.length - 1];
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change);
    for (let i = 0; i < d.length; i++) d[i]! *= scale;
  }
  pairs.forEach(({ step, change, product }, k) => {
    const share = shares[k]! - dot(change, d) / product;
    for (let i = 0; i < d.length; i++) d[i]! += share * step[i]!;
  });
  return d;
}

/**
 * A minimum near `start`.
 *
 * @param tol ends where no part of the gradient is larger
 * @returns the place, and how many iterations it took
 */
export function minimize(
  fn: Objective,
  start: Float64Array,
  { maxIter, tol }: { maxIter: number; tol: number },
): { x: Float64Array; value: number; iterations: number; curve: number[] } {
  let x = start;
  let { value, gradient } = fn(x);
  const pairs: Pair[] = [];
  const curve: number[] = [];
  let iterations = 0;
  while (iterations < maxIter && gradient.some((g) => Math.abs(g) > tol)) {
    let d = direction(gradient, pairs);
    let slope = dot(gradient, d);
    if (!(slope < 0)) {
      pairs.length = 0;
      d = gradient.map((g) => -g);
      slope = dot(gradient, d);
    }
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let found: { next: Float64Array; value: number; gradient: Float64Array } | null = null;
    for (let i = 0; i < MAX_HALVINGS && found === null; i++, length /= 2) {
      const next = x.map((value, j) => value + length * d[j]!);
      const result = fn(next);
      if (result.value <= value + DECREASE * length * slope) found = { next, ...result };
    }
    if (found === null) break;
    const step = found.next.map((value, i) => value - x[i]!);
    const change = found.gradient.map((g, i) => g - gradient[i]!);
    const product = dot(step, change);
    if (product > 1e-10 * dot(change, change)) pairs.push({ step, change, product });
    if (pairs.length > HISTORY) pairs.shift();
    const decrease = (value - found.value) / Math.max(Math.abs(value), Math.abs(found.value), 1);
    ({ next: x, value, gradient } = found);
    curve.push(value);
    iterations++;
    if (decrease <= LEAST_DECREASE) break;
  }
  return { x, value, iterations, curve };
}
