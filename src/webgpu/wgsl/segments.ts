/**
 * Adds up elements with the same target: after a sort they are adjacent, a segment. The order is cut into pieces of fixed length, and
 * long segments with it: each piece adds up its part of a segment that began before it, then the thread at the segment's first
 * element adds the elements in its own piece and the sums of the pieces after it, in order. A piece has about √n of n elements,
 * and no thread takes many more steps than that. Only keys and shapes decide what is added to what.
 */
import { gridOfThreads, type Planner } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import type { Sorted } from './bitonic.ts';

const LEAST_PIECE = 32;

export interface Segments {
  /** Names the command. */
  key: string;
  type: 'f32' | 'i32';
  outer: number;
  count: number;
  inner: number;
  /** Address of the elements [outer, count, inner]; 0: none, zeros are added. */
  g: number;
  /** Address of the sums [outer, size, inner], to which elements are added. */
  y: number;
  size: number;
  order: Sorted;
  /** One order of the `count` rows for all, or one for each outer and inner index. */
  isShared: boolean;
  /** Address of marks by target, which get the position of the segment's last element, and the number of the first element. */
  marks?: number;
  first?: number;
}

/** Number `id` as outer index `o`, place `j` of `many` and inner index `e`: adjacent threads read adjacent elements, or positions. */
const placeOf = (many: string, isShared: boolean) => `
if (id >= outer * ${many} * inner) { return; }
let ${isShared ? 'e' : 'j'} = id % ${isShared ? 'inner' : many};
let ${isShared ? 'j' : 'e'} = (id / ${isShared ? 'inner' : many}) % ${isShared ? many : 'inner'};
let o = id / (${many} * inner);
let pairs = order${isShared ? '' : ' + 2u * (o * inner + e) * length'};`;

/** Adds the elements of the segment `own` from `next` up to `end`. */
const addElements = (type: string) => `
for (; next < end && heap[pairs + 2u * next] == own; next++) {
  if (g != 0u) { sum += bitcast<${type}>(heap[g + (o * count + heap[pairs + 2u * next + 1u]) * inner + e]); }
}`;

export function launchSegments(planner: Planner, segments: Segments): void {
  const { key, type, outer, count, inner, g, y, size, order, isShared, marks = 0, first = 0 } = segments;
  const piece = Math.max(LEAST_PIECE, 2 ** Math.ceil(Math.log2(count) / 2));
  const pieces = Math.ceil(count / piece);
  const isCut = g !== 0 && pieces > 1;
  const sums = isCut ? planner.scratch(outer * pieces * inner) : 0;
  const all: Record<string, number> = {
    ...{ outer, count, inner, g, y, size, order: order.start, length: order.length, piece, pieces, sums },
    ...{ marks, first },
  };
  const parameters = new Parameters(Object.keys(all));
  const launch = (name: string, n: number, body: string) =>
    planner.launch({
      key: `${key} ${name} ${type}`,
      source: () => shader({ parameters, body }),
      words: parameters.words(all),
      groups: gridOfThreads(n),
    });
  if (isCut) {
    launch(
      'pieces',
      outer * pieces * inner,
      `${placeOf('pieces', isShared)}
var next = j * piece;
let own = heap[pairs + 2u * next];
if (j == 0u || heap[pairs + 2u * next - 2u] != own) { return; }
let end = min(next + piece, count);
var sum = ${type}(0);
${addElements(type)}
heap[sums + (o * pieces + j) * inner + e] = bitcast<u32>(sum);`,
    );
  }
  launch(
    'segments',
    outer * count * inner,
    `${placeOf('count', isShared)}
let own = heap[pairs + 2u * j];
if (j > 0u && heap[pairs + 2u * j - 2u] == own) { return; }
let to = y + (o * size + own) * inner + e;
let end = min((j / piece + 1u) * piece, count);
var sum = ${type === 'f32' ? 'select(f(to), 0.0, g == 0u)' : 'i(to)'};
var next = j;
${addElements(type)}
for (var whole = next == end; whole && next < count && heap[pairs + 2u * next] == own; next += piece) {
  if (g != 0u) { sum += bitcast<${type}>(heap[sums + (o * pieces + next / piece) * inner + e]); }
}
heap[to] = bitcast<u32>(sum);
if (marks != 0u && e == 0u) {
  if (next > end) { next -= piece; }
  while (next < count && heap[pairs + 2u * next] == own) { next++; }
  heap[marks + own] = first + heap[pairs + 2u * next - 1u];
}`,
  );
}
