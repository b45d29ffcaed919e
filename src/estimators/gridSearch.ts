/** Trying out settings. */
import { ArgumentError } from '../../bindings/errors.ts';
import { checkOptions } from '../options.ts';

/** The values to try of each setting. */
export type Space = Readonly<Record<string, readonly unknown[]>>;

/** One value of each setting. */
export type Point<S extends Space> = { [K in keyof S]: S[K][number] };

/** Options of `gridSearch`. */
export interface GridSearchOptions {
  /** Whether large or small scores are good. Default 'max'. */
  mode?: 'max' | 'min';
}

/** What `gridSearch` finds. */
export interface GridSearchResult<S extends Space> {
  /** The settings with the best score; of equal ones the first. */
  bestParams: Point<S>;
  bestScore: number;
  /** All that was tried, in order. */
  results: { params: Point<S>; score: number }[];
}

/**
 * Scores every combination of settings, one after the other; the last setting changes fastest.
 *
 * @param fn gives the score of settings, or a promise of it
 * @example
 * const { bestParams } = await gridSearch({ alpha: [0, 1e-3], hiddenLayerSizes: [[8], [32]] }, (params) =>
 *   new MLPClassifier({ ...params, seed: 1 }).fit(xTrain, yTrain).score(xTest, yTest),
 * );
 */
export async function gridSearch<const S extends Space>(
  space: S,
  fn: (params: Point<S>) => number | Promise<number>,
  options: GridSearchOptions = {},
): Promise<GridSearchResult<S>> {
  const op = 'gridSearch';
  checkOptions(op, options, ['mode']);
  const { mode = 'max' } = options;
  if (mode !== 'max' && mode !== 'min') {
    throw new ArgumentError(`${op}: mode must be 'max' or 'min', got ${String(mode)}`, {
      op,
      argument: 'mode',
      got: mode,
    });
  }
  for (const [name, values] of Object.entries(space)) {
    if (!Array.isArray(values) || values.length === 0) {
      throw new ArgumentError(`${op}: ${name} must be a list of values to try`, { op, argument: name, got: values });
    }
  }
  const points = Object.entries(space).reduce<Record<string, unknown>[]>(
    (list, [name, values]) => list.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
  const results: GridSearchResult<S>['results'] = [];
  for (const point of points) {
    const params = point as Point<S>;
    const score = await fn(params);
    if (typeof score !== 'number') {
      throw new ArgumentError(`${op}: the function must give a number, got ${typeof score}`, {
        op,
        argument: 'fn',
        got: score,
      });
    }
    results.push({ params, score });
  }
  const sign = mode === 'max' ? 1 : -1;
  const best = results.reduce((a, b) => (sign * b.score > sign * a.score || Number.isNaN(a.score) ? b : a));
  return { bestParams: best.params, bestScore: best.score, results };
}
