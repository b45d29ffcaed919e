/** Confusion matrices. */

import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { noMore, VALUE } from '../options.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { CHART_KINDS, type ChartOptions, checkChart, checkLabels, valuesOf } from './inputs.ts';
import { colourOf, element, FAINT, fitted, heading, INK, PADDING, PAPER, sheet, text, textWidth, tint } from './svg.ts';

/** Options of `confusion`. */
export interface ConfusionPlotOptions extends ChartOptions {
  /** Names of the classes, in order. Default: 0, 1, 2, … */
  labels?: readonly (string | number)[];
}

const LONGEST = 120;

function rowsOf(op: string, matrix: readonly ArrayLike<number>[] | Tensor): number[][] {
  const list: unknown = isTensor(matrix) ? matrix.toArray() : matrix;
  if (!Array.isArray(list))
    return refuse(ArgumentError, op, 'matrix must be a list of rows', { argument: 'matrix', got: matrix });
  if (list.length === 0) refuse(ArgumentError, op, 'matrix is empty', { argument: 'matrix', got: matrix });
  return list.map((given, i) => {
    const row = valuesOf(op, `matrix[${i}]`, given);
    if (row.length !== list.length) {
      refuse(ShapeError, op, `matrix must be square; of ${list.length} rows, row ${i} has ${row.length} numbers`, {
        argument: 'matrix',
        got: row.length,
        expected: list.length,
      });
    }
    const negative = row.find((count) => count < 0);
    if (negative !== undefined)
      refuse(ArgumentError, op, `matrix[${i}] must not be negative, got ${negative}`, {
        argument: `matrix[${i}]`,
        got: negative,
      });
    return row;
  });
}

const written = (count: number): string => (Number.isInteger(count) ? String(count) : count.toFixed(2));

/**
 * A confusion matrix: a row for each true class, a column for each predicted one. The larger its share of the row, the darker
 * a cell is.
 *
 * @param matrix what `metrics.confusionMatrix` gives
 * @throws ShapeError where the matrix is not square or labels do not fit
 * @example
 * const matrix = metrics.confusionMatrix([0, 1, 1], [0, 1, 0]);
 * const svg = plot.confusion(matrix, { labels: ['malignant', 'benign'] });
 */
export function confusion(matrix: readonly ArrayLike<number>[] | Tensor, options: ConfusionPlotOptions = {}): string {
  if (arguments.length > 2) noMore('confusion', 2, arguments);
  const op = 'plot.confusion';
  checkChart(op, options, { ...CHART_KINDS, labels: VALUE });
  const rows = rowsOf(op, matrix);
  const n = rows.length;
  const labels = checkLabels(op, options.labels ?? rows.map((_, i) => i), n, 'classes');
  const names = labels.map((label) => fitted(label, LONGEST));
  const widest = Math.max(...names.map((name) => textWidth(name)));
  const digits = Math.max(...rows.flat().map((count) => textWidth(written(count))));
  const ideal = Math.max(32, digits + 14, Math.min(72, 320 / n));
  const left = PADDING + 24 + widest + 8;
  const top = PADDING + (options.title === undefined ? 0 : 28);
  // Names of columns are rotated if they do not fit side by side.
  const isTurned = (cell: number) => widest > cell - 6;
  const below = (cell: number) => 24 + (isTurned(cell) ? widest * 0.75 + 14 : 18) + PADDING;
  const given = [
    options.width && (options.width - left - PADDING) / n,
    options.height && (options.height - top - below(0)) / n,
  ];
  const cell = Math.max(
    12,
    Math.min(...given.filter((size) => size !== undefined), options.width || options.height ? Infinity : ideal),
  );
  const side = cell * n;
  const width = options.width ?? Math.max(left + side + PADDING, options.title === undefined ? 0 : 300);
  const height = options.height ?? top + side + below(cell);

  const marks: string[] = [];
  if (options.title !== undefined) marks.push(heading(options.title, width));
  rows.forEach((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const y = top + i * cell;
    marks.push(text(left - 8, y + cell / 2 + 4, names[i]!, { 'text-anchor': 'end', fill: FAINT }));
    row.forEach((count, j) => {
      const share = total === 0 ? 0 : count / total;
      const x = left + j * cell;
      const fill = `rgb(${tint(colourOf(0), 0.04 + 0.96 * share).join(',')})`;
      marks.push(element('rect', { x, y, width: cell, height: cell, fill, stroke: PAPER }));
      const size = Math.min(14, Math.max(8, ((cell - 4) / digits) * 12));
      const look = { 'text-anchor': 'middle', 'font-size': size, fill: share > 0.5 ? PAPER : INK };
      marks.push(text(x + cell / 2, y + cell / 2 + size * 0.35, written(count), look));
    });
    const [cx, cy] = [left + (i + 0.5) * cell, top + side + 18];
    const turned = isTurned(cell)
      ? { 'text-anchor': 'end', transform: `rotate(-45 ${cx.toFixed(2)} ${cy.toFixed(2)})` }
      : {};
    marks.push(text(cx, cy, names[i]!, { 'text-anchor': 'middle', fill: FAINT, ...turned }));
  });
  const [ax, ay] = [PADDING + 10, top + side / 2];
  marks.push(text(ax, ay, 'true', { 'text-anchor': 'middle', transform: `rotate(-90 ${ax} ${ay.toFixed(2)})` }));
  marks.push(text(left + side / 2, height - PADDING + 2, 'predicted', { 'text-anchor': 'middle' }));
  const hits = rows.reduce((sum, row, i) => sum + row[i]!, 0);
  const all = rows.flat().reduce((sum, count) => sum + count, 0);
  const description =
    options.description ?? `${n} classes (${labels.join(', ')}); ${written(hits)} of ${written(all)} on the diagonal.`;
  return sheet({ width, height, title: options.title ?? 'Confusion matrix', description }, marks);
}
