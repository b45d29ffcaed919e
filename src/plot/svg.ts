/**
 * SVG as text: elements, escaped strings, and the document around them. There is no library here because the core has next to
 * no dependencies and `plot` is part of it: what charts need of one (ticks, contour lines) is a page of code in scale.ts and
 * field.ts. A picture brings its own light background, so that it reads the same on light and dark pages.
 */
import { checkFinite } from '../options.ts';

/** Names of attributes and their values; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

export const INK = '#1f2933';
export const FAINT = '#52606d';
export const GRID = '#e4e7eb';
export const PAPER = '#ffffff';

/** The margin of a picture. */
export const PADDING = 14;

/**
 * Colours of series and classes that people with colour blindness can tell apart.
 *
 * @see Okabe, Ito (2008), https://jfly.uni-koeln.de/color/
 */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7a5195', '#6b705c'];

export const colourOf = (i: number): string => COLOURS[i % COLOURS.length]!;

/** Red, green and blue of a colour written #rrggbb. */
const channelsOf = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

/** A mixture of white and a colour, as channels. */
export const tint = (colour: string, share: number): number[] =>
  channelsOf(colour).map((c) => Math.round(255 + (c - 255) * share));

const FONT_SIZE = 12;
/** A sans-serif letter is about this wide at FONT_SIZE. */
const LETTER = 6.9;

/** Roughly how wide a string is when it is drawn: a little too wide rather than too narrow. */
export function textWidth(text: string, size: number = FONT_SIZE): number {
  const wide = text.match(/[mwMW@%\u2e80-\uffff]/g)?.length ?? 0;
  return (([...text].length + wide * 0.6) * LETTER * size) / FONT_SIZE;
}

/** A string cut to fit a width. */
export function fitted(text: string, width: number, size: number = FONT_SIZE): string {
  const letters = [...text];
  const room = Math.max(1, Math.floor((width * FONT_SIZE) / (LETTER * size)));
  return letters.length <= room ? text : `${letters.slice(0, Math.max(1, room - 1)).join('')}…`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A string as XML can hold it; characters that XML does not allow become U+FFFD. */
function escapeXml(text: string): string {
  const allowed = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
  return allowed.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

/** A coordinate: hundredths of a pixel are enough. */
export function round(value: number): number {
  checkFinite('plot', 'a coordinate', value);
  return Math.round(value * 100) / 100 + 0;
}

/** An element; children are elements, made by this function or `text`. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(value)}"`,
  );
  const head = `<${name}${written.join('')}`;
  return children.length === 0 ? `${head}/>` : `${head}>${children.join('')}</${name}>`;
}

/** Words at a place. */
export function text(x: number, y: number, words: string, attributes: Attributes = {}): string {
  return element('text', { x, y, fill: INK, ...attributes }, escapeXml(words));
}

/** The title of a picture, cut if it is wider than that. */
export function heading(title: string, width: number): string {
  const words = fitted(title, width - 2 * PADDING, 15);
  return text(PADDING, PADDING + 12, words, { 'font-size': 15, 'font-weight': 600 });
}

/** A line through points. */
export function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(x)},${round(y)}`).join('');
}

/** What the whole picture says, for those who cannot see it, and its size. */
export interface Sheet {
  width: number;
  height: number;
  title: string;
  description: string;
}

/** The whole picture. */
export function sheet({ width, height, title, description }: Sheet, children: readonly string[]): string {
  const body = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${round(width)} ${round(height)}`,
      width,
      height,
      role: 'img',
      'font-family': 'system-ui, Helvetica, Arial, sans-serif',
      'font-size': FONT_SIZE,
    },
    `\n${element('title', {}, escapeXml(title))}`,
    `\n${element('desc', {}, escapeXml(description))}`,
    `\n${element('rect', { width, height, rx: 4, fill: PAPER })}`,
    `\n${children.join('\n')}\n`,
  );
  return `${body}\n`;
}
