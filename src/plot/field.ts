/** Numbers over a rectangle of the plane: sampled on a grid, drawn as a picture and as lines of equal value. */
import { pngAddress } from './png.ts';
import { element } from './svg.ts';

/** A rectangle and how finely it is sampled: `size` points along each side, corners included. */
export interface Grid {
  x: readonly [number, number];
  y: readonly [number, number];
  size: number;
}

/** The points of a grid, row by row from the lowest y. */
export function gridPoints({ x, y, size }: Grid): [x: number, y: number][] {
  const along = ([low, high]: readonly [number, number], i: number) => low + ((high - low) * i) / (size - 1);
  return Array.from({ length: size * size }, (_, k) => [along(x, k % size), along(y, Math.floor(k / size))]);
}

/** A place to tenths of a pixel. */
const written = ([x, y]: readonly [number, number]): string => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;

/** Where on the segment from a to b the value is `level`. */
const crossing = (a: number, b: number, level: number): number => (a === b ? 0.5 : (level - a) / (b - a));

/**
 * Lines along which values are `level`, as the `d` of a path in grid steps mapped by `at`: marching squares, a segment or two
 * in each cell. Cells with a corner that is not finite stay empty.
 *
 * @see Lorensen, Cline (1987), https://doi.org/10.1145/37402.37422
 */
export function isoline(
  values: ArrayLike<number>,
  size: number,
  level: number,
  at: (column: number, row: number) => [number, number],
): string {
  const parts: string[] = [];
  let end = '';
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const k = row * size + column;
      const corners: [number, number, number, number] = [
        values[k]!,
        values[k + 1]!,
        values[k + size + 1]!,
        values[k + size]!,
      ];
      if (!corners.every(Number.isFinite)) continue;
      const above = corners.map((value) => value >= level);
      if (above.every((is) => is === above[0])) continue;
      const [a, b, c, d] = corners;
      // Crossings of the four sides, in the order of the corners around the cell.
      const sides: ([number, number] | null)[] = [
        above[0] === above[1] ? null : at(column + crossing(a, b, level), row),
        above[1] === above[2] ? null : at(column + 1, row + crossing(b, c, level)),
        above[2] === above[3] ? null : at(column + crossing(d, c, level), row + 1),
        above[3] === above[0] ? null : at(column, row + crossing(a, d, level)),
      ];
      const met = sides.filter((side) => side !== null);
      // With four crossings, the value in the middle decides which corners belong together.
      const isSaddle = met.length === 4 && (a + b + c + d) / 4 >= level === above[0];
      const order = isSaddle ? [0, 1, 2, 3] : met.length === 4 ? [3, 0, 1, 2] : [0, 1];
      for (let i = 0; i < order.length; i += 2) {
        const [from, to] = [written(met[order[i]!]!), written(met[order[i + 1]!]!)];
        if (from === to) continue;
        // A line that continues into the next cell of the row is not started again.
        if (from === end || to === end) end = from === end ? to : from;
        else {
          parts.push(`M${from}`);
          end = to;
        }
        parts.push(`L${end}`);
      }
    }
  }
  return parts.join('');
}

/** A rectangle of the picture. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** From the column and row of a grid point, lowest row first, to its place in an area whose corners are the grid's. */
export function gridPlaces({ left, top, width, height }: Area, size: number) {
  return (column: number, row: number): [number, number] => [
    left + (column / (size - 1)) * width,
    top + (1 - row / (size - 1)) * height,
  ];
}

/** A picture with one pixel for each point of a grid, placed so that the centre of each pixel is on its point. */
export function fieldImage(size: number, colours: readonly (readonly number[])[], area: Area): string {
  const rgb = new Uint8Array(size * size * 3);
  colours.forEach((colour, k) => {
    const row = size - 1 - Math.floor(k / size);
    rgb.set(colour, (row * size + (k % size)) * 3);
  });
  const [stepX, stepY] = [area.width / (size - 1), area.height / (size - 1)];
  return element('image', {
    x: area.left - stepX / 2,
    y: area.top - stepY / 2,
    width: area.width + stepX,
    height: area.height + stepY,
    preserveAspectRatio: 'none',
    href: pngAddress({ width: size, height: size, rgb }),
  });
}
