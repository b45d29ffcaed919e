/** Single elements by index along one dimension, and their order. An index outside of it reads or writes the last element there. */
import { fieldsOf } from '../../reference/fields.ts';
import { type GpuKernel, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { launchSort } from './bitonic.ts';

const G = fieldsOf('gather');
const gatherParameters = new Parameters(['n', 'x', 'index', 'y', 'size', 'count', 'inner']);

export const gather: GpuKernel = (words, at, planner) => {
  const word = (name: keyof typeof G) => words[at + G[name]]!;
  const n = word('outer') * word('count') * word('inner');
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
    words: [n, ...(['x', 'index', 'y', 'size', 'count', 'inner'] as const).map(word)],
    groups: gridOfThreads(n),
  });
};

/** So many elements are compared with each other, all with all; more are sorted. */
export const FEW = 64;

const S = fieldsOf('scatterAdd');

/**
 * Of the elements that go to one place the first adds up all, in order; the others have nothing to do. It finds them among all, or
 * where these are many, next to each other after a sort.
 */
export const scatterAdd: GpuKernel = (words, at, planner) => {
  const word = (name: keyof typeof S) => words[at + S[name]]!;
  const [count, inner] = [word('count'), word('inner')];
  const rows = word('outer') * inner;
  const n = rows * count;
  if (n === 0) return;
  const type = word('integer') === 1 ? 'i32' : 'f32';
  const values = {
    n,
    ...Object.fromEntries((['g', 'index', 'y', 'size', 'count', 'inner'] as const).map((name) => [name, word(name)])),
  };
  const isSorted = count > FEW;
  const { start, length } = isSorted
    ? launchSort(planner, {
        key: 'scatterAdd',
        values: { index: word('index'), size: word('size'), inner },
        rows,
        cols: count,
        load: 'key = min(heap[index + ((row / inner) * cols + e) * inner + row % inner], size - 1u);',
      })
    : { start: 0, length: 0 };
  const all: Record<string, number> = { ...values, sorted: start, length };
  const parameters = new Parameters(Object.keys(all));
  planner.launch({
    key: `scatterAdd ${type} ${isSorted}`,
    source: () => shader({ parameters, body: isSorted ? addSorted(type) : addFound(type) }),
    words: parameters.words(all),
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

const addSorted = (type: string) => `if (id >= n) { return; }
let row = id / count;
let place = id % count;
let pairs = sorted + 2u * row * length;
let own = heap[pairs + 2u * place];
if (place > 0u && heap[pairs + 2u * place - 2u] == own) { return; }
let o = row / inner;
let i = row % inner;
let to = y + (o * size + own) * inner + i;
var sum = bitcast<${type}>(heap[to]);
for (var next = place; next < count && heap[pairs + 2u * next] == own; next++) {
  sum += bitcast<${type}>(heap[g + (o * count + heap[pairs + 2u * next + 1u]) * inner + i]);
}
heap[to] = bitcast<u32>(sum);`;

const O = fieldsOf('sort');

/** Keys of the same order as the elements: NaN the largest, both zeros equal. */
const keyOf = (integer: boolean) => `fn keyOf(bits: u32) -> u32 {
  ${
    integer
      ? 'return bits ^ 0x80000000u;'
      : `if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);`
  }
}`;

/** Short rows: a thread an element, whose place is the number of elements that go before it. */
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

export const sort: GpuKernel = (words, at, planner) => {
  const word = (name: keyof typeof O) => words[at + O[name]]!;
  const [rows, cols, count] = [word('rows'), word('cols'), word('count')];
  if (rows * cols === 0 || count === 0) return;
  const integer = word('integer') === 1;
  const flip = word('descending') === 1 ? -1 : 0;
  const operands = { x: word('x'), values: word('values'), indices: word('indices'), cols, count };
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
    values: { x: word('x'), flip },
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
