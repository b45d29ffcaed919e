/** Rows by index. An index outside of the table reads or writes its last row: nothing outside is ever touched. */
import { fieldsOf } from '../../reference/fields.ts';
import { type GpuKernel, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

const T = fieldsOf('takeRows');
const A = fieldsOf('addRows');
const takeParameters = new Parameters(['n', 'x', 'index', 'y', 'size', 'count', 'inner']);
const addParameters = new Parameters(['n', 'g', 'index', 'y', 'marks', 'size', 'count', 'inner', 'first']);

/** Where the thread is in [outer, count, inner]. */
const place = `if (id >= n) { return; }
let e = id % inner;
let j = (id / inner) % count;
let o = id / (inner * count);
let own = min(heap[index + j], size - 1u);`;

export const takeRows: GpuKernel = (words, at, planner) => {
  const count = words[at + T.count]!;
  const inner = words[at + T.inner]!;
  const n = words[at + T.outer]! * count * inner;
  if (n === 0) return;
  planner.launch({
    key: 'takeRows',
    source: () =>
      shader({ parameters: takeParameters, body: `${place}\nheap[y + id] = heap[x + (o * size + own) * inner + e];` }),
    words: takeParameters.words({
      n,
      x: words[at + T.x]!,
      index: words[at + T.index]!,
      y: words[at + T.y]!,
      size: words[at + T.size]!,
      count,
      inner,
    }),
    groups: gridOfThreads(n),
  });
};

/** The thread of the first j with an index adds the rows of all j that have it, in order; the others have nothing to do. */
export const addRows: GpuKernel = (words, at, planner) => {
  const count = words[at + A.count]!;
  const inner = words[at + A.inner]!;
  const n = words[at + A.outer]! * count * inner;
  if (n === 0) return;
  planner.launch({
    key: 'addRows',
    source: () =>
      shader({
        parameters: addParameters,
        body: `${place}
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
if (marks != 0u && e == 0u) { heap[marks + own] = first + last; }`,
      }),
    words: addParameters.words({
      n,
      g: words[at + A.g]!,
      index: words[at + A.index]!,
      y: words[at + A.y]!,
      marks: words[at + A.marks]!,
      size: words[at + A.size]!,
      count,
      inner,
      first: words[at + A.first]!,
    }),
    groups: gridOfThreads(n),
  });
};
