/** Random strided shapes for tests of commands that iterate over a nest of loops, and a plain version of this iteration. */
import { MAX_DIMS } from '../../bindings/commands/limits.ts';

/** Six words, as commands take them. */
export function dims(values: readonly number[]): number[] {
  return [...values, ...new Array<number>(MAX_DIMS - values.length).fill(-99)];
}

export const count = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Row-major strides. */
export function contiguous(shape: readonly number[]): number[] {
  return shape.map((_, d) => count(shape.slice(d + 1)));
}

/** An operand's memory: its strides, where its first element is, and how many elements it spans. */
export interface Layout {
  strides: number[];
  start: number;
  span: number;
}

/** Every element's offset, in row-major order of the shape. */
export function offsets(shape: readonly number[], strides: readonly number[]): number[] {
  let list = [0];
  shape.forEach((n, d) => {
    list = list.flatMap((offset) => Array.from({ length: n }, (_, i) => offset + i * strides[d]!));
  });
  return list;
}

function spanOf(shape: readonly number[], strides: number[]): Layout {
  const reach = shape.map((n, d) => (n === 0 ? 0 : (n - 1) * strides[d]!));
  const start = -reach.reduce((sum, r) => sum + Math.min(r, 0), 0);
  const end = reach.reduce((sum, r) => sum + Math.max(r, 0), 0);
  return { strides, start, span: start + end + 1 };
}

export function randomShape(random: () => number): number[] {
  const ndim = Math.floor(random() * (MAX_DIMS + 1));
  const largest = [0, 60, 24, 11, 7, 5, 4][ndim]!;
  const shape = Array.from({ length: ndim }, () => 1 + Math.floor(random() * largest));
  if (random() < 0.05 && ndim > 0) shape[Math.floor(random() * ndim)] = 0;
  return shape;
}

function shuffled(n: number, random: () => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Dimensions in a random order in memory, some with gaps; no two elements share an address. */
export function randomLayout(shape: readonly number[], random: () => number): Layout {
  const strides = new Array<number>(shape.length).fill(0);
  const order = random() < 0.5 ? shape.map((_, d) => shape.length - 1 - d) : shuffled(shape.length, random);
  let step = 1;
  for (const d of order) {
    if (random() < 0.15) step += Math.floor(random() * 3);
    strides[d] = step;
    step *= Math.max(1, shape[d]!);
  }
  return spanOf(shape, strides);
}

/** The same, with some dimensions broadcast (stride 0) and some reversed. */
export function randomView(shape: readonly number[], random: () => number): Layout {
  const { strides } = randomLayout(shape, random);
  const kind = random();
  const changed = strides.map((stride) => {
    if (kind < 0.4) return stride;
    const choice = random();
    return choice < 0.35 ? 0 : choice < 0.5 ? -stride : stride;
  });
  return spanOf(shape, changed);
}
