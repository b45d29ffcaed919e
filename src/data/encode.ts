/** Categories as numbers. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { type Label, type Labels, labelsOf, showLabels, uniqueLabels } from '../metrics/inputs.ts';
import { tensor } from '../ops/index.ts';
import { checkOneOf, checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** The numbers of labels, in the form of the labels. */
type Codes<T> = T extends Tensor ? Tensor : number[];

function indexOrThrow(op: string, argument: string, index: ReadonlyMap<Label, number>, label: Label): number {
  const at = index.get(label);
  if (at !== undefined) return at;
  refuse(ArgumentError, op, `${JSON.stringify(label)} is unknown (known: ${showLabels([...index.keys()])})`, {
    argument,
    got: label,
  });
}

/**
 * Numbers the classes from 0 to C − 1, in their order.
 *
 * @throws ArgumentError if `fit` has not seen a class
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.LabelEncoder.html
 * @example
 * const encoder = new data.LabelEncoder();
 * encoder.fitTransform(['cat', 'dog', 'cat']); // [0, 1, 0]
 * encoder.inverseTransform([1]); // ['dog']
 */
export class LabelEncoder {
  /** The classes, in order. */
  classes: Label[] = [];
  private index = new Map<Label, number>();

  constructor() {
    if (arguments.length > 0) noMore('LabelEncoder', 0, arguments);
  }

  /** Learns the classes of the labels. */
  fit(labels: Labels): this {
    if (arguments.length > 1) noMore('LabelEncoder.fit', 1, arguments);
    this.classes = uniqueLabels('LabelEncoder.fit', labelsOf('LabelEncoder.fit', 'labels', labels));
    this.index = new Map(this.classes.map((label, i) => [label, i]));
    return this;
  }

  /** The numbers of labels: an int32 tensor for a tensor, otherwise an array. Throws for a class that `fit` has not seen. */
  transform<T extends Labels>(labels: T): Codes<T> {
    if (arguments.length > 1) noMore('LabelEncoder.transform', 1, arguments);
    const op = 'LabelEncoder.transform';
    const codes = labelsOf(op, 'labels', labels).map((label) => indexOrThrow(op, 'labels', this.index, label));
    return (isTensor(labels) ? tensor(codes, { dtype: 'int32', device: labels.device }) : codes) as Codes<T>;
  }

  /** `fit`, then `transform`. */
  fitTransform<T extends Labels>(labels: T): Codes<T> {
    if (arguments.length > 1) noMore('LabelEncoder.fitTransform', 1, arguments);
    return this.fit(labels).transform(labels);
  }

  /** The classes with these numbers. */
  inverseTransform(codes: Labels): Label[] {
    if (arguments.length > 1) noMore('LabelEncoder.inverseTransform', 1, arguments);
    const op = 'LabelEncoder.inverseTransform';
    return labelsOf(op, 'codes', codes).map((code) => {
      const label = typeof code === 'number' ? this.classes[code] : undefined;
      if (label !== undefined) return label;
      return refuse(ArgumentError, op, `${code} is not one of the numbers 0 to ${this.classes.length - 1}`, {
        argument: 'codes',
        got: code,
      });
    });
  }
}

/** Rows of categories: [N, F], or [N] for one feature. */
export type Categories = readonly (readonly (Label | boolean)[])[] | readonly (Label | boolean)[] | Tensor;

/** Options of `OneHotEncoder`. */
export interface OneHotEncoderOptions {
  /** What to do with categories that `fit` has not seen: throw an error, or give zeros. Default 'error'. */
  handleUnknown?: 'error' | 'ignore';
}

/**
 * One column of 0 and 1 for every category of every feature.
 *
 * @throws ArgumentError if `fit` has not seen a category, unless `handleUnknown` is 'ignore'
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.OneHotEncoder.html
 * @example
 * new data.OneHotEncoder().fitTransform([['red', 1], ['blue', 1]]); // [[0, 1, 1], [1, 0, 1]]
 */
export class OneHotEncoder {
  /** The categories of each feature, in order. */
  categories: Label[][] = [];
  private readonly handleUnknown: 'error' | 'ignore';

  constructor(options: OneHotEncoderOptions = {}) {
    if (arguments.length > 1) noMore('OneHotEncoder', 1, arguments);
    checkOptions('OneHotEncoder', options, { handleUnknown: VALUE });
    this.handleUnknown = options.handleUnknown ?? 'error';
    checkOneOf('OneHotEncoder', 'handleUnknown', this.handleUnknown, ['error', 'ignore']);
  }

  /** Learns the categories of each feature. */
  fit(x: Categories): this {
    if (arguments.length > 1) noMore('OneHotEncoder.fit', 1, arguments);
    const rows = rowsOf('OneHotEncoder.fit', x);
    this.categories = rows[0].map((_, j) =>
      uniqueLabels(
        'OneHotEncoder.fit',
        rows.map((row) => row[j]!),
      ),
    );
    return this;
  }

  /** 0 and 1 [N, categories of all features]: a float32 tensor for a tensor, otherwise nested arrays. */
  transform<T extends Categories>(x: T): T extends Tensor ? Tensor : number[][] {
    if (arguments.length > 1) noMore('OneHotEncoder.transform', 1, arguments);
    const op = 'OneHotEncoder.transform';
    const index = this.categories.map((labels) => new Map(labels.map((label, i) => [label, i])));
    const encoded = rowsOf(op, x).map((row) => {
      if (row.length !== index.length) {
        refuse(ShapeError, op, `x has ${row.length} features, fit() saw ${index.length}`, {
          argument: 'x',
          got: row.length,
          expected: index.length,
        });
      }
      return row.flatMap((label, j) => {
        const known = index[j]!;
        const at = this.handleUnknown === 'ignore' ? known.get(label) : indexOrThrow(op, `feature ${j}`, known, label);
        return Array.from({ length: known.size }, (_, i) => Number(i === at));
      });
    });
    return (isTensor(x) ? tensor(encoded, { device: x.device }) : encoded) as T extends Tensor ? Tensor : number[][];
  }

  /** `fit`, then `transform`. */
  fitTransform<T extends Categories>(x: T): T extends Tensor ? Tensor : number[][] {
    if (arguments.length > 1) noMore('OneHotEncoder.fitTransform', 1, arguments);
    return this.fit(x).transform(x);
  }

  /** The categories of rows of 0 and 1; null for a feature whose columns are all 0. */
  inverseTransform(encoded: readonly (readonly number[])[] | Tensor): (Label | null)[][] {
    if (arguments.length > 1) noMore('OneHotEncoder.inverseTransform', 1, arguments);
    const op = 'OneHotEncoder.inverseTransform';
    const width = this.categories.reduce((sum, labels) => sum + labels.length, 0);
    return rowsOf(op, encoded).map((row) => {
      if (row.length !== width) {
        refuse(ShapeError, op, `rows must have ${width} columns, got ${row.length}`, {
          argument: 'encoded',
          got: row.length,
          expected: width,
        });
      }
      let start = 0;
      return this.categories.map((labels) => {
        const part = row.slice(start, start + labels.length) as number[];
        start += labels.length;
        const largest = part.reduce((best, value, i) => (value > part[best]! ? i : best), 0);
        return part[largest]! > 0 ? labels[largest]! : null;
      });
    });
  }
}

/** Rows of labels; a flat list is one feature. */
function rowsOf(op: string, x: Categories): [Label[], ...Label[][]] {
  const list: unknown = isTensor(x) ? x.toArray() : x;
  const rows = Array.isArray(list)
    ? list.map((row: unknown, i) => labelsOf(op, `x[${i}]`, Array.isArray(row) ? row : [row]))
    : [];
  const [first, ...others] = rows;
  if (first === undefined) {
    return refuse(ArgumentError, op, 'expected rows of categories [N, F]', { argument: 'x', got: x });
  }
  if (others.some((row) => row.length !== first.length)) {
    refuse(ShapeError, op, 'rows must be of equal length', { argument: 'x' });
  }
  return [first, ...others];
}

/**
 * A float32 tensor [N, numClasses] with a 1 at each label and 0 elsewhere.
 *
 * @param labels class numbers, starting at 0, [N]
 * @param numClasses default: the largest label + 1
 * @throws ArgumentError if a number is not a class
 * @example
 * data.oneHot([0, 2], 3).toArray(); // [[1, 0, 0], [0, 0, 1]]
 */
export function oneHot(labels: Labels, numClasses?: number): Tensor {
  if (arguments.length > 2) noMore('oneHot', 2, arguments);
  const list = labelsOf('oneHot', 'labels', labels) as number[];
  for (const label of list) checkWhole('oneHot', 'each label', label);
  const classes = numClasses ?? list.reduce((most, label) => Math.max(most, label + 1), 0);
  checkWhole('oneHot', 'numClasses', classes);
  const values = new Float32Array(list.length * classes);
  list.forEach((label, i) => {
    if (label >= classes) {
      refuse(ArgumentError, 'oneHot', `label ${label} is out of range for ${classes} classes`, {
        argument: 'labels',
        got: label,
      });
    }
    values[i * classes + label] = 1;
  });
  const device = isTensor(labels) ? labels.device : undefined;
  return tensor(values, { shape: [list.length, classes], ...(device && { device }) });
}
