/** How often numbers occur. */

import { checkWhole, noMore, VALUE } from '../options.ts';
import { isTensor } from '../tensor/tensor.ts';
import { frame } from './frame.ts';
import { AXES_KINDS, type AxesOptions, checkChart, namedOf, type Values, valuesOf } from './inputs.ts';
import { rangeOf, scaleOf } from './scale.ts';
import { colourOf, element } from './svg.ts';

/** Options of `histogram`. */
export interface HistogramOptions extends AxesOptions {
  /** Number of bins of equal width from the least number to the greatest. Default 20. */
  bins?: number;
}

const isNamed = (values: Values | Readonly<Record<string, Values>>): values is Readonly<Record<string, Values>> =>
  typeof values === 'object' && values !== null && !isTensor(values) && !('length' in values);

/** How many numbers are in each bin; the last bin includes its upper end. */
function countsIn(values: readonly number[], low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]!++;
  return counts;
}

/**
 * How often numbers occur, in bins of equal width: numpy.histogram's.
 *
 * @param values numbers, or several lists by name, which are drawn over each other
 * @throws ArgumentError where there are no numbers, or one is not finite
 * @example
 * const svg = plot.histogram(model.parameters()[0], { title: 'Weights', bins: 30 });
 */
export function histogram(values: Values | Readonly<Record<string, Values>>, options: HistogramOptions = {}): string {
  if (arguments.length > 2) noMore('histogram', 2, arguments);
  const op = 'plot.histogram';
  checkChart(op, options, { ...AXES_KINDS, bins: VALUE });
  const { bins = 20 } = options;
  checkWhole(op, 'bins', bins, 1);
  const named = isNamed(values) ? namedOf(op, 'values', values) : [['', values] as const];
  const lists = named.map(([name, list]) => ({ name, numbers: valuesOf(op, name || 'values', list) }));
  const [least, greatest] = rangeOf(lists.flatMap(({ numbers }) => numbers));
  const [low, high] = least === greatest ? [least - 0.5, greatest + 0.5] : [least, greatest];
  const counted = lists.map(({ numbers }) => countsIn(numbers, low, high, bins));
  const most = Math.max(...counted.flat());
  const { at, draw } = frame({
    yLabel: 'count',
    ...options,
    fallback: 'Histogram',
    summary: lists
      .map(({ name, numbers }) => `${name} ${numbers.length} numbers from ${rangeOf(numbers).join(' to ')}.`.trim())
      .join(' '),
    legend:
      lists.length === 1 && lists[0]?.name === '' ? [] : lists.map(({ name }, i) => ({ name, colour: colourOf(i) })),
    x: scaleOf(low, high, 7),
    y: scaleOf(0, most * 1.04, 5),
  });
  const edge = (i: number) => low + ((high - low) * i) / bins;
  return draw(
    counted.flatMap((counts, series) =>
      counts.flatMap((count, i) => {
        if (count === 0) return [];
        const [[left, top], [right, bottom]] = [at(edge(i), count), at(edge(i + 1), 0)];
        const gap = Math.min(1, (right - left) / 4);
        return element('rect', {
          x: left + gap / 2,
          y: top,
          width: right - left - gap,
          height: bottom - top,
          fill: colourOf(series),
          'fill-opacity': lists.length === 1 ? 0.85 : 0.55,
        });
      }),
    ),
  );
}
