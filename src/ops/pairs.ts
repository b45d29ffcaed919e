/** Options that are one number for both directions of planes, or two: how far kernels step, how they are padded. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { shown } from '../options.ts';
import { charge } from '../tensor/budget.ts';

/** One number for both directions, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

/** Kernels count in 32 bits. */
const LARGEST = 2 ** 31 - 1;

/** Refuses what is neither a whole number from `low` on nor a pair of them, and gives the pair. */
export function pairOf(op: string, argument: string, value: unknown, low: number): [height: number, width: number] {
  const pair = Array.isArray(value) ? (value as unknown[]) : [value, value];
  if (pair.length !== 2 || !pair.every((x) => Number.isInteger(x) && (x as number) >= low)) {
    refuse(
      ArgumentError,
      op,
      `${argument} must be a whole number from ${low} on, or [height, width], got ${shown(value)}`,
      { argument, got: value },
    );
  }
  if (pair.some((x) => (x as number) > LARGEST)) {
    // A file that asks for it has passed its own limit.
    charge(Math.max(...(pair as number[])));
    refuse(ArgumentError, op, `${argument} must be at most ${LARGEST}, got ${shown(value)}`, {
      argument,
      got: value,
      expected: LARGEST,
    });
  }
  return pair as [number, number];
}

/** Refuses windows whose last element may lie beyond what kernels can count to. */
export function checkReach(op: string, padded: readonly number[], spans: readonly number[]): void {
  if (padded.some((size, i) => size + spans[i]! > LARGEST))
    refuse(
      ShapeError,
      op,
      `a padded size of ${padded.join('×')} and a kernel that spans ${spans.join('×')} reach beyond ${LARGEST}`,
      { argument: 'padding', got: padded, expected: LARGEST },
    );
}
