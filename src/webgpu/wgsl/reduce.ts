/** reduce, argReduce, cumsum along the middle of x[outer, size, inner]. */

import { readerOf } from '../../../bindings/commands/fields.ts';
import { argReduceFns, reduceFns } from '../../../bindings/commands/reduce.ts';
import type { ArgReduceFn, ReduceFn } from '../../../bindings/generated/encode.ts';
import type { GpuKernel, GpuKernels } from '../launch.ts';
import { THREADS } from '../launch.ts';
import { type Join, launchRows } from './rows.ts';

const readArgReduce = readerOf('argReduce');
const readCumsum = readerOf('cumsum');
const readReduce = readerOf('reduce');

/** How elements are combined, and the result of an empty row. */
const folds: Record<ReduceFn, Join & { start: string }> = {
  sum: { type: 'f32', join: 'a + b', start: '0.0' },
  prod: { type: 'f32', join: 'a * b', start: '1.0' },
  max: { type: 'f32', join: 'maximum(a, b)', start: '-infinity()' },
  min: { type: 'f32', join: 'minimum(a, b)', start: 'infinity()' },
  sumI: { type: 'i32', join: 'a + b', start: '0' },
  prodI: { type: 'i32', join: 'a * b', start: '1' },
  maxI: { type: 'i32', join: 'max(a, b)', start: 'bitcast<i32>(0x80000000u)' },
  minI: { type: 'i32', join: 'min(a, b)', start: '0x7fffffff' },
};

/** Longer rows are split if there are few of them: a device has thousands of lanes. */
const LONGEST_ROW = 8192;
const FEW_ROWS = 256;
/** From this many columns on, each lane takes a column, so that adjacent lanes read adjacent elements. */
const WIDE = 8;
/** Lanes that keep a device busy, and elements that make a lane worth it. */
const BUSY = 8192;
const LEAST_LENGTH = 32;

/** Number of parts into which the rows of [outer, size, inner] are split. */
function partsFor(outer: number, size: number, inner: number): number {
  const rows = outer * inner;
  if (inner >= WIDE) return Math.max(1, Math.min(Math.floor(BUSY / rows), Math.floor(size / LEAST_LENGTH), THREADS));
  return size > LONGEST_ROW && rows < FEW_ROWS ? Math.min(THREADS, Math.ceil(size / (LONGEST_ROW / 4))) : 1;
}

/** A row is x[o, from … from + length, i]; `row` counts (o, part, i), i fastest. */
const reduceBody = (fold: Join & { start: string }, scaled: boolean) => `
let column = row % inner;
let part = (row / inner) % parts;
let first = part * length;
let limit = min(first + length, whole);
let start = x + (row / (inner * parts)) * whole * inner + column;
var value = ${fold.start};
for (var e = first + lane; e < limit; e += lanes) {
  let a = value;
  let b = bitcast<${fold.type}>(heap[start + e * inner]);
  value = ${fold.join};
}
value = allValue(value, lane);
if (lane == 0u) { heap[y + row] = bitcast<u32>(${scaled ? 'value * bitcast<f32>(scale)' : 'value'}); }`;

const reduce: GpuKernel = (words, at, planner) => {
  const command = readReduce(words, at);
  const { outer, size, inner, scale, x, y } = command;
  const name = reduceFns[command.fn]!;
  const fold = folds[name];
  const scaled = name === 'sum';
  const pass = (x: number, y: number, whole: number, parts: number, last: boolean) => {
    const length = Math.ceil(whole / parts);
    launchRows(planner, {
      key: `reduce ${name} ${last && scaled}`,
      values: { x, y, inner, whole, parts, length, scale },
      rows: outer * parts * inner,
      size: length,
      body: reduceBody(fold, last && scaled),
      joins: { Value: fold },
      lanes: inner >= WIDE ? 1 : undefined,
    });
  };
  if (outer * inner === 0) return;
  const parts = partsFor(outer, size, inner);
  if (parts === 1) {
    pass(x, y, size, 1, true);
    return;
  }
  const partial = planner.scratch(outer * parts * inner);
  pass(x, partial, size, parts, false);
  pass(partial, y, parts, 1, true);
};

/** Whether element `r` with value `v` goes before `best` at `index`. */
const wins: Record<ArgReduceFn, string> = {
  max: 'floatWins(v, r, best, index, v > best)',
  min: 'floatWins(v, r, best, index, v < best)',
  maxI: 'v > best || (v == best && r < index)',
  minI: 'v < best || (v == best && r < index)',
};

/** NaN goes first; of equal elements the first one. */
const floatWins = `
fn floatWins(v: f32, r: u32, best: f32, index: u32, better: bool) -> bool {
  if (isNan(best)) { return isNan(v) && r < index; }
  if (isNan(v)) { return true; }
  return better || (v == best && r < index);
}
`;

/** Lanes without an element have this index. */
const NONE = '0xffffffffu';

/** Of two elements, as bits and index, the one that goes first. */
const firstOf = (type: string, isBefore: string) => `
fn firstOf(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let best = bitcast<${type}>(a.x);
  let index = a.y;
  let v = bitcast<${type}>(b.x);
  let r = b.y;
  if (r != ${NONE} && (index == ${NONE} || ${isBefore})) { return b; }
  return a;
}
`;

const argReduce: GpuKernel = (words, at, planner) => {
  const command = readArgReduce(words, at);
  const { outer, size, inner, values } = command;
  const name = argReduceFns[command.fn]!;
  const type = name.endsWith('I') ? 'i32' : 'f32';
  launchRows(planner, {
    key: `argReduce ${name} ${values === 0}`,
    values: { x: command.x, values, indices: command.indices, inner },
    rows: outer * inner,
    size,
    lanes: inner < FEW_ROWS ? undefined : 1,
    joins: { First: { type: 'vec2<u32>', join: 'firstOf(a, b)' } },
    outside: (type === 'f32' ? floatWins : '') + firstOf(type, wins[name]),
    body: `
let start = x + (row / inner) * size * inner + row % inner;
var first = vec2(0u, ${NONE});
for (var r = lane; r < size; r += lanes) { first = firstOf(first, vec2(heap[start + r * inner], r)); }
first = allFirst(first, lane);
if (lane == 0u) {
  heap[indices + row] = first.y;
  ${values === 0 ? '' : 'heap[values + row] = first.x;'}
}`,
  });
};

const cumsum: GpuKernel = (words, at, planner) => {
  const command = readCumsum(words, at);
  const { outer, size, inner } = command;
  const type = command.integer === 1 ? 'i32' : 'f32';
  const long = size >= THREADS && outer * inner < FEW_ROWS;
  launchRows(planner, {
    key: `cumsum ${type}`,
    values: { x: command.x, y: command.y, inner, reverse: command.reverse },
    rows: outer * inner,
    size,
    lanes: long ? THREADS : 1,
    joins: {},
    outside: long ? `var<workgroup> sums: array<${type}, ${THREADS}>;\n` : '',
    // A lane has a run of elements: it adds them up, the lanes' sums are added up, and the lane goes over its run again.
    body: `
let start = (row / inner) * size * inner + row % inner;
let run = (size + lanes - 1u) / lanes;
let first = min(lane * run, size);
let end = min(first + run, size);
var sum = ${type}(0);
${
  long
    ? `for (var r = first; r < end; r++) {
  sum += bitcast<${type}>(heap[x + start + select(r, size - 1u - r, reverse == 1u) * inner]);
}
sums[lane] = sum;
workgroupBarrier();
for (var step = 1u; step < ${THREADS}u; step <<= 1u) {
  let before = select(${type}(0), sums[max(lane, step) - step], lane >= step);
  workgroupBarrier();
  sums[lane] += before;
  workgroupBarrier();
}
sum = select(${type}(0), sums[max(lane, 1u) - 1u], lane > 0u);`
    : ''
}
for (var r = first; r < end; r++) {
  let at = start + select(r, size - 1u - r, reverse == 1u) * inner;
  sum += bitcast<${type}>(heap[x + at]);
  heap[y + at] = bitcast<u32>(sum);
}`,
  });
};

export const reduceKernels = { reduce, argReduce, cumsum } satisfies GpuKernels;
