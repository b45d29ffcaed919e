/** Single elements by index along one dimension, and their order. An index out of range reads or writes the last element there. */
import { readerOf } from '../../../bindings/commands/fields.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { launchSort } from './bitonic.ts';
import { launchSegments } from './segments.ts';

const readGather = readerOf('gather');
const readScatterAdd = readerOf('scatterAdd');
const readSort = readerOf('sort');

const gatherParameters = new Parameters(['n', 'x', 'index', 'y', 'size', 'count', 'inner']);

const gather: GpuKernel = (words, at, planner) => {
  const command = readGather(words, at);
  const n = command.outer * command.count * command.inner;
  if (n === 0) return;
  planner.launch({
    key: 'gather',
    source: () =>
      shader({
        parameters: gatherParameters,
        body: `if (id >= n) { return; }
let o = id / (count * inner);
heap[y + id] = heap[x + (o * size + min(heap[index + id], size - 1u)) * inner + id % inner];`,
      }),
    words: [n, ...(['x', 'index', 'y', 'size', 'count', 'inner'] as const).map((name) => command[name])],
    groups: gridOfThreads(n),
  });
};

/** Up to this many elements are compared with each other; more are sorted. */
export const FEW = 64;

const scatterParameters = new Parameters(['n', 'g', 'index', 'y', 'size', 'count', 'inner']);

/** Of the elements with the same target, the thread of the first adds up all, in order; the others do nothing. If there are many, they are sorted first. */
const scatterAdd: GpuKernel = (words, at, planner) => {
  const command = readScatterAdd(words, at);
  const { outer, count, inner, size, g, index, y } = command;
  const n = outer * count * inner;
  if (n === 0) return;
  const type = command.integer === 1 ? 'i32' : 'f32';
  if (count > FEW) {
    const order = launchSort(planner, {
      key: 'scatterAdd',
      values: { index, size, inner },
      rows: outer * inner,
      cols: count,
      load: 'key = min(heap[index + ((row / inner) * cols + e) * inner + row % inner], size - 1u);',
    });
    launchSegments(planner, { key: 'scatterAdd', type, outer, count, inner, g, y, size, order, isShared: false });
    return;
  }
  planner.launch({
    key: `scatterAdd ${type}`,
    source: () => shader({ parameters: scatterParameters, body: addFound(type) }),
    words: scatterParameters.words({ n, g, index, y, size, count, inner }),
    groups: gridOfThreads(n),
  });
};

const addFound = (type: string) => `if (id >= n) { return; }
let o = id / (count * inner);
let first = o * count * inner + id % inner;
let end = (o + 1u) * count * inner;
let own = min(heap[index + id], size - 1u);
for (var e = first; e < id; e += inner) {
  if (min(heap[index + e], size - 1u) == own) { return; }
}
let to = y + (o * size + own) * inner + id % inner;
var sum = bitcast<${type}>(heap[to]);
for (var e = id; e < end; e += inner) {
  if (min(heap[index + e], size - 1u) == own) { sum += bitcast<${type}>(heap[g + e]); }
}
heap[to] = bitcast<u32>(sum);`;

/** Keys in the same order as the elements: NaN the largest, both zeros equal. */
const keyOf = (integer: boolean) => `fn keyOf(bits: u32) -> u32 {
  ${
    integer
      ? 'return bits ^ 0x80000000u;'
      : `if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);`
  }
}`;

/** Short rows: one thread per element, whose position is the number of elements that go before it. */
const byCounting = `if (id >= n) { return; }
let row = id / cols;
let start = x + row * cols;
let own = id % cols;
let key = keyOf(heap[start + own]) ^ flip;
var place = 0u;
for (var e = 0u; e < cols; e++) {
  let other = keyOf(heap[start + e]) ^ flip;
  if (other < key || (other == key && e < own)) { place++; }
}
if (place < count) {
  heap[values + row * count + place] = heap[start + own];
  heap[indices + row * count + place] = own;
}`;

const sort: GpuKernel = (words, at, planner) => {
  const command = readSort(words, at);
  const { rows, cols, count } = command;
  if (rows * cols === 0 || count === 0) return;
  const integer = command.integer === 1;
  const flip = command.descending === 1 ? -1 : 0;
  const operands = { x: command.x, values: command.values, indices: command.indices, cols, count };
  const outside = keyOf(integer);
  const launch = (key: string, more: Record<string, number>, n: number, body: string, functions = '') => {
    const all: Record<string, number> = { n, ...operands, ...more };
    const parameters = new Parameters(Object.keys(all));
    const source = () => shader({ parameters, body, outside: functions });
    planner.launch({ key, source, words: parameters.words(all), groups: gridOfThreads(n) });
  };
  if (cols <= FEW) {
    launch(`sort ${integer}`, { flip }, rows * cols, byCounting, outside);
    return;
  }
  const { start, length } = launchSort(planner, {
    key: `elements ${integer}`,
    values: { x: command.x, flip },
    rows,
    cols,
    load: 'key = keyOf(heap[x + row * cols + e]) ^ flip;',
    outside,
  });
  launch(
    'sort end',
    { sorted: start, length },
    rows * count,
    `if (id >= n) { return; }
let row = id / count;
let place = heap[sorted + 2u * (row * length + id % count) + 1u];
heap[values + id] = heap[x + row * cols + place];
heap[indices + id] = place;`,
  );
};

export const alongKernels = { gather, scatterAdd, sort } satisfies GpuKernels;
