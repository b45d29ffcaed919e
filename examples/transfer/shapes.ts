/** Folders of small pictures: one shape each, of any colour, size and position, on a noisy background. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { rand, scope } from 'saraf';

const SIDE = 32;

/** Whether a point is inside; shapes reach from −1 to 1. */
type Shape = (u: number, v: number) => boolean;

const square = (u: number, v: number) => Math.max(Math.abs(u), Math.abs(v));
const round = (u: number, v: number) => Math.hypot(u, v);

/** The shapes that the network learns first. */
export const COMMON: Record<string, Shape> = {
  circle: (u, v) => round(u, v) < 1,
  cross: (u, v) => square(u, v) < 1 && Math.min(Math.abs(u), Math.abs(v)) < 0.3,
  square: (u, v) => square(u, v) < 0.9,
  triangle: (u, v) => v > -0.8 && v < 0.9 - 1.8 * Math.abs(u),
};

/** The shapes that it learns then, from few pictures. */
export const RARE: Record<string, Shape> = {
  frame: (u, v) => square(u, v) < 0.95 && square(u, v) > 0.5,
  half: (u, v) => round(u, v) < 1 && v > 0,
  ring: (u, v) => round(u, v) < 1 && round(u, v) > 0.5,
};

/** A picture of one shape. */
function draw(inside: Shape): PNG {
  const [r = 0, g = 0, b = 0, x = 0, y = 0, size = 0, turn = 0, ...noise] = scope(() =>
    rand(7 + SIDE * SIDE).dataSync(),
  );
  const radius = SIDE * (0.2 + 0.15 * size);
  const center = (place: number) => SIDE / 2 + (place - 0.5) * (SIDE - 2 * radius - 2);
  const [centerX, centerY] = [center(x), center(y)];
  const angle = 0.5 * (turn - 0.5);
  const image = new PNG({ width: SIDE, height: SIDE });
  for (const [i, grain] of noise.entries()) {
    const [dx, dy] = [((i % SIDE) - centerX) / radius, (Math.floor(i / SIDE) - centerY) / radius];
    const u = Math.cos(angle) * dx - Math.sin(angle) * dy;
    const v = Math.sin(angle) * dx + Math.cos(angle) * dy;
    const color = inside(u, v) ? [r, g, b].map((part) => 110 + 100 * part) : [40, 40, 40];
    image.data.set([...color.map((part) => part + 40 * grain), 255], 4 * i);
  }
  return image;
}

/** Writes `count` pictures of each shape, as `folder/name/number.png`. */
export function writeFolder(folder: string, shapes: Record<string, Shape>, count: number): void {
  for (const [name, inside] of Object.entries(shapes)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(join(folder, name, `${i}.png`), PNG.sync.write(draw(inside)));
  }
}
