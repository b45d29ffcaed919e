/** Checks what charts take: lists of numbers, points, and the options that all charts share. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isList } from '../../bindings/realm.ts';
import { checkOptions, checkRange, type OptionKinds, VALUE } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** Options of every chart. */
export interface ChartOptions {
  /** Shown above the picture, and its name for screen readers. */
  title?: string;
  /** For screen readers; without it, the chart describes itself. */
  description?: string;
  /** In pixels, 160 … 10,000. Each chart has a default of its own. */
  width?: number;
  /** In pixels, 120 … 10,000. Each chart has a default of its own. */
  height?: number;
}

/** Options of charts with axes. */
export interface AxesOptions extends ChartOptions {
  /** Shown below the axis. Default: nothing; for `roc` 'false positive rate'. */
  xLabel?: string;
  /** Shown next to the axis, rotated. Default: nothing; for `histogram` 'count', for `roc` 'true positive rate'. */
  yLabel?: string;
}

/** Numbers in a row: a list, a typed array, or a tensor, which is flattened. */
export type Values = ArrayLike<number> | Tensor;

export const CHART_KINDS: OptionKinds<ChartOptions> = { title: VALUE, description: VALUE, width: VALUE, height: VALUE };
export const AXES_KINDS: OptionKinds<AxesOptions> = { ...CHART_KINDS, xLabel: VALUE, yLabel: VALUE };

/** Refuses unknown options, sizes out of range, and titles and labels that are not strings. */
export function checkChart<O extends ChartOptions>(op: string, options: O, kinds: OptionKinds<O>): void {
  checkOptions<O>(op, options, kinds);
  if (options.width !== undefined) checkRange(op, 'width', options.width, 160, 10_000);
  if (options.height !== undefined) checkRange(op, 'height', options.height, 120, 10_000);
  const { title, description, xLabel, yLabel }: AxesOptions = options;
  for (const [argument, got] of Object.entries({ title, description, xLabel, yLabel })) {
    if (got !== undefined && typeof got !== 'string')
      refuse(ArgumentError, op, `${argument} must be a string`, { argument, got });
  }
}

/** Numbers in a row, at least one; NaN and infinite ones only if the chart knows what to do with them. */
export function valuesOf(op: string, argument: string, given: unknown, allowMissing = false): number[] {
  const list: unknown = isTensor(given) ? given.dataSync() : given;
  if (!isList(list))
    return refuse(ArgumentError, op, `${argument} must be a list of numbers`, { argument, got: given });
  if (list.length === 0) refuse(ArgumentError, op, `${argument} is empty`, { argument, got: given });
  return Array.from(list, (value, i) => {
    if (typeof value !== 'number')
      return refuse(ArgumentError, op, `${argument}[${i}] must be a number, got ${typeof value}`, {
        argument: `${argument}[${i}]`,
        got: value,
      });
    if (!allowMissing && !Number.isFinite(value))
      refuse(ArgumentError, op, `${argument}[${i}] must be finite, got ${value}`, {
        argument: `${argument}[${i}]`,
        got: value,
      });
    return value;
  });
}

/** Lists by name, at least one. */
export function namedOf<T>(op: string, argument: string, given: Readonly<Record<string, T>>): [string, T][] {
  if (typeof given !== 'object' || given === null || isList(given) || isTensor(given))
    refuse(ArgumentError, op, `${argument} must be an object { name: … }`, { argument, got: given });
  const entries = Object.entries(given);
  if (entries.length === 0) refuse(ArgumentError, op, `${argument} is empty`, { argument, got: given });
  return entries;
}

/** Points: [N, 2] as rows or as a tensor. */
export type Points = readonly (readonly number[])[] | Tensor;

/** Points in the plane, at least one, all finite. */
export function pointsOf(op: string, argument: string, given: Points): [x: number, y: number][] {
  const rows: unknown = isTensor(given) ? given.toArray() : given;
  if (!isList(rows))
    return refuse(ArgumentError, op, `${argument} must be a list of points [x, y]`, { argument, got: given });
  if (rows.length === 0) refuse(ArgumentError, op, `${argument} is empty`, { argument, got: given });
  return Array.from(rows, (row, i) => {
    if (!isList(row) || row.length !== 2) {
      refuse(ShapeError, op, `${argument} must be points [N,2]; row ${i} is not`, { argument, got: row });
    }
    const [x = 0, y = 0] = valuesOf(op, `${argument}[${i}]`, row);
    return [x, y];
  });
}

/** Two numbers, the first below the second. */
export function checkInterval(
  op: string,
  argument: string,
  given: unknown,
): asserts given is readonly [number, number] {
  if (!isList(given) || given.length !== 2)
    return refuse(ArgumentError, op, `${argument} must be [low, high]`, { argument, got: given });
  const [low = 0, high = 0] = valuesOf(op, argument, given);
  if (!(low < high))
    refuse(ArgumentError, op, `${argument} must be [low, high] with low < high, got [${low}, ${high}]`, {
      argument,
      got: given,
    });
}

/** Labels as strings, one for each of `count` things. */
export function checkLabels(op: string, labels: readonly (string | number)[], count: number, things: string): string[] {
  if (!isList(labels) || labels.length !== count) {
    refuse(ShapeError, op, `labels must be a list of ${count} strings, one for each of the ${things}`, {
      argument: 'labels',
      got: labels,
      expected: count,
    });
  }
  return Array.from(labels, String);
}
