/** The search for the best settings. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isURL } from '../../bindings/realm.ts';
import { checkOneOf, checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { scoreInWorkers } from './searchWorkers.ts';

/** The values to try for each setting. */
export type Space = Readonly<Record<string, readonly unknown[]>>;

/** One value of each setting. */
export type Point<S extends Space> = { [K in keyof S]: S[K][number] };

/** Options of `gridSearch`. */
export interface GridSearchOptions {
  /** Whether large or small scores are better. Default 'max'. */
  mode?: 'max' | 'min';
  /** Ends the search: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** For a module: the number of workers that score at once. Default: one for each core. */
  workers?: number;
}

/** The result of `gridSearch`. */
export interface GridSearchResult<S extends Space> {
  /** The settings with the best score; the first ones if several are equal. */
  bestParams: Point<S>;
  /** Their score. */
  bestScore: number;
  /** Everything that was tried, in order. */
  results: {
    /** One combination of the settings. */
    params: Point<S>;
    /** The score that the function gave. */
    score: number;
  }[];
}

/**
 * Scores every combination of settings; the last setting changes fastest. A function is called for one combination after the other; a
 * module, which exports the function by default, is imported by worker threads (Node, Deno, Bun) that share the work. Scores
 * and their order are the same if the function seeds its random numbers.
 *
 * @param fn gives the score of settings, or a promise of it; or the module of such a function
 * @throws SarafError if the function of a module fails, with the settings and the error as `cause`
 * @example
 * const space = { alpha: [0, 1e-3], hiddenLayerSizes: [[2], [4]] };
 * const { bestParams } = await gridSearch(space, (params) =>
 *   new MLPClassifier({ ...params, maxIter: 5, seed: 1 }).fit(xTrain, yTrain).score(xTest, yTest),
 * );
 * @example
 * // score.js: export default ({ alpha }) => new MLPClassifier({ alpha, seed: 1 }).fit(x, y).score(xTest, yTest);
 * await gridSearch({ alpha: [0, 1e-3, 1e-2] }, new URL('./score.js', import.meta.url), { workers: 3 });
 */
export async function gridSearch<const S extends Space>(
  space: S,
  fn: ((params: Point<S>) => number | Promise<number>) | URL | string,
  options: GridSearchOptions = {},
): Promise<GridSearchResult<S>> {
  if (arguments.length > 3) noMore('gridSearch', 3, arguments);
  const op = 'gridSearch';
  checkOptions(op, options, { mode: VALUE, signal: VALUE, workers: VALUE });
  const { mode = 'max', signal, workers } = options;
  checkOneOf(op, 'mode', mode, ['max', 'min']);
  if (typeof fn !== 'function' && typeof fn !== 'string' && !isURL(fn)) {
    refuse(ArgumentError, op, 'expected a function, or the URL of a module that exports one by default', {
      argument: 'fn',
      got: fn,
    });
  }
  if (workers !== undefined) {
    checkWhole(op, 'workers', workers, 1);
    if (typeof fn === 'function') {
      refuse(ArgumentError, op, "workers need a module: new URL('./score.js', import.meta.url) instead of a function", {
        argument: 'workers',
        got: workers,
      });
    }
  }
  const points = pointsOf(space);
  const scores =
    typeof fn === 'function'
      ? await scoreHere(points, fn, signal)
      : await scoreInWorkers(points, fn, { workers, signal });
  const results = points.map((params, i) => {
    const score = scores[i];
    if (typeof score === 'number') return { params, score };
    return refuse(ArgumentError, op, `the function must give a number, got ${typeof score}`, {
      argument: 'fn',
      got: score,
    });
  });
  const sign = mode === 'max' ? 1 : -1;
  const best = results.reduce((a, b) => (sign * b.score > sign * a.score || Number.isNaN(a.score) ? b : a));
  return { bestParams: best.params, bestScore: best.score, results };
}

/** Every combination; the last setting changes fastest. */
function pointsOf<S extends Space>(space: S): Point<S>[] {
  for (const [name, values] of Object.entries(space)) {
    if (!Array.isArray(values) || values.length === 0) {
      refuse(ArgumentError, 'gridSearch', `${name} must be a list of values to try`, { argument: name, got: values });
    }
  }
  return Object.entries(space).reduce<Record<string, unknown>[]>(
    (list, [name, values]) => list.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  ) as Point<S>[];
}

/** Scores in this thread, one after the other. */
async function scoreHere<P>(
  points: readonly P[],
  fn: (params: P) => number | Promise<number>,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const scores: number[] = [];
  for (const point of points) {
    signal?.throwIfAborted();
    scores.push(await fn(point));
  }
  signal?.throwIfAborted();
  return scores;
}
