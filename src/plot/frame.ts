/** Axes: ticks, grid lines, names, title and legend, and the place of a point between them. */
import type { Area } from './field.ts';
import type { AxesOptions } from './inputs.ts';
import type { Scale } from './scale.ts';
import { element, FAINT, fitted, GRID, heading, INK, PADDING, sheet, text, textWidth } from './svg.ts';

/** A line of the legend. */
export interface Entry {
  name: string;
  colour: string;
  /** Drawn as a line; otherwise as a filled square. */
  isLine?: boolean;
  /** The dash pattern of the line. */
  dash?: string;
}

export interface FrameOptions extends AxesOptions {
  /** Title for screen readers, if the user gave none. */
  fallback: string;
  /** Description, if the user gave none. */
  summary: string;
  legend?: readonly Entry[];
  x: Scale;
  y: Scale;
}

/** The area between the axes, and how to draw in it. */
export interface Frame extends Area {
  at: (x: number, y: number) => [number, number];
  /** The picture with these marks, which are clipped at the edges of the area. */
  draw: (marks: readonly string[]) => string;
}

const WIDTH = 640;
const HEIGHT = 400;
const ROW = 20;
const SWATCH = 24;

/** Entries side by side, in as many rows as they need. */
function legendRows(
  entries: readonly Entry[],
  width: number,
): { entry: Entry; name: string; x: number; row: number }[] {
  let [x, row] = [0, 0];
  return entries.map((entry) => {
    const name = fitted(entry.name, width - SWATCH);
    const length = SWATCH + textWidth(name) + PADDING;
    if (x > 0 && x + length - PADDING > width) [x, row] = [0, row + 1];
    const placed = { entry, name, x, row };
    x += length;
    return placed;
  });
}

function swatch({ colour, dash, isLine }: Entry, x: number, y: number): string {
  if (isLine)
    return element('path', { d: `M${x},${y}h18`, stroke: colour, 'stroke-width': 2.5, 'stroke-dasharray': dash });
  return element('rect', { x: x + 4, y: y - 6, width: 12, height: 12, rx: 2, fill: colour });
}

/** Ticks whose labels do not overlap. */
function readable({ ticks, format, share }: Scale, length: number): number[] {
  let end = -Infinity;
  return ticks.filter((tick) => {
    const half = textWidth(format(tick)) / 2;
    const at = share(tick) * length;
    if (at - half < end + 6) return false;
    end = at + half;
    return true;
  });
}

/** Prepares a chart with axes. */
export function frame(options: FrameOptions): Frame {
  const { width = WIDTH, height = HEIGHT, title, xLabel, yLabel, x, y, legend = [] } = options;
  const left =
    PADDING + Math.max(...y.ticks.map((tick) => textWidth(y.format(tick))), 10) + 8 + (yLabel === undefined ? 0 : ROW);
  const right = PADDING + textWidth(x.format(x.ticks.at(-1) ?? 0)) / 2;
  const inner = Math.max(20, width - left - right);
  const rows = legendRows(legend, inner);
  const legendTop = PADDING + (title === undefined ? 0 : 26);
  const lastRow = rows.at(-1)?.row;
  const top = legendTop + (lastRow === undefined ? 0 : (lastRow + 1) * ROW + 4) + (title === undefined ? 4 : 0);
  const bottom = PADDING + 18 + (xLabel === undefined ? 0 : ROW);
  const depth = Math.max(20, height - top - bottom);
  const at = (a: number, b: number): [number, number] => [left + x.share(a) * inner, top + (1 - y.share(b)) * depth];

  const axes: string[] = [];
  x.ticks.forEach((tick) => {
    const [px] = at(tick, y.low);
    axes.push(element('path', { d: `M${px.toFixed(2)},${top}v${depth}`, stroke: GRID }));
  });
  for (const tick of readable(x, inner)) {
    axes.push(text(at(tick, y.low)[0], top + depth + 18, x.format(tick), { 'text-anchor': 'middle', fill: FAINT }));
  }
  y.ticks.forEach((tick) => {
    const [, py] = at(x.low, tick);
    axes.push(element('path', { d: `M${left},${py.toFixed(2)}h${inner}`, stroke: GRID }));
    axes.push(text(left - 8, py + 4, y.format(tick), { 'text-anchor': 'end', fill: FAINT }));
  });
  const over: string[] = [
    element('path', { d: `M${left},${top}V${top + depth}H${left + inner}`, fill: 'none', stroke: FAINT }),
  ];
  if (title !== undefined) over.push(heading(title, width));
  if (xLabel !== undefined) {
    const words = fitted(xLabel, inner);
    over.push(text(left + inner / 2, height - PADDING + 2, words, { 'text-anchor': 'middle' }));
  }
  if (yLabel !== undefined) {
    const [cx, cy] = [PADDING + 8, top + depth / 2];
    const words = fitted(yLabel, depth);
    over.push(text(cx, cy, words, { 'text-anchor': 'middle', transform: `rotate(-90 ${cx} ${cy.toFixed(2)})` }));
  }
  for (const { entry, name, x: dx, row } of rows) {
    const middle = legendTop + row * ROW + 10;
    over.push(swatch(entry, left + dx, middle));
    over.push(text(left + dx + SWATCH, middle + 4, name, { fill: INK }));
  }
  return {
    left,
    top,
    width: inner,
    height: depth,
    at,
    draw: (marks) => {
      // An inner svg clips what leaves it, without an id that another picture on the page could also have.
      const area = { x: left, y: top, width: inner, height: depth };
      const viewBox = [left, top, inner, depth].map((n) => n.toFixed(2)).join(' ');
      const inside = element('svg', { ...area, viewBox, overflow: 'hidden' }, `\n${marks.join('\n')}\n`);
      const names = { title: title ?? options.fallback, description: options.description ?? options.summary };
      return sheet({ width, height, ...names }, [...axes, inside, ...over]);
    },
  };
}
