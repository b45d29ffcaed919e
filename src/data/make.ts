/**
 * Small random problems to try models on: points x [N, F] float32 with their classes [N] int32 or values. The shapes are
 * scikit-learn's; the random numbers are not.
 */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { type Generator, generatorFor } from '../emit/random.ts';
import { tensor } from '../ops/index.ts';
import { checkOptions, checkRange, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Points, and their classes or values. */
export type Problem = [x: Tensor, y: Tensor];

/** Options of all functions that make points. */
export interface PointOptions {
  /** Standard deviation of the noise that is added to each coordinate. Default 0. */
  noise?: number;
  /** Mix the examples. Default true. */
  shuffle?: boolean;
  /** Seed of the random numbers; without it they follow `manualSeed`. */
  seed?: number;
}

interface Point {
  x: number[];
  y: number;
}

function normals(random: Generator, n: number): Float32Array {
  return random.numbers('normal', n);
}

/** Adds noise, mixes the points and makes tensors of them. */
function finish(points: Point[], { noise = 0, shuffle = true }: PointOptions, random: Generator): Problem {
  const features = points[0]?.x.length ?? 0;
  const added = noise > 0 ? normals(random, points.length * features) : null;
  const order = shuffle ? random.permutation(points.length) : points.keys();
  const x = new Float32Array(points.length * features);
  const y = new Int32Array(points.length);
  let at = 0;
  for (const i of order) {
    const point = points[i]!;
    point.x.forEach((value, j) => {
      x[at * features + j] = value + (added === null ? 0 : noise * added[i * features + j]!);
    });
    y[at++] = point.y;
  }
  return [tensor(x, { shape: [points.length, features] }), tensor(y)];
}

/** n points of a curve at angles from 0 to `end`, which is included unless `open`. */
function curve(n: number, end: number, open: boolean, at: (angle: number) => number[], y: number): Point[] {
  const steps = open ? n : Math.max(n - 1, 1);
  return Array.from({ length: n }, (_, i) => ({ x: at((end * i) / steps), y }));
}

/**
 * Two interleaved half circles.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_moons.html
 * @example
 * const [x, y] = data.makeMoons(200, { noise: 0.1, seed: 1 }); // [200, 2], [200]
 */
export function makeMoons(nSamples = 100, options: PointOptions = {}): Problem {
  if (arguments.length > 2) noMore('makeMoons', 2, arguments);
  const op = 'makeMoons';
  checkOptions(op, options, { noise: VALUE, shuffle: FLAG, seed: VALUE });
  checkWhole(op, 'nSamples', nSamples, 2);
  checkRange(op, 'noise', options.noise ?? 0, 0);
  const outer = Math.floor(nSamples / 2);
  const points = [
    ...curve(outer, Math.PI, false, (a) => [Math.cos(a), Math.sin(a)], 0),
    ...curve(nSamples - outer, Math.PI, false, (a) => [1 - Math.cos(a), 0.5 - Math.sin(a)], 1),
  ];
  return finish(points, options, generatorFor(op, options.seed));
}

/** Options of `makeCircles`. */
export interface CirclesOptions extends PointOptions {
  /** Radius of the inner circle; that of the outer circle is 1. Default 0.8. */
  factor?: number;
}

/**
 * A circle (class 1) within another (class 0).
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_circles.html
 * @example
 * const [x, y] = data.makeCircles(200, { noise: 0.05, factor: 0.5, seed: 1 }); // [200, 2], [200]
 */
export function makeCircles(nSamples = 100, options: CirclesOptions = {}): Problem {
  if (arguments.length > 2) noMore('makeCircles', 2, arguments);
  const op = 'makeCircles';
  checkOptions(op, options, { noise: VALUE, shuffle: FLAG, seed: VALUE, factor: VALUE });
  const { factor = 0.8 } = options;
  checkWhole(op, 'nSamples', nSamples, 2);
  checkRange(op, 'noise', options.noise ?? 0, 0);
  checkRange(op, 'factor', factor, 0, 1);
  const outer = Math.floor(nSamples / 2);
  const circle = (radius: number) => (a: number) => [radius * Math.cos(a), radius * Math.sin(a)];
  const points = [
    ...curve(outer, 2 * Math.PI, true, circle(1), 0),
    ...curve(nSamples - outer, 2 * Math.PI, true, circle(factor), 1),
  ];
  return finish(points, options, generatorFor(op, options.seed));
}

/** Options of `makeBlobs`. */
export interface BlobsOptions {
  /** The number of centers, or the centers themselves. Default 3. */
  centers?: number | readonly (readonly number[])[];
  /** The number of features if the centers are not given. Default 2. */
  nFeatures?: number;
  /** Standard deviation of each blob. Default 1. */
  clusterStd?: number | readonly number[];
  /** Bounds of random centers. Default [−10, 10]. */
  centerBox?: readonly [number, number];
  /** Mix the examples. Default true. */
  shuffle?: boolean;
  /** Seed of the random numbers; without it they follow `manualSeed`. */
  seed?: number;
}

/**
 * Normally distributed points around centers; the class is the center's number.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_blobs.html
 * @example
 * const [x, y] = data.makeBlobs(300, { centers: 4, seed: 1 }); // [300, 2], [300]
 */
export function makeBlobs(nSamples = 100, options: BlobsOptions = {}): Problem {
  if (arguments.length > 2) noMore('makeBlobs', 2, arguments);
  const op = 'makeBlobs';
  checkOptions(op, options, {
    centers: VALUE,
    nFeatures: VALUE,
    clusterStd: VALUE,
    centerBox: VALUE,
    shuffle: FLAG,
    seed: VALUE,
  });
  const { centers: given = 3, nFeatures = 2, clusterStd = 1, centerBox: [low, high] = [-10, 10], shuffle } = options;
  checkWhole(op, 'nSamples', nSamples, 1);
  checkWhole(op, 'nFeatures', nFeatures, 1);
  const random = generatorFor(op, options.seed);
  let centers: readonly (readonly number[])[];
  if (typeof given === 'number') {
    checkWhole(op, 'centers', given, 1);
    const uniform = random.numbers('uniform', given * nFeatures);
    centers = Array.from({ length: given }, (_, c) =>
      Array.from({ length: nFeatures }, (_, j) => low + (high - low) * uniform[c * nFeatures + j]!),
    );
  } else {
    centers = given;
  }
  const features = centers[0]?.length ?? 0;
  const spreads = typeof clusterStd === 'number' ? centers.map(() => clusterStd) : clusterStd;
  if (features === 0 || centers.some((center) => center.length !== features) || spreads.length !== centers.length) {
    refuse(ArgumentError, op, 'centers must have the same number of features, and clusterStd one number for each', {
      argument: 'centers',
      got: given,
    });
  }
  const noise = normals(random, nSamples * features);
  const points = Array.from({ length: nSamples }, (_, i) => {
    const y = Math.floor((i * centers.length) / nSamples);
    return { x: centers[y]!.map((value, j) => value + spreads[y]! * noise[i * features + j]!), y };
  });
  return finish(points, { shuffle }, random);
}

/** Options of `makeRegression`. */
export interface RegressionProblemOptions {
  /** The number of features. Default 100. */
  nFeatures?: number;
  /** The number of features that matter. Default 10. */
  nInformative?: number;
  /** A constant that is added to every value. Default 0. */
  bias?: number;
  /** Standard deviation of the noise that is added to the values. Default 0. */
  noise?: number;
  /** Mix the features, so that those that matter are not the first ones. Default true. */
  shuffle?: boolean;
  /** Seed of the random numbers; without it they follow `manualSeed`. */
  seed?: number;
}

/**
 * y = x·w + bias + noise: x [N, F] is from the standard normal distribution, weights are from 0 to 100 for the features that
 * matter and 0 for the others, y is [N, 1] float32.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_regression.html
 * @example
 * const [x, y] = data.makeRegression(200, { nFeatures: 5, nInformative: 3, noise: 1, seed: 1 });
 * x.shape; // [200, 5]
 */
export function makeRegression(nSamples = 100, options: RegressionProblemOptions = {}): Problem {
  if (arguments.length > 2) noMore('makeRegression', 2, arguments);
  const op = 'makeRegression';
  checkOptions(op, options, {
    nFeatures: VALUE,
    nInformative: VALUE,
    bias: VALUE,
    noise: VALUE,
    shuffle: FLAG,
    seed: VALUE,
  });
  const { nFeatures = 100, nInformative = 10, bias = 0, noise = 0, shuffle = true } = options;
  checkWhole(op, 'nSamples', nSamples, 1);
  checkWhole(op, 'nFeatures', nFeatures, 1);
  checkWhole(op, 'nInformative', nInformative);
  checkRange(op, 'noise', noise, 0);
  const random = generatorFor(op, options.seed);
  const x = normals(random, nSamples * nFeatures);
  const order = shuffle ? random.permutation(nFeatures) : Int32Array.from({ length: nFeatures }, (_, i) => i);
  const weights = new Float64Array(nFeatures);
  const drawn = random.numbers('uniform', Math.min(nInformative, nFeatures));
  drawn.forEach((u, i) => {
    weights[order[i]!] = 100 * u;
  });
  const errors = normals(random, nSamples);
  const y = Float32Array.from({ length: nSamples }, (_, i) => {
    let sum = bias + noise * errors[i]!;
    for (let j = 0; j < nFeatures; j++) sum += weights[j]! * x[i * nFeatures + j]!;
    return sum;
  });
  return [tensor(x, { shape: [nSamples, nFeatures] }), tensor(y, { shape: [nSamples, 1] })];
}
