/** A function of two numbers as a map, and paths on it: what optimizers do. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { checkWhole, noMore, VALUE } from '../options.ts';
import { fieldImage, type Grid, gridPlaces, gridPoints, isoline } from './field.ts';
import { frame } from './frame.ts';
import { AXES_KINDS, type AxesOptions, checkChart, checkInterval, type Points, pointsOf, valuesOf } from './inputs.ts';
import { rangeOf, scaleOf } from './scale.ts';
import { colourOf, element, PAPER, pathOf } from './svg.ts';

/** Options of `contours`. */
export interface ContoursOptions extends AxesOptions {
  /** The interval of x, from left to right. Default: around the paths, or −1 … 1. */
  x?: readonly [number, number];
  /** The interval of y, from bottom to top. Default: around the paths, or −1 … 1. */
  y?: readonly [number, number];
  /** Paths by name: points [N, 2], such as the parameters after each step. */
  paths?: Readonly<Record<string, Points>>;
  /** How many lines, chosen so that there is the same area between any two neighbours; or their values. Default 12. */
  levels?: number | readonly number[];
  /** Points along each side at which the function is evaluated. Default 100. */
  resolution?: number;
}

/** Red, green and blue from the lowest value, which is light, to the highest: muted, so that paths in bright colours stand out. */
const SHADES = [
  [247, 129],
  [250, 152],
  [252, 178],
] as const;

function levelsOf(op: string, levels: number | readonly number[], sorted: readonly number[]): number[] {
  if (typeof levels !== 'number') return valuesOf(op, 'levels', levels);
  checkWhole(op, 'levels', levels, 1);
  const at = (i: number) => sorted[Math.floor(((i + 1) / (levels + 1)) * (sorted.length - 1))]!;
  return [...new Set(Array.from({ length: levels }, (_, i) => at(i)))];
}

function domain(given: readonly [number, number] | undefined, values: readonly number[]): readonly [number, number] {
  if (given !== undefined) return given;
  if (values.length === 0) return [-1, 1];
  const [low, high] = rangeOf(values);
  const room = (high - low) * 0.15 || 1;
  return [low - room, high + room];
}

/**
 * Lines of equal value of a function, and paths across them.
 *
 * @throws ArgumentError where the function is finite nowhere, or a path is empty
 * @example
 * const visited = [[-2, 1], [-1, 0.2], [0, 0]];
 * const svg = plot.contours((x, y) => x ** 2 + 10 * y ** 2, { paths: { SGD: visited }, x: [-2, 2], y: [-1, 1] });
 */
export function contours(fn: (x: number, y: number) => number, options: ContoursOptions = {}): string {
  if (arguments.length > 2) noMore('contours', 2, arguments);
  const op = 'plot.contours';
  checkChart(op, options, { ...AXES_KINDS, x: VALUE, y: VALUE, paths: VALUE, levels: VALUE, resolution: VALUE });
  if (typeof fn !== 'function')
    refuse(ArgumentError, op, 'fn must be a function (x, y) => number', { argument: 'fn', got: fn });
  const { resolution = 100, levels = 12 } = options;
  checkWhole(op, 'resolution', resolution, 2);
  if (options.x !== undefined) checkInterval(op, 'x', options.x);
  if (options.y !== undefined) checkInterval(op, 'y', options.y);
  const paths = Object.entries(options.paths ?? {}).map(([name, points]) => ({
    name,
    points: pointsOf(op, name, points),
  }));
  const visited = paths.flatMap(({ points }) => points);
  const x = domain(
    options.x,
    visited.map((point) => point[0]),
  );
  const y = domain(
    options.y,
    visited.map((point) => point[1]),
  );
  const grid: Grid = { x, y, size: resolution };
  const values = gridPoints(grid).map(([a, b]) => fn(a, b));
  if (!values.every((value) => typeof value === 'number'))
    refuse(ArgumentError, op, 'fn must give numbers', { argument: 'fn', got: fn });
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) refuse(ArgumentError, op, 'fn is finite nowhere', { argument: 'fn', got: fn });
  const [least, greatest] = rangeOf(sorted);
  const chosen = levelsOf(op, levels, sorted).sort((a, b) => a - b);
  const area = frame({
    ...options,
    width: options.width ?? 560,
    height: options.height ?? 460,
    fallback: 'Contour lines',
    summary:
      `Values from ${least.toPrecision(3)} to ${greatest.toPrecision(3)}. ${paths.map(({ name, points }) => `${name}: ${points.length} points.`).join(' ')}`.trim(),
    legend: paths.map(({ name }, i) => ({ name, colour: colourOf(i), isLine: true })),
    x: scaleOf(...x, 6),
    y: scaleOf(...y, 6),
  });
  const step = gridPlaces(area, resolution);
  const shade = (value: number) => {
    const share = chosen.filter((level) => value >= level).length / chosen.length;
    return SHADES.map(([low, high]) => Math.round(low + (high - low) * share));
  };
  return area.draw([
    fieldImage(resolution, values.map(shade), area),
    ...chosen
      .map((level) => isoline(values, resolution, level, step))
      .flatMap((d) => (d === '' ? [] : element('path', { d, fill: 'none', stroke: '#5f7891', 'stroke-width': 0.8 }))),
    ...paths.flatMap(({ points }, i) => {
      const places = points.map(([a, b]) => area.at(a, b));
      const line = { fill: 'none', stroke: colourOf(i), 'stroke-width': 2.2, 'stroke-linejoin': 'round' };
      const [first, last] = [places[0]!, places.at(-1)!];
      return [
        element('path', { d: pathOf(places), ...line }),
        element('circle', { cx: first[0], cy: first[1], r: 4, fill: PAPER, stroke: colourOf(i), 'stroke-width': 2 }),
        element('circle', { cx: last[0], cy: last[1], r: 4.5, fill: colourOf(i), stroke: PAPER }),
      ];
    }),
  ]);
}
