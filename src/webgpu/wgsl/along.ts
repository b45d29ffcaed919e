/** Single elements by index along one dimension. An index outside of it reads or writes the last element there. */
import { fieldsOf } from '../../reference/fields.ts';
import { type GpuKernel, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

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

const S = fieldsOf('scatterAdd');
const scatterParameters = new Parameters(['n', 'g', 'index', 'y', 'size', 'count', 'inner']);

/** Of the elements that go to one place the first adds up all, in order; the others have nothing to do. */
export const scatterAdd: GpuKernel = (words, at, planner) => {
  const word = (name: keyof typeof S) => words[at + S[name]]!;
  const n = word('outer') * word('count') * word('inner');
  if (n === 0) return;
  const type = word('integer') === 1 ? 'i32' : 'f32';
  planner.launch({
    key: `scatterAdd ${type}`,
    source: () =>
      shader({
        parameters: scatterParameters,
        body: `if (id >= n) { return; }
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
heap[to] = bitcast<u32>(sum);`,
      }),
    words: [n, ...(['g', 'index', 'y', 'size', 'count', 'inner'] as const).map(word)],
    groups: gridOfThreads(n),
  });
};

const O = fieldsOf('sort');
const sortParameters = new Parameters(['n', 'x', 'values', 'indices', 'cols', 'count', 'flip']);

/**
 * A thread an element: its place is the number of elements that go before it. Floats become integers of the same order, NaN the
 * largest and both zeros equal.
 */
export const sort: GpuKernel = (words, at, planner) => {
  const word = (name: keyof typeof O) => words[at + O[name]]!;
  const n = word('rows') * word('cols');
  if (n === 0 || word('count') === 0) return;
  const integer = word('integer') === 1;
  planner.launch({
    key: `sort ${integer}`,
    source: () =>
      shader({
        parameters: sortParameters,
        outside: `fn keyOf(bits: u32) -> u32 {
  ${
    integer
      ? 'return bits ^ 0x80000000u;'
      : `if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);`
  }
}`,
        body: `if (id >= n) { return; }
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
}`,
      }),
    words: [n, ...(['x', 'values', 'indices', 'cols', 'count'] as const).map(word), word('descending') === 1 ? -1 : 0],
    groups: gridOfThreads(n),
  });
};
