/**
 * Limited-memory BFGS (Nocedal & Wright, algorithm 7.5) on plain numbers in float64, with PyTorch's rules for step lengths and
 * termination. It does not know tensors. The optimizer LBFGS and the estimators are built on it.
 */
import { type Objective, strongWolfe } from './lineSearch.ts';
import { dot, largest } from './vectors.ts';

/** A step, and the change of the gradient that it caused. */
interface Pair {
  step: Float64Array;
  change: Float64Array;
  /** step·change. */
  product: number;
}

/** The state that is kept between iterations. */
export interface Memory {
  /** Oldest first. */
  pairs: Pair[];
  direction: Float64Array;
  /** Length of the last step along `direction`. */
  length: number;
  gradient: Float64Array;
  iterations: number;
}

export interface Settings {
  lr: number;
  maxIter: number;
  maxEval: number;
  toleranceGrad: number;
  toleranceChange: number;
  historySize: number;
  lineSearchFn: 'strong_wolfe' | null;
}

/** The least step·change of a pair that is kept, as in PyTorch: a smaller one tells nothing about the curvature. */
const LEAST_PRODUCT = 1e-10;

export function newMemory(): Memory {
  const none = new Float64Array(0);
  return { pairs: [], direction: none, length: 0, gradient: none, iterations: 0 };
}

/** −H·gradient, where H is the estimate of the inverse Hessian (two-loop recursion). */
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

/** Adds the last step and its change of the gradient to the memory. */
function learn(memory: Memory, gradient: Float64Array, historySize: number, round: (v: Float64Array) => Float64Array) {
  const step = round(memory.direction.map((d) => d * memory.length));
  const change = round(gradient.map((g, i) => g - memory.gradient[i]!));
  const product = dot(step, change);
  if (!(product > LEAST_PRODUCT)) return;
  while (memory.pairs.length >= historySize) memory.pairs.shift();
  memory.pairs.push({ step, change, product });
}

export interface Hooks {
  /** Rounds what is remembered to the precision of a file. */
  round?: (v: Float64Array) => Float64Array;
  /** Called with the value after each iteration. */
  onIteration?: (value: number) => void;
}

/**
 * Up to `maxIter` iterations from `start`, where value and gradient are `first`.
 *
 * @returns the point that was reached; the last call of `fn` may have been at another one
 */
export function descend(
  fn: Objective,
  start: Float64Array,
  first: { value: number; gradient: Float64Array },
  memory: Memory,
  settings: Settings,
  { round = (v) => v, onIteration }: Hooks = {},
): Float64Array {
  const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn } = settings;
  let x = start;
  let { value, gradient } = first;
  let evaluations = 1;
  for (let n = 1; n <= maxIter && largest(gradient) > toleranceGrad; n++) {
    const isFirst = memory.iterations++ === 0;
    if (!isFirst) learn(memory, gradient, historySize, round);
    memory.direction = round(direction(gradient, memory.pairs));
    memory.gradient = gradient;
    const d = memory.direction;
    const before = value;
    const norm1 = gradient.reduce((sum, g) => sum + Math.abs(g), 0);
    memory.length = isFirst ? Math.min(1, 1 / norm1) * lr : lr;
    const slope = dot(gradient, d);
    if (!(slope <= -toleranceChange)) break;
    const at = (length: number) => x.map((value, i) => value + length * d[i]!);
    if (lineSearchFn === null) {
      x = at(memory.length);
      // As in PyTorch, the value after the last iteration is not computed.
      if (n < maxIter) ({ value, gradient } = fn(x));
      evaluations++;
    } else {
      const found = strongWolfe((length) => fn(at(length)), d, { value, gradient, slope, length: memory.length });
      ({ value, gradient, length: memory.length } = found);
      evaluations += found.evaluations;
      x = at(memory.length);
    }
    onIteration?.(value);
    if (evaluations >= maxEval || largest(d) * Math.abs(memory.length) <= toleranceChange) break;
    if (Math.abs(value - before) < toleranceChange) break;
  }
  return x;
}
