/** Changes of size, one dimension after the other. */
import { drawn, type Picture } from './picture.ts';

/** How values between pixels are computed. */
export type Interpolation = 'nearest' | 'bilinear';

/** For one pixel of the new row: the first old pixel that counts, and the weights from there on. */
interface Tap {
  first: number;
  weights: number[];
}

/**
 * Weights of a triangle as wide as a new pixel (as in PIL, so that shrinking averages), or of two neighbours if
 * `antialias` is off. They sum to 1.
 */
function taps(from: number, to: number, interpolation: Interpolation, antialias: boolean): Tap[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    if (interpolation === 'nearest') return { first: Math.min(Math.floor(i * scale), from - 1), weights: [1] };
    const spread = antialias ? Math.max(scale, 1) : 1;
    const center = (i + 0.5) * scale;
    const first = Math.max(Math.floor(center - spread + 0.5), 0);
    const end = Math.min(Math.floor(center + spread + 0.5), from);
    const weights = Array.from({ length: end - first }, (_, j) =>
      Math.max(1 - Math.abs((first + j - center + 0.5) / spread), 0),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function weighted({ first, weights }: Tap, data: Float32Array, start: number, step: number): number {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) sum += weights[j]! * data[start + (first + j) * step]!;
  return sum;
}

/** The picture in another size. */
export function resized(
  picture: Picture,
  height: number,
  width: number,
  interpolation: Interpolation = 'bilinear',
  antialias = true,
): Picture {
  const { channels } = picture;
  const columns = taps(picture.width, width, interpolation, antialias);
  const wide = drawn(channels, picture.height, width, (c, y, x) =>
    weighted(columns[x]!, picture.data, (c * picture.height + y) * picture.width, 1),
  );
  const rows = taps(picture.height, height, interpolation, antialias);
  return drawn(channels, height, width, (c, y, x) => weighted(rows[y]!, wide.data, c * wide.height * width + x, width));
}
