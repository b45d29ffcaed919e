/** What the parts of the page share: elements by their id, workers, words for numbers. */
import type { Part } from './messages.ts';

/** The element of that id, which index.html has. */
export function element<E extends Element = HTMLElement>(id: string): E {
  return document.getElementById(id) as unknown as E;
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

/** Starts a part's worker. */
export function startWorker<To, From>(part: Part, listen: (message: From) => void): (message: To) => void {
  const worker = new Worker(new URL('./work/index.ts', import.meta.url), { type: 'module', name: part });
  worker.onmessage = ({ data }: MessageEvent<From>) => listen(data);
  worker.onerror = (event) => console.error(`the worker of ${part} has failed: ${event.message}`);
  return (message) => worker.postMessage(message);
}

export const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;

/** Three digits. */
export const short = (value: number): string => value.toPrecision(3).replace(/\.?0+$/, '');

export function milliseconds(ms: number): string {
  return ms >= 1 ? `${Number(ms.toPrecision(3))} ms` : `${Number((1000 * ms).toPrecision(3))} µs`;
}

/** A colour of the style sheet, as red, green and blue. A canvas knows every way of writing one. */
export function colour(name: string): [number, number, number] {
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  return [1, 3, 5].map((at) => Number.parseInt(pen.fillStyle.slice(at, at + 2), 16)) as [number, number, number];
}
const pen = new OffscreenCanvas(1, 1).getContext('2d') as OffscreenCanvasRenderingContext2D & { fillStyle: string };

/** Calls `draw` now, when the system turns from light to dark, and when this canvas gets another size; canvases have sharp pixels then. */
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
