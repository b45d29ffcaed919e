/** The common parts of the page: elements by their id, workers, numbers as text. */
import type { Part } from './messages.ts';

/** The element of index.html with that id. */
export function element<E extends Element = HTMLElement>(id: string): E {
  const found = document.querySelector<E>(`#${id}`);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function contextOf(canvas: HTMLCanvasElement, settings?: CanvasRenderingContext2DSettings) {
  const context = canvas.getContext('2d', settings);
  if (context === null) throw new Error('this browser has no 2D canvas');
  return context;
}

/** Starts a part's worker. */
export function startWorker<To, From>(part: Part, listen: (message: From) => void): (message: To) => void {
  const worker = new Worker(new URL('./work/index.ts', import.meta.url), { type: 'module', name: part });
  worker.onmessage = ({ data }: MessageEvent<From>) => listen(data);
  worker.onerror = (event) => console.error(`the worker of ${part} failed: ${event.message}`);
  return (message) => worker.postMessage(message);
}

export const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;

/** Three digits. */
export const short = (value: number): string => value.toPrecision(3).replace(/\.?0+$/, '');

export function milliseconds(ms: number): string {
  return ms >= 1 ? `${Number(ms.toPrecision(3))} ms` : `${Number((1000 * ms).toPrecision(3))} µs`;
}

/** A colour of the style sheet, as red, green and blue. A canvas understands every notation and returns #rrggbb. */
export function colour(name: string): [r: number, g: number, b: number] {
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  const hex = String(pen.fillStyle);
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}
const pen = contextOf(make('canvas', { width: 1, height: 1 }));

/** Calls `draw` now, when the system changes between light and dark, and when the canvas changes its size; its pixels are sharp then. */
export function keepDrawn(canvas: HTMLCanvasElement, draw: () => void): void {
  const fit = () => {
    const { width, height } = canvas.getBoundingClientRect();
    const scale = devicePixelRatio;
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (w === 0 || (canvas.width === w && canvas.height === h)) return;
    canvas.width = w;
    canvas.height = h;
    draw();
  };
  new ResizeObserver(fit).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}
