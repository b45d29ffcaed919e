/** A line search for the strong Wolfe conditions (Nocedal & Wright, algorithms 3.5 and 3.6), with PyTorch's safeguards. */
import { dot, largest } from './vectors.ts';

/** A function's value and gradient. */
export type Objective = (x: Float64Array) => { value: number; gradient: Float64Array };

/** A point on the line: how far along it is, and the function there. */
interface Place {
  length: number;
  value: number;
  gradient: Float64Array;
  /** Derivative along the line. */
  slope: number;
}

/** The share of the decrease predicted by the slope that a step must achieve. */
const DECREASE = 1e-4;
/** The share of the slope that may remain. */
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 25;
/** Brackets smaller than this, times the direction's largest element, are not searched further. */
const LEAST_BRACKET = 1e-9;

/** The minimum of the cubic through two points, within bounds; the middle of the bounds if there is none. */
function cubic(a: Place, b: Place, low: number, high: number): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.length - b.length);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const [left, right] = a.length <= b.length ? [a, b] : [b, a];
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  const at = right.length - (right.length - left.length) * share;
  return Math.min(Math.max(at, low), high);
}

/** Tries lengths from `start` on until a point fits (then it is the only end), or two points enclose one that does. */
function bracket(
  look: (length: number) => Place,
  origin: Place,
  start: number,
): { ends: readonly [Place, Place?]; looks: number } {
  let before = origin;
  let here = look(start);
  for (let looks = 0; looks < MAX_EVALUATIONS; looks++) {
    const isTooHigh = here.value > origin.value + DECREASE * here.length * origin.slope;
    if (isTooHigh || (looks > 1 && here.value >= before.value)) return { ends: [before, here], looks };
    if (Math.abs(here.slope) <= -CURVATURE * origin.slope) return { ends: [here], looks };
    if (here.slope >= 0) return { ends: [before, here], looks };
    const low = here.length + 0.01 * (here.length - before.length);
    const next = cubic(before, here, low, 10 * here.length);
    before = here;
    here = look(next);
  }
  return { ends: [origin, here], looks: MAX_EVALUATIONS };
}

/** Narrows a bracket until a point fits. */
function zoom(
  look: (length: number) => Place,
  origin: Place,
  [one, other]: readonly [Place, Place],
  looked: number,
  size: number,
): Place {
  let [low, high] = one.value <= other.value ? [one, other] : [other, one];
  let isSlow = false;
  for (let looks = looked; looks < MAX_EVALUATIONS; looks++) {
    const least = Math.min(low.length, high.length);
    const most = Math.max(low.length, high.length);
    if ((most - least) * size < LEAST_BRACKET) break;
    let length = cubic(low, high, least, most);
    // After two lengths near an end, or one at it: go a tenth of the bracket away from it.
    const margin = 0.1 * (most - least);
    if (Math.min(most - length, length - least) < margin) {
      if (isSlow || length >= most || length <= least) {
        length = Math.abs(length - most) < Math.abs(length - least) ? most - margin : least + margin;
        isSlow = false;
      } else {
        isSlow = true;
      }
    } else {
      isSlow = false;
    }
    const here = look(length);
    if (here.value > origin.value + DECREASE * length * origin.slope || here.value >= low.value) {
      high = here;
      if (here.value < low.value) [low, high] = [high, low];
      continue;
    }
    if (Math.abs(here.slope) <= -CURVATURE * origin.slope) return here;
    if (here.slope * (high.length - low.length) >= 0) high = low;
    low = here;
  }
  return low;
}

/**
 * A length at which the function is low and flat enough along `d`, or the best length that was found.
 *
 * @param fn value and gradient at a length
 * @param start value, gradient and slope at 0, and the length to try first
 */
export function strongWolfe(
  fn: (length: number) => { value: number; gradient: Float64Array },
  d: Float64Array,
  start: Place,
): Place & { evaluations: number } {
  let evaluations = 0;
  const look = (length: number): Place => {
    evaluations++;
    const { value, gradient } = fn(length);
    return { length, value, gradient, slope: dot(gradient, d) };
  };
  const origin = { ...start, length: 0 };
  const { ends, looks } = bracket(look, origin, start.length);
  const [one, other] = ends;
  if (other === undefined) return { ...one, evaluations };
  const found = zoom(look, origin, [one, other], looks, largest(d));
  return { ...found, evaluations };
}
