/** The drawing area: strokes of mouse, pen or finger, and how they become a picture such as MNIST's. */
import { PIXELS, SIDE } from '../messages.ts';
import { colour, contextOf, keepDrawn, make } from '../page.ts';

/** A stroke's width, as a fraction of the area's. */
const PEN = 0.085;
/** MNIST's digits fill a box of 20×20, and their centre of mass is in the middle of 28×28. */
const BOX = 20;
/** Resolution of the ink that is measured. */
const INK = 112;

interface Point {
  x: number;
  y: number;
}
type Stroke = [first: Point, ...rest: Point[]];

export class Pad {
  /** Points in 0 … 1. */
  private strokes: Stroke[] = [];
  /** A test digit that is shown instead. */
  private shown: Uint8Array | null = null;
  private readonly ink = make('canvas', { width: INK, height: INK });

  /** `changed` is called when the picture changes. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly changed: () => void,
  ) {
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.shown = null;
      this.strokes.push([this.pointOf(event)]);
      this.update();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.strokes.at(-1)?.push(this.pointOf(one));
      this.update();
    });
    keepDrawn(canvas, () => this.draw());
  }

  clear(): void {
    this.strokes = [];
    this.shown = null;
    this.update();
  }

  /** Shows a digit of PIXELS bytes. */
  show(pixels: Uint8Array): void {
    this.strokes = [];
    this.shown = pixels;
    this.update();
  }

  /** PIXELS numbers in 0 … 1; null if nothing is drawn. */
  picture(): Float32Array | null {
    if (this.shown !== null) return Float32Array.from(this.shown, (value) => value / 255);
    const context = contextOf(this.ink, { willReadFrequently: true });
    context.clearRect(0, 0, INK, INK);
    this.trace(context, INK, '#000');
    return centred(context.getImageData(0, 0, INK, INK).data);
  }

  private update(): void {
    this.draw();
    this.changed();
  }

  private pointOf(event: PointerEvent): Point {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  }

  private draw(): void {
    const context = contextOf(this.canvas);
    const { width } = this.canvas;
    context.clearRect(0, 0, width, width);
    const [r, g, b] = colour('ink');
    if (this.shown !== null) drawDigit(this.canvas, this.shown, [r, g, b]);
    else this.trace(context, width, `rgb(${r} ${g} ${b})`);
  }

  private trace(context: CanvasRenderingContext2D, size: number, style: string): void {
    Object.assign(context, { lineWidth: PEN * size, lineCap: 'round', lineJoin: 'round', strokeStyle: style });
    for (const [first, ...rest] of this.strokes) {
      context.beginPath();
      context.moveTo(first.x * size, first.y * size);
      // A tap is a dot.
      for (const { x, y } of rest.length > 0 ? rest : [first]) context.lineTo(x * size, y * size);
      context.stroke();
    }
  }
}

/** Fills a canvas with a digit of PIXELS bytes, in the given colour. */
export function drawDigit(canvas: HTMLCanvasElement, pixels: Uint8Array, [r, g, b]: [number, number, number]): void {
  const small = make('canvas', { width: SIDE, height: SIDE });
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((value, i) => void image.data.set([r, g, b, value], 4 * i));
  contextOf(small).putImageData(image, 0, 0);
  const context = contextOf(canvas);
  context.imageSmoothingEnabled = true;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** A picture from ink [INK, INK] in the alpha channel, made as MNIST was: the digit's box scaled to 20 pixels, its centre of mass in the middle. */
function centred(rgba: Uint8ClampedArray): Float32Array | null {
  let [left, right, top, bottom, mass, mx, my] = [INK, -1, INK, -1, 0, 0, 0];
  for (let y = 0; y < INK; y++) {
    for (let x = 0; x < INK; x++) {
      const alpha = rgba[4 * (y * INK + x) + 3]!;
      if (alpha === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      mass += alpha;
      mx += alpha * (x + 0.5);
      my += alpha * (y + 0.5);
    }
  }
  if (mass === 0) return null;
  /** Pixels of ink to one of the picture. */
  const scale = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const [x0, y0] = [mx / mass - (SIDE / 2) * scale, my / mass - (SIDE / 2) * scale];
  const picture = new Float32Array(PIXELS);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      picture[row * SIDE + column] = average(rgba, x0 + column * scale, y0 + row * scale, scale);
    }
  }
  return picture;
}

/** Mean ink of a square, in 0 … 1. Its samples are at most half a pixel of ink apart. */
function average(rgba: Uint8ClampedArray, left: number, top: number, size: number): number {
  const samples = Math.ceil(2 * size);
  let sum = 0;
  for (let i = 0; i < samples; i++) {
    const y = Math.floor(top + ((i + 0.5) / samples) * size);
    if (y < 0 || y >= INK) continue;
    for (let j = 0; j < samples; j++) {
      const x = Math.floor(left + ((j + 0.5) / samples) * size);
      if (x >= 0 && x < INK) sum += rgba[4 * (y * INK + x) + 3]!;
    }
  }
  return sum / (255 * samples * samples);
}
