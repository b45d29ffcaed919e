/** Training and test examples. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isRecord } from '../../bindings/realm.ts';
import { type Generator, generatorFor } from '../emit/random.ts';
import { type Labels, labelsOf, uniqueLabels } from '../metrics/inputs.ts';
import { checkOptions, FLAG, VALUE } from '../options.ts';
import { commonLength, type Rows, takeRows } from './rows.ts';

/** Options of `trainTestSplit`. */
export interface SplitOptions {
  /** Share (below 1) or number of the test examples. Default: what trainSize leaves, otherwise 0.25. */
  testSize?: number;
  /** Share (below 1) or number of the training examples. Default: what testSize leaves. */
  trainSize?: number;
  /** False: the last examples are the test examples. Default true. */
  shuffle?: boolean;
  /** Labels whose proportions are kept in both parts. Default: none; the parts are drawn freely. */
  stratify?: Labels;
  /** Seed of the order; without it, it follows `manualSeed`. */
  seed?: number;
}

function sizes(length: number, { testSize, trainSize }: SplitOptions): [train: number, test: number] {
  const op = 'trainTestSplit';
  const counted = (name: string, size: number, round: (x: number) => number) => {
    const isShare = size > 0 && size < 1;
    if (!isShare && !(Number.isInteger(size) && size >= 1 && size < length)) {
      refuse(
        ArgumentError,
        op,
        `${name} must be a share between 0 and 1 or a number of examples below ${length}, got ${size}`,
        { argument: name, got: size },
      );
    }
    return isShare ? round(size * length) : size;
  };
  const givenTest = testSize ?? (trainSize === undefined ? 0.25 : undefined);
  const wanted = givenTest === undefined ? undefined : counted('testSize', givenTest, Math.ceil);
  const train = trainSize === undefined ? length - (wanted ?? 0) : counted('trainSize', trainSize, Math.floor);
  const test = wanted ?? length - train;
  if (train + test > length || train < 1 || test < 1) {
    refuse(ArgumentError, op, `${length} examples cannot be split into ${train} and ${test}`, {
      argument: 'testSize',
      got: [train, test],
    });
  }
  return [train, test];
}

/** Distributes `draws` over the groups by their sizes: first the whole parts, then by the largest remainders. */
function allot(groups: readonly number[], draws: number): number[] {
  const total = groups.reduce((sum, size) => sum + size, 0);
  const exact = groups.map((size) => (size / total) * draws);
  const parts = exact.map(Math.floor);
  const rests = exact.map((part, i) => ({ i, rest: part - Math.floor(part) }));
  const missing = draws - parts.reduce((sum, part) => sum + part, 0);
  for (const { i } of rests.sort((a, b) => b.rest - a.rest || a.i - b.i).slice(0, missing)) parts[i]!++;
  return parts;
}

/** Indices of the training and the test examples; both have each class in its proportion. */
function stratified(given: Labels, length: number, train: number, test: number, random: Generator) {
  const op = 'trainTestSplit';
  const labels = labelsOf(op, 'stratify', given);
  const classes = uniqueLabels(op, labels);
  const members = classes.map((label) => labels.map((_, i) => i).filter((i) => labels[i] === label));
  const least = Math.min(...members.map((group) => group.length));
  if (labels.length !== length || least < 2 || train < classes.length || test < classes.length) {
    refuse(
      ArgumentError,
      op,
      `stratify needs ${length} labels, at least two examples of each class, and room for ${classes.length} classes in ${train} and in ${test} examples; got ${labels.length} labels, and the rarest class has ${least}`,
      { argument: 'stratify', got: labels.length, expected: length },
    );
  }
  const inTrain = allot(
    members.map((group) => group.length),
    train,
  );
  const inTest = allot(
    members.map((group, i) => group.length - inTrain[i]!),
    test,
  );
  const parts: [number[], number[]] = [[], []];
  members.forEach((group, i) => {
    const mixed = Array.from(random.permutation(group.length), (at) => group[at]!);
    parts[0].push(...mixed.slice(0, inTrain[i]));
    parts[1].push(...mixed.slice(inTrain[i], inTrain[i]! + inTest[i]!));
  });
  return parts.map((part) => Int32Array.from(random.permutation(part.length), (at) => part[at]!));
}

/** The type of a part of a list. */
type Part<T> = T extends readonly (infer E)[] ? E[] : T;

/** Each list twice: its training and its test examples. */
type Halves<T extends readonly unknown[]> = T extends readonly [infer First, ...infer Rest]
  ? [train: Part<First>, test: Part<First>, ...Halves<Rest>]
  : [];

/**
 * Splits lists of the same length at random. Tensors, typed arrays and plain arrays keep their form; of each list the training
 * examples come first, then the test examples.
 *
 * @throws ArgumentError if the lists differ in length, or a part would be empty
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html
 * @example
 * const { data: x, target: y } = await data.iris();
 * const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed: 1 });
 * xTest.shape; // [30, 4]
 */
export function trainTestSplit<T extends readonly [Rows, ...Rows[]]>(...lists: T): Halves<T>;
export function trainTestSplit<T extends readonly [Rows, ...Rows[]]>(
  ...args: readonly [...T, options: SplitOptions]
): Halves<T>;
export function trainTestSplit(...args: readonly unknown[]): unknown[] {
  const op = 'trainTestSplit';
  const last = args[args.length - 1];
  const hasOptions = isRecord(last);
  const options = (hasOptions ? last : {}) as SplitOptions;
  const lists = (hasOptions ? args.slice(0, -1) : args) as Rows[];
  checkOptions(op, options, { testSize: VALUE, trainSize: VALUE, shuffle: FLAG, stratify: VALUE, seed: VALUE });
  const length = commonLength(op, lists);
  const [train, test] = sizes(length, options);
  const random = generatorFor(op, options.seed);
  const { shuffle = true, stratify } = options;
  let parts: Int32Array[];
  if (stratify !== undefined) {
    if (!shuffle) refuse(ArgumentError, op, 'stratify needs shuffle', { argument: 'stratify' });
    parts = stratified(stratify, length, train, test, random);
  } else if (shuffle) {
    const order = random.permutation(length);
    parts = [order.slice(test, test + train), order.slice(0, test)];
  } else {
    const order = Int32Array.from({ length }, (_, i) => i);
    parts = [order.slice(0, train), order.slice(train, train + test)];
  }
  return lists.flatMap((list) => parts.map((indices) => takeRows(list, indices)));
}
