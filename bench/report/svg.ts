/**
 * The common parts of the charts: Vega-Lite specifications become SVG texts, so that the page needs no script. Colours are
 * variables of the page's style sheet. Each chart of rows is drawn twice: wide, and narrow for phones, with the names above their
 * rows.
 */
import { load } from '../peers/load.ts';
import type { Kind } from './data.ts';
import { displayName } from './names.ts';

interface Vega {
  parse(spec: object): object;
  View: new (runtime: object, options: { renderer: 'none' }) => { toSVG(): Promise<string> };
}
interface VegaLite {
  compile(spec: object): { spec: object };
}

const WIDE = 900;
const NARROW = 330;
/** Room for a letter of the names on the left of a wide chart. */
const LETTER = 7.7;
/** Room for the axis above a chart. */
const AXIS = 42;
const FONT = 'system-ui, sans-serif';

const peerColours: Record<string, string> = {
  saraf: 'saraf',
  'saraf tensor': 'saraf',
  'saraf eager': 'saraf',
  'saraf compiled': 'saraf-2',
  'saraf, 1 thread': 'saraf',
  'saraf, 2 threads': 'saraf-2',
  'saraf, CPU': 'saraf-2',
  'tfjs-webgpu': 'wasm-2',
  'saraf reference': 'plain-1',
  'tfjs-wasm': 'wasm-1',
  'ort-web': 'wasm-2',
  'jax-js': 'wasm-3',
  'numpy-ts': 'wasm-4',
  'plain JS': 'plain-2',
  'tfjs-cpu': 'plain-3',
  'ml-matrix': 'plain-4',
  'brain.js': 'plain-5',
};
export const colourOf = (peer: string): string => `var(--${peerColours[peer] ?? 'native'})`;

export const shapes: Record<Kind, string> = {
  saraf: 'triangle-up',
  wasm: 'circle',
  plain: 'square',
  native: 'diamond',
};

const config = {
  font: FONT,
  background: null,
  view: { stroke: null },
  aria: false,
  axis: {
    labelColor: 'var(--soft)',
    titleColor: 'var(--soft)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    gridColor: 'var(--line)',
    domainColor: 'var(--line)',
    tickColor: 'var(--line)',
    labelLimit: 0,
    titleLimit: 0,
  },
  text: { fontSize: 12 },
};

const short = "datum.value >= 1000 ? format(datum.value, ',') : datum.value";
const LOG_TICKS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000];

/** Draws one specification; a mark's description becomes its tooltip. */
export async function render(spec: object, label: string): Promise<string> {
  const [vega, lite] = [await load<Vega>('vega'), await load<VegaLite>('vega-lite')];
  const runtime = vega.parse(lite.compile({ ...spec, config }).spec);
  const svg = await new vega.View(runtime, { renderer: 'none' }).toSVG();
  return svg
    .replace('<svg ', `<svg role="img" aria-label="${label.replace(/"/g, '&quot;')}" `)
    .replace(/ version="1.1"| xmlns(:xlink)?="[^"]*"/g, '')
    .replace(/ aria-roledescription="[^"]*"| role="(graphics-symbol|graphics-object|graphics-document)"/g, '')
    .replace(/<path aria-label="([^"]*)"([^>]*?)\/?>(<\/path>)?/g, '<path$2><title>$1</title></path>')
    .replace(/(\d\.\d\d)\d+/g, '$1')
    .replace(/ class="[^"]*"| pointer-events="none"| stroke-miterlimit="10"/g, '');
}

/** A figure in the wide and in the narrow form. */
export async function both(label: string, make: (narrow: boolean) => object): Promise<string> {
  const [wide, narrow] = [await render(make(false), label), await render(make(true), label)];
  return `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}

/** Rows of names: on the left, or, where there is little room, above each row. */
export function rows(names: readonly string[], narrow: boolean, padding = narrow ? 0.8 : 0.5, labelOffset = -16) {
  const axis = narrow
    ? { labelAlign: 'left', labelPadding: -2, labelOffset, labelBaseline: 'middle' }
    : { labelPadding: 10 };
  return {
    field: 'task',
    type: 'nominal',
    sort: names,
    scale: { padding },
    axis: {
      title: null,
      ticks: false,
      domain: false,
      zindex: 1,
      labelColor: 'var(--ink)',
      labelFontSize: 12.5,
      ...axis,
    },
  };
}

export const named = <T extends { task: string }>(values: readonly T[]): T[] =>
  values.map((one) => ({ ...one, task: displayName(one.task) }));
export const namesOf = (values: readonly { task: string }[]): string[] => [...new Set(values.map(({ task }) => task))];
const widthOf = (narrow: boolean, names: readonly string[]): number =>
  (narrow ? NARROW : WIDE) - leftOf(narrow, names) - RIGHT;
const leftOf = (narrow: boolean, names: readonly string[]): number =>
  narrow ? 4 : Math.round(LETTER * Math.max(...names.map(({ length }) => length))) + 16;
const RIGHT = 18;

/** The frame of a chart of rows. Sizes are set, not estimated from texts, so that letters keep their size on the page. */
export const frame = (narrow: boolean, names: readonly string[]) => ({
  autosize: 'none',
  width: widthOf(narrow, names),
  padding: { left: leftOf(narrow, names), right: RIGHT, top: AXIS, bottom: 4 },
});
export const stepOf = (narrow: boolean, wide: number): object => ({ step: narrow ? wide + 16 : wide });

/** The side of 1× on which saraf loses, and the line itself. */
export function losingSide(low: number) {
  const at = (value: number) => ({ datum: value, type: 'quantitative' });
  return [
    {
      mark: { type: 'rect', color: 'var(--lose)' },
      data: { values: [{}] },
      encoding: { x: at(low), x2: { datum: 1 } },
    },
    {
      mark: { type: 'rule', color: 'var(--ink)', strokeWidth: 1.5 },
      data: { values: [{}] },
      encoding: { x: at(1) },
    },
  ];
}

export function logAxis(values: readonly number[], title: string, narrow: boolean) {
  const low = Math.min(0.5, ...values.map((value) => value * 0.85));
  const high = Math.max(2, ...values.map((value) => value * 1.2));
  const ticks = LOG_TICKS.filter((tick) => tick >= low && tick <= high);
  const few = narrow ? ticks.filter((tick) => Number.isInteger(Math.log10(tick)) || ticks.length < 6) : ticks;
  return {
    low,
    x: {
      field: 'ratio',
      type: 'quantitative',
      scale: { type: 'log', domain: [low, high], nice: false },
      axis: { values: few, labelExpr: `${short} + '×'`, title, orient: 'top', titlePadding: 8 },
    },
  };
}
