/** Options of kernels that slide over planes: one number for both directions, or two. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { shown } from '../options.ts';
import { charge } from '../tensor/budget.ts';

export type { Pair } from '../../bindings/windows.ts';

/** Kernels count in 32 bits. */
const LARGEST = 2 ** 31 - 1;

function isWhole(value: unknown, low: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low;
}

/** The pair that a whole number of at least `low`, or two of them, stands for; refuses everything else. */
export function pairOf(op: string, argument: string, value: unknown, low: number): [height: number, width: number] {
  const pair: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  const [height, width] = pair;
  if (pair.length !== 2 || !isWhole(height, low) || !isWhole(width, low)) {
    refuse(
      ArgumentError,
      op,
      `${argument} must be a whole number of at least ${low}, or [height, width], got ${shown(value)}`,
      { argument, got: value },
    );
  }
  const larger = Math.max(height, width);
  if (larger > LARGEST) {
    // A file that asks for it has passed its own limit.
    charge(larger);
    refuse(ArgumentError, op, `${argument} must be at most ${LARGEST}, got ${shown(value)}`, {
      argument,
      got: value,
      expected: LARGEST,
    });
  }
  return [height, width];
}

/** Refuses windows whose last element may be beyond what kernels can count to. */
export function checkReach(op: string, padded: readonly number[], spans: readonly number[]): void {
  if (padded.some((size, i) => size + (spans[i] ?? 0) > LARGEST))
    refuse(
      ShapeError,
      op,
      `a padded size of ${padded.join('×')} and a kernel that spans ${spans.join('×')} reach beyond ${LARGEST}`,
      { argument: 'padding', got: padded, expected: LARGEST },
    );
}
