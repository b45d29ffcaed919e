/** Rows by index. An index out of range reads or writes the last row of the table, so nothing outside it is ever touched. */
import { readerOf } from '../../../bindings/commands/fields.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';
import { FEW } from './along.ts';
import { launchSort } from './bitonic.ts';
import { launchSegments } from './segments.ts';

const readAddRows = readerOf('addRows');
const readTakeRows = readerOf('takeRows');

const takeParameters = new Parameters(['n', 'x', 'index', 'y', 'size', 'count', 'inner']);
const addParameters = new Parameters(['n', 'g', 'index', 'y', 'marks', 'size', 'count', 'inner', 'first']);

/** Where the thread is in [outer, count, inner]. */
const place = `if (id >= n) { return; }
let e = id % inner;
let j = (id / inner) % count;
let o = id / (inner * count);
let own = min(heap[index + j], size - 1u);`;

const takeRows: GpuKernel = (words, at, planner) => {
  const command = readTakeRows(words, at);
  const { count, inner } = command;
  const n = command.outer * count * inner;
  if (n === 0) return;
  planner.launch({
    key: 'takeRows',
    source: () =>
      shader({ parameters: takeParameters, body: `${place}\nheap[y + id] = heap[x + (o * size + own) * inner + e];` }),
    words: takeParameters.words({
      n,
      x: command.x,
      index: command.index,
      y: command.y,
      size: command.size,
      count,
      inner,
    }),
    groups: gridOfThreads(n),
  });
};

const addFound = `${place}
let to = y + (o * size + own) * inner + e;
for (var before = 0u; before < j; before++) {
  if (min(heap[index + before], size - 1u) == own) { return; }
}
var sum = select(f(to), 0.0, g == 0u);
var last = j;
for (var other = j; other < count; other++) {
  if (min(heap[index + other], size - 1u) != own) { continue; }
  if (g != 0u) { sum += f(g + (o * count + other) * inner + e); }
  last = other;
}
put(to, sum);
// The last of the rows with an index writes its position.
if (marks != 0u && e == 0u) { heap[marks + own] = first + last; }`;

/**
 * The thread of the first row with an index adds all rows that have it, in order; the others do nothing. If there are many rows,
 * they are sorted first.
 */
const addRows: GpuKernel = (words, at, planner) => {
  const { outer, count, inner, size, g, index, y, marks, first } = readAddRows(words, at);
  const n = outer * count * inner;
  if (n === 0) return;
  if (count > FEW) {
    const order = launchSort(planner, {
      key: 'addRows',
      values: { index, size },
      rows: 1,
      cols: count,
      load: 'key = min(heap[index + e], size - 1u);',
    });
    launchSegments(planner, {
      ...{ key: 'addRows', outer, count, inner, size, g, y, order, marks, first },
      type: 'f32',
      isShared: true,
    });
    return;
  }
  planner.launch({
    key: 'addRows',
    source: () => shader({ parameters: addParameters, body: addFound }),
    words: addParameters.words({ n, g, index, y, marks, size, count, inner, first }),
    groups: gridOfThreads(n),
  });
};

export const indexedKernels = { takeRows, addRows } satisfies GpuKernels;
