/** Pictures side by side. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isList } from '../../bindings/realm.ts';
import { checkWhole, noMore, VALUE } from '../options.ts';
import { nestedShape } from '../tensor/shapes.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { type ChartOptions, checkChart, checkInterval, checkLabels } from './inputs.ts';
import { pngAddress } from './png.ts';
import { rangeOf } from './scale.ts';
import { element, FAINT, fitted, heading, PADDING, sheet, text } from './svg.ts';

/** Options of `images`. */
export interface ImagesOptions extends Omit<ChartOptions, 'height'> {
  /** Pictures in a row. Default: about as many as there are rows. */
  columns?: number;
  /** A label below each picture. */
  labels?: readonly (string | number)[];
  /** The numbers that black and white stand for; what is beyond is clipped. Default: the least and the greatest number. */
  range?: readonly [number, number];
}

/** Pictures as rows of rows of numbers [H][W], or with one or three channels [C][H][W]. */
export type PictureList = readonly (readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[])[];

const GAP = 6;
/** No picture is drawn smaller, in pixels. */
const SMALLEST = 28;

interface Stack {
  count: number;
  channels: number;
  height: number;
  width: number;
  values: ArrayLike<number>;
}

/** The numbers of nested lists of this shape; NaN for a list that has another. */
function flat(value: unknown, shape: readonly number[], out: number[] = []): number[] {
  if (shape.length === 0) {
    out.push(value as number);
    return out;
  }
  if (!isList(value) || value.length !== shape[0]) out.push(Number.NaN);
  else for (let i = 0; i < value.length; i++) flat(value[i], shape.slice(1), out);
  return out;
}

function stackOf(op: string, pictures: Tensor | PictureList): Stack {
  const shape = isTensor(pictures) ? [...pictures.shape] : nestedShape(op, 'pictures', pictures);
  if (shape.length > 0 && shape.includes(0))
    refuse(ArgumentError, op, 'pictures are empty', { argument: 'pictures', got: shape });
  const [count = 0, channels = 0, height = 0, width = 0] =
    shape.length === 3 ? [shape[0], 1, shape[1], shape[2]] : shape;
  if (shape.length < 3 || shape.length > 4 || (channels !== 1 && channels !== 3)) {
    refuse(ShapeError, op, `pictures must be [N,H,W], [N,1,H,W] or [N,3,H,W], got [${shape.join(',')}]`, {
      argument: 'pictures',
      got: shape,
    });
  }
  const values = isTensor(pictures) ? pictures.dataSync() : flat(pictures, shape);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      refuse(ArgumentError, op, `pictures must be finite numbers in equal rows, got ${values[i]}`, {
        argument: 'pictures',
      });
  }
  return { count, channels, height, width, values };
}

/** Red, green and blue of picture n. */
function colours({ channels, height, width, values }: Stack, n: number, [low, high]: readonly [number, number]) {
  const size = height * width;
  const rgb = new Uint8Array(size * 3);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) {
      const value = values[(n * channels + (channels === 3 ? c : 0)) * size + i]!;
      const share = high > low ? (value - low) / (high - low) : 0;
      rgb[i * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, share)));
    }
  }
  return rgb;
}

/**
 * Pictures in rows: digits, filters, reconstructions.
 *
 * @param pictures [N, H, W], [N, 1, H, W] or [N, 3, H, W], as a tensor or as lists
 * @throws ShapeError for other shapes; ArgumentError where there is none or a number is not finite
 * @example
 * const { data: x, target } = await data.digits();
 * const labels = target.slice(0, 0, 10).toArray() as number[];
 * const svg = plot.images(x.slice(0, 0, 10).reshape([10, 8, 8]), { columns: 5, labels });
 */
export function images(pictures: Tensor | PictureList, options: ImagesOptions = {}): string {
  if (arguments.length > 2) noMore('images', 2, arguments);
  const op = 'plot.images';
  checkChart(op, options, {
    title: VALUE,
    description: VALUE,
    width: VALUE,
    columns: VALUE,
    labels: VALUE,
    range: VALUE,
  });
  const stack = stackOf(op, pictures);
  const { title, columns = Math.ceil(Math.sqrt(stack.count)) } = options;
  checkWhole(op, 'columns', columns, 1);
  if (options.range !== undefined) checkInterval(op, 'range', options.range);
  const range = options.range ?? rangeOf(Array.from(stack.values));
  const labels = options.labels === undefined ? null : checkLabels(op, options.labels, stack.count, 'pictures');
  const across = Math.min(columns, stack.count);
  const ideal = Math.max(SMALLEST, Math.min(96, Math.floor(600 / across) - GAP));
  const wide = options.width === undefined ? ideal : (options.width - 2 * PADDING + GAP) / across - GAP;
  if (wide < 1)
    refuse(ArgumentError, op, `width is too small for ${across} pictures side by side`, {
      argument: 'width',
      got: options.width,
    });
  const tall = (wide * stack.height) / stack.width;
  const caption = labels === null ? 0 : 16;
  const top = PADDING + (title === undefined ? 0 : 28);
  const rows = Math.ceil(stack.count / across);
  const width = options.width ?? Math.max(2 * PADDING + across * (wide + GAP) - GAP, title === undefined ? 0 : 240);
  const height = top + rows * (tall + caption + GAP) - GAP + PADDING;
  const marks: string[] = [];
  if (title !== undefined) marks.push(heading(title, width));
  for (let n = 0; n < stack.count; n++) {
    const x = PADDING + (n % across) * (wide + GAP);
    const y = top + Math.floor(n / across) * (tall + caption + GAP);
    marks.push(
      element('image', {
        x,
        y,
        width: wide,
        height: tall,
        preserveAspectRatio: 'none',
        style: 'image-rendering:pixelated',
        href: pngAddress({ width: stack.width, height: stack.height, rgb: colours(stack, n, range) }),
      }),
    );
    if (labels !== null) {
      const words = fitted(labels[n]!, wide + GAP, 11);
      marks.push(text(x + wide / 2, y + tall + 13, words, { 'text-anchor': 'middle', 'font-size': 11, fill: FAINT }));
    }
  }
  const size = `${stack.count} pictures of ${stack.height} × ${stack.width} pixels`;
  const description = options.description ?? `${size}${labels === null ? '' : `: ${labels.join(', ')}`}.`;
  return sheet({ width, height, title: title ?? 'Pictures', description }, marks);
}
