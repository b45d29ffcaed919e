/** Curves over one axis: losses and metrics by epoch, ROC curves. */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { areaUnder, type RocCurve } from '../metrics/curves.ts';
import { noMore, VALUE } from '../options.ts';
import { type Entry, frame } from './frame.ts';
import { AXES_KINDS, type AxesOptions, checkChart, namedOf, type Values, valuesOf } from './inputs.ts';
import { rangeOf, type Scale, scaleOf, widened } from './scale.ts';
import { colourOf, element, FAINT, pathOf } from './svg.ts';

/** Options of `lines`. */
export interface LinesOptions extends AxesOptions {
  /** The x of the values of all curves. Default: 1, 2, 3, … */
  x?: Values;
  /** The scale of the values. Default 'linear'. */
  yScale?: 'linear' | 'log';
}

interface Series {
  name: string;
  values: number[];
  colour: string;
  dash?: string;
}

/** Curves with colours; `valLoss` has the colour of `loss`, and dashes. */
function seriesOf(named: readonly [string, number[]][]): Series[] {
  const names = new Set(named.map(([name]) => name));
  const colours = new Map<string, string>();
  return named.map(([name, values]) => {
    const partner = /^val[A-Z]/.test(name) ? name.charAt(3).toLowerCase() + name.slice(4) : '';
    const isSecond = names.has(partner);
    const key = isSecond ? partner : name;
    const colour = colours.get(key) ?? colourOf(colours.size);
    colours.set(key, colour);
    return { name, values, colour, ...(isSecond && { dash: '6 4' }) };
  });
}

/** The runs of finite numbers in a curve, as places. */
function runsOf(xs: readonly number[], values: readonly number[]): [number, number][][] {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      run = [];
      return;
    }
    if (run.length === 0) runs.push(run);
    run.push([xs[i]!, value]);
  });
  return runs;
}

/**
 * Curves, such as the losses of a training run. Where a value is NaN or infinite, the curve has a gap.
 *
 * @param series a History, or numbers by name
 * @throws ArgumentError if there is nothing to draw, or a number on a logarithmic axis is not positive
 * @example
 * const history = await trainer.fit(x, y, { epochs: 3, verbose: false });
 * const svg = plot.lines(history, { title: 'Training', xLabel: 'epoch' }); // writeFileSync('training.svg', svg)
 */
export function lines(series: Readonly<Record<string, Values>>, options: LinesOptions = {}): string {
  if (arguments.length > 2) noMore('lines', 2, arguments);
  const op = 'plot.lines';
  checkChart(op, options, { ...AXES_KINDS, x: VALUE, yScale: VALUE });
  const { yScale = 'linear' } = options;
  if (yScale !== 'linear' && yScale !== 'log')
    refuse(ArgumentError, op, "yScale must be 'linear' or 'log'", { argument: 'yScale', got: yScale });
  const named = namedOf(op, 'series', series).map(([name, values]): [string, number[]] => [
    name,
    valuesOf(op, name, values, true),
  ]);
  const most = Math.max(...named.map(([, values]) => values.length));
  const xs = options.x === undefined ? Array.from({ length: most }, (_, i) => i + 1) : valuesOf(op, 'x', options.x);
  if (xs.length < most)
    refuse(ArgumentError, op, `x has ${xs.length} values, the longest curve has ${most}`, {
      argument: 'x',
      got: options.x,
    });
  const values = named.flatMap(([, list]) => list);
  const range = rangeOf(values);
  if (range[0] > range[1]) refuse(ArgumentError, op, 'series has no finite number', { argument: 'series' });
  const isLog = yScale === 'log';
  if (isLog && range[0] <= 0)
    refuse(ArgumentError, op, `series must be positive on a logarithmic axis, got ${range[0]}`, {
      argument: 'series',
      got: range[0],
    });
  const [low, high] = isLog ? logRange(range) : widened(range, 0.04);
  const across = widened(rangeOf(xs.slice(0, most)));
  const curves = seriesOf(named);
  const legend = curves.map(({ name, colour, dash }): Entry => ({ name, colour, dash, isLine: true }));
  const x = scaleOf(...across, 7);
  const last = (list: number[]) => list.filter(Number.isFinite).at(-1)?.toPrecision(4) ?? 'no number';
  const { at, draw } = frame({
    ...options,
    fallback: `Curves: ${named.map(([name]) => name).join(', ')}`,
    summary: named.map(([name, list]) => `${name}: ${list.length} values, the last is ${last(list)}.`).join(' '),
    legend,
    x: most <= 1 ? { ...x, ticks: xs.slice(0, 1) } : wholeTicks(x, options.x === undefined),
    y: scaleOf(low, high, 5, isLog),
  });
  return draw(
    curves.flatMap(({ values: list, colour, dash }) =>
      runsOf(xs, list).map((run) => {
        const places = run.map(([a, b]) => at(a, b));
        const [[cx, cy] = [0, 0], ...others] = places;
        if (others.length === 0) return element('circle', { cx, cy, r: 3, fill: colour });
        return element('path', {
          d: pathOf(places),
          fill: 'none',
          stroke: colour,
          'stroke-width': 2,
          'stroke-linejoin': 'round',
          'stroke-dasharray': dash,
        });
      }),
    ),
  );
}

const isCurve = (given: RocCurve | Readonly<Record<string, RocCurve>>): given is RocCurve => Array.isArray(given?.fpr);

/** There is no epoch 2.5. */
function wholeTicks(scale: Scale, isCount: boolean): Scale {
  return isCount ? { ...scale, ticks: scale.ticks.filter(Number.isInteger), format: String } : scale;
}

/** A positive domain with room at both ends. */
function logRange([low, high]: readonly [number, number]): [number, number] {
  const room = low === high ? 2 : (high / low) ** 0.04;
  return [low / room, high * room];
}

/**
 * ROC curves with their areas, and the diagonal, which is what guessing gives.
 *
 * @param curve what `metrics.rocCurve` gives, or several of these by name
 * @example
 * const svg = plot.roc(metrics.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]));
 */
export function roc(curve: RocCurve | Readonly<Record<string, RocCurve>>, options: AxesOptions = {}): string {
  if (arguments.length > 2) noMore('roc', 2, arguments);
  const op = 'plot.roc';
  checkChart(op, options, AXES_KINDS);
  const named = isCurve(curve) ? [['', curve] as const] : namedOf(op, 'curve', curve);
  const curves = named.map(([name, given], i) => {
    const prefix = name === '' ? '' : `${name}.`;
    const [fpr, tpr] = [valuesOf(op, `${prefix}fpr`, given?.fpr), valuesOf(op, `${prefix}tpr`, given?.tpr)];
    if (fpr.length !== tpr.length)
      refuse(ArgumentError, op, `${prefix}tpr has ${tpr.length} values, fpr has ${fpr.length}`, {
        argument: `${prefix}tpr`,
        got: given,
      });
    for (const rate of [...fpr, ...tpr])
      if (rate < 0 || rate > 1)
        refuse(ArgumentError, op, `${name || 'curve'} has a rate of ${rate}, which is not between 0 and 1`, {
          argument: name || 'curve',
          got: rate,
        });
    const area = areaUnder({ fpr, tpr, thresholds: [] }).toFixed(3);
    return { name: name === '' ? `AUC ${area}` : `${name}: AUC ${area}`, fpr, tpr, colour: colourOf(i) };
  });
  const { width = 460, height = 460 } = options;
  const { at, draw } = frame({
    xLabel: 'false positive rate',
    yLabel: 'true positive rate',
    ...options,
    width,
    height,
    fallback: 'ROC curve',
    summary: `${curves.map(({ name }) => name).join('. ')}.`,
    legend: curves.map(({ name, colour }) => ({ name, colour, isLine: true })),
    // A little room, so that a curve along the edge is seen whole.
    x: scaleOf(-0.02, 1.02, 5),
    y: scaleOf(-0.02, 1.02, 5),
  });
  const line = { fill: 'none', 'stroke-width': 2.5, 'stroke-linejoin': 'round' };
  return draw([
    element('path', { d: pathOf([at(0, 0), at(1, 1)]), stroke: FAINT, 'stroke-dasharray': '4 4' }),
    ...curves.map(({ fpr, tpr, colour }) =>
      element('path', { d: pathOf(fpr.map((f, i) => at(f, tpr[i]!))), stroke: colour, ...line }),
    ),
  ]);
}
