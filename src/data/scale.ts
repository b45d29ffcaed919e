/** Scaling of features, the columns of a table [N, F]. Tensors become tensors, nested arrays nested arrays. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { type Table, tableOf } from '../metrics/inputs.ts';
import { tensor } from '../ops/index.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A table of numbers: a tensor [N, F] (or [N]: one feature), or nested arrays. */
export type Features = Tensor | readonly (readonly number[])[] | readonly number[];

/** The result in the form of the table that was given. */
type Same<T> = T extends Tensor ? Tensor : T extends readonly number[] ? number[] : number[][];

/** `fn(value, feature)` of every element, in the form of x. */
function mapTable(x: Features, table: Table, fn: (value: number, feature: number) => number) {
  const { rows, cols, values } = table;
  const mapped = values.map((value, i) => fn(value, i % cols));
  if (isTensor(x)) return tensor(mapped, { shape: x.shape, device: x.device });
  if (table.flat) return Array.from(mapped);
  return Array.from({ length: rows }, (_, i) => Array.from(mapped.subarray(i * cols, (i + 1) * cols)));
}

/** y = (x − offset) / scale for each feature, and back. */
abstract class Scaler {
  /** What is subtracted from each feature. */
  protected offsets: number[] | null = null;
  /** What the difference is divided by. */
  protected divisors: number[] = [];

  /** The name of the class in errors. */
  protected abstract readonly op: string;

  /** Learns offset and scale from the training examples. */
  abstract fit(x: Features): this;

  protected columns(x: Features): number[][] {
    const { rows, cols, values } = this.table('fit', x);
    if (rows === 0) refuse(ArgumentError, this.op, 'there are no examples to fit', { argument: 'x' });
    return Array.from({ length: cols }, (_, j) => Array.from({ length: rows }, (_, i) => values[i * cols + j]!));
  }

  private table(method: string, x: Features): Table {
    return tableOf(`${this.op}.${method}`, 'x', x);
  }

  private fitted(method: string, x: Features): { table: Table; offsets: number[] } {
    const { op, offsets } = this;
    if (offsets === null) refuse(ArgumentError, op, `fit() must come before ${method}()`, { argument: 'x' });
    const table = this.table(method, x);
    if (table.cols !== offsets.length) {
      refuse(ShapeError, op, `x has ${table.cols} features, fit() saw ${offsets.length}`, {
        argument: 'x',
        got: table.cols,
        expected: offsets.length,
      });
    }
    return { table, offsets };
  }

  /** Scales examples by what `fit` has learned. */
  transform<T extends Features>(x: T): Same<T> {
    if (arguments.length > 1) noMore('Scaler.transform', 1, arguments);
    const { table, offsets } = this.fitted('transform', x);
    return mapTable(x, table, (value, j) => this.limit((value - offsets[j]!) / this.divisors[j]!)) as Same<T>;
  }

  /** `fit`, then `transform`. */
  fitTransform<T extends Features>(x: T): Same<T> {
    if (arguments.length > 1) noMore('Scaler.fitTransform', 1, arguments);
    return this.fit(x).transform(x);
  }

  /** The opposite of `transform`. */
  inverseTransform<T extends Features>(y: T): Same<T> {
    if (arguments.length > 1) noMore('Scaler.inverseTransform', 1, arguments);
    const { table, offsets } = this.fitted('inverseTransform', y);
    return mapTable(y, table, (value, j) => value * this.divisors[j]! + offsets[j]!) as Same<T>;
  }

  protected limit(value: number): number {
    return value;
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Options of `StandardScaler`. */
export interface StandardScalerOptions {
  /** Subtract the mean. Default true. */
  withMean?: boolean;
  /** Divide by the standard deviation. Default true. */
  withStd?: boolean;
}

/**
 * (x − mean) / standard deviation of each feature. Features without variance are not divided.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.StandardScaler.html
 * @example
 * const scaler = new data.StandardScaler();
 * scaler.fitTransform(tensor([[1, 10], [3, 30]])).toArray(); // [[-1, -1], [1, 1]]
 * scaler.transform(tensor([[2, 20]])).toArray(); // [[0, 0]]
 */
export class StandardScaler extends Scaler {
  protected readonly op = 'StandardScaler';
  /** Mean of each feature. */
  mean: number[] = [];
  /** Variance of each feature (over N). */
  variance: number[] = [];

  constructor(private readonly options: StandardScalerOptions = {}) {
    if (arguments.length > 1) noMore('StandardScaler', 1, arguments);
    super();
    checkOptions('StandardScaler', options, { withMean: FLAG, withStd: FLAG });
  }

  override fit(x: Features): this {
    if (arguments.length > 1) noMore('StandardScaler.fit', 1, arguments);
    const { withMean = true, withStd = true } = this.options;
    const columns = this.columns(x);
    this.mean = columns.map(mean);
    this.variance = columns.map((values, j) => mean(values.map((value) => (value - this.mean[j]!) ** 2)));
    this.offsets = this.mean.map((value) => (withMean ? value : 0));
    this.divisors = columns.map((values, j) => {
      const isConstant = values.every((value) => value === values[0]);
      return withStd && !isConstant ? Math.sqrt(this.variance[j]!) : 1;
    });
    return this;
  }
}

/** Options of `MinMaxScaler`. */
export interface MinMaxScalerOptions {
  /** The values that the smallest and the largest value become. Default [0, 1]. */
  featureRange?: readonly [number, number];
  /** Clip the values of other examples to that range. Default false. */
  clip?: boolean;
}

/**
 * Maps each feature to a range: its smallest value to the lower end, its largest to the upper end.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.MinMaxScaler.html
 * @example
 * const scaler = new data.MinMaxScaler();
 * scaler.fitTransform(tensor([[1, 10], [3, 30]])).toArray(); // [[0, 0], [1, 1]]
 */
export class MinMaxScaler extends Scaler {
  protected readonly op = 'MinMaxScaler';
  /** Smallest value of each feature. */
  min: number[] = [];
  /** Largest value of each feature. */
  max: number[] = [];
  private readonly range: readonly [number, number];

  constructor(private readonly options: MinMaxScalerOptions = {}) {
    if (arguments.length > 1) noMore('MinMaxScaler', 1, arguments);
    super();
    checkOptions('MinMaxScaler', options, { featureRange: VALUE, clip: FLAG });
    this.range = options.featureRange ?? [0, 1];
    if (!(this.range[0] < this.range[1])) {
      refuse(ArgumentError, 'MinMaxScaler', `featureRange must rise, got [${this.range.join(', ')}]`, {
        argument: 'featureRange',
        got: this.range,
      });
    }
  }

  override fit(x: Features): this {
    if (arguments.length > 1) noMore('MinMaxScaler.fit', 1, arguments);
    const [low, high] = this.range;
    const columns = this.columns(x);
    this.min = columns.map((values) => values.reduce((a, b) => Math.min(a, b)));
    this.max = columns.map((values) => values.reduce((a, b) => Math.max(a, b)));
    this.divisors = this.min.map((min, j) => (this.max[j]! - min || 1) / (high - low));
    this.offsets = this.min.map((min, j) => min - low * this.divisors[j]!);
    return this;
  }

  protected override limit(value: number): number {
    return this.options.clip ? Math.min(Math.max(value, this.range[0]), this.range[1]) : value;
  }
}
