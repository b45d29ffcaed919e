/**
 * Small real data sets. The numbers are in modules of their own, which are loaded when a set is asked for. They are facts
 * from the UCI Machine Learning Repository, taken from the files that scikit-learn (BSD 3-Clause) ships.
 */

import { tensor } from '../ops/index.ts';
import { noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StoredSet } from './sets/stored.ts';

/** A table of examples and their classes. */
export interface ClassificationSet {
  /** Examples [N, F], float32. */
  data: Tensor;
  /** Classes [N], int32. */
  target: Tensor;
  /** Names of the F features, in the order of the columns. */
  featureNames: string[];
  /** Names of the classes: class i is `targetNames[i]`. */
  targetNames: string[];
}

function unpack({ rows, featureNames, targetNames }: StoredSet): ClassificationSet {
  const table = rows
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  const features = featureNames.length;
  return {
    data: tensor(Float32Array.from(table.flatMap((row) => row.slice(0, features))), {
      shape: [table.length, features],
    }),
    target: tensor(Int32Array.from(table, (row) => row[features]!)),
    featureNames: [...featureNames],
    targetNames: [...targetNames],
  };
}

/**
 * Iris (Fisher 1936): 150 flowers of 3 species, 4 lengths in centimetres.
 *
 * @see https://archive.ics.uci.edu/dataset/53/iris
 * @example
 * const { data: x, target: y } = await data.iris();
 * x.shape; // [150, 4]
 */
export async function iris(): Promise<ClassificationSet> {
  if (arguments.length > 0) noMore('iris', 0, arguments);
  return unpack((await import('./sets/iris.ts')).iris);
}

/**
 * Breast Cancer Wisconsin (Wolberg, Street, Mangasarian 1995): 569 tumours, malignant (0) or benign (1), 30 features of cell nuclei.
 *
 * @see https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic
 * @example
 * const { data: x, target: y, targetNames } = await data.breastCancer();
 * x.shape; // [569, 30]
 */
export async function breastCancer(): Promise<ClassificationSet> {
  if (arguments.length > 0) noMore('breastCancer', 0, arguments);
  return unpack((await import('./sets/breastCancer.ts')).breastCancer);
}

/**
 * Wine (Forina and others 1988): 178 wines of 3 growers, 13 chemical features.
 *
 * @see https://archive.ics.uci.edu/dataset/109/wine
 * @example
 * const { data: x, target: y } = await data.wine();
 * x.shape; // [178, 13]
 */
export async function wine(): Promise<ClassificationSet> {
  if (arguments.length > 0) noMore('wine', 0, arguments);
  return unpack((await import('./sets/wine.ts')).wine);
}

/** Pixels in a digit: 8×8. */
const PIXELS = 64;
/** Pixels are written as digits of this base: 0 to 16. */
const BASE = 17;

/**
 * Optical recognition of handwritten digits (Alpaydin, Kaynak 1998), test part: 1797 images of 8×8 pixels 0 … 16, as rows of 64.
 *
 * @see https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits
 * @example
 * const { data: x, target: y } = await data.digits();
 * x.div(16).reshape([-1, 1, 8, 8]).shape; // [1797, 1, 8, 8]
 */
export async function digits(): Promise<ClassificationSet> {
  if (arguments.length > 0) noMore('digits', 0, arguments);
  const { digits: rows } = await import('./sets/digits.ts');
  const lines = rows.trim().split('\n');
  const pixels = new Float32Array(lines.length * PIXELS);
  lines.forEach((line, i) => {
    for (let j = 0; j < PIXELS; j++) pixels[i * PIXELS + j] = Number.parseInt(line[j]!, BASE);
  });
  return {
    data: tensor(pixels, { shape: [lines.length, PIXELS] }),
    target: tensor(Int32Array.from(lines, (line) => Number(line[PIXELS]))),
    featureNames: Array.from({ length: PIXELS }, (_, i) => `pixel_${Math.floor(i / 8)}_${i % 8}`),
    targetNames: Array.from({ length: 10 }, (_, i) => String(i)),
  };
}
