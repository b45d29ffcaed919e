/**
 * Sorts rows by Batcher's bitonic network (1968), O(n log² n): blocks are sorted in workgroup memory, then merged; steps that
 * reach beyond a block run in the heap. Equal keys keep their order, because their original positions are compared too.
 */
import { grid, gridOfThreads, type Planner } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

/** Elements that a workgroup sorts, two per thread. */
const MOST_BLOCK = 512;

export interface Keys {
  /** Names what the snippet does. */
  key: string;
  values: Record<string, number>;
  rows: number;
  cols: number;
  /** Sets `key` (u32) to that of element `e` of row `row`. */
  load: string;
  outside?: string;
}

/** Rows in order: `length` pairs a row from the element `start` of the heap on, each a key and its original position. */
export interface Sorted {
  start: number;
  length: number;
}

const pairSource = (read: (what: 'key' | 'place', i: string) => string) => `
fn order(i: u32, j: u32, up: bool) {
  let first = vec2(${read('key', 'i')}, ${read('place', 'i')});
  let second = vec2(${read('key', 'j')}, ${read('place', 'j')});
  let isAfter = first.x > second.x || (first.x == second.x && first.y > second.y);
  if (isAfter == up) {
    ${read('key', 'i')} = second.x;
    ${read('place', 'i')} = second.y;
    ${read('key', 'j')} = first.x;
    ${read('place', 'j')} = first.y;
  }
}`;

const inWorkgroup = (block: number) => `
var<workgroup> keys: array<u32, ${block}>;
var<workgroup> places: array<u32, ${block}>;
${pairSource((what, i) => `${what}s[${i}]`)}`;

/** Compares the pairs of a workgroup at distances from `distance` down to 1, in runs of `run`. */
const mergeBlock = `
for (var j = distance; j > 0u; j >>= 1u) {
  workgroupBarrier();
  let i = 2u * local - (local & (j - 1u));
  order(i, i + j, ((first + i) & run) == 0u);
}`;

/** Writes the pairs of a workgroup to the heap. */
const storeBlock = (block: number) => `
workgroupBarrier();
for (var i = local; i < ${block}u; i += ${block / 2}u) {
  heap[own + 2u * i] = keys[i];
  heap[own + 2u * i + 1u] = places[i];
}`;

const inHeap = pairSource((what, i) => `heap[${i}${what === 'place' ? ' + 1u' : ''}]`);

/** Where a workgroup's block is: its row, its first element there, and where its pairs are. */
const placeOf = (block: number) => `
let blocks = length / ${block}u;
let row = groupId / blocks;
if (row >= rows) { return; }
let first = (groupId % blocks) * ${block}u;
let own = start + 2u * (row * length + first);`;

/** Launches that sort rows of at least two elements, in scratch memory. */
export function launchSort(planner: Planner, { key, values, rows, cols, load, outside = '' }: Keys): Sorted {
  const length = 2 ** Math.ceil(Math.log2(cols));
  const block = Math.min(length, MOST_BLOCK);
  const start = planner.scratch(2 * rows * length);
  const launch = (
    name: string,
    step: { run: number; distance: number },
    groups: readonly [number, number],
    source: (parameters: Parameters<string>) => string,
  ) => {
    const all = { start, rows, cols, length, ...step, ...(name === 'sort' ? values : {}) };
    const parameters = new Parameters(Object.keys(all));
    planner.launch({
      key: name === 'sort' ? `${key} sort/${block}` : `${name}/${block}`,
      source: () => source(parameters),
      words: parameters.words(all as Record<string, number>),
      groups,
    });
  };
  const blocks = grid((rows * length) / block);

  launch('sort', { run: 0, distance: 0 }, blocks, (parameters) =>
    shader({
      parameters,
      threads: block / 2,
      outside: inWorkgroup(block) + outside,
      body: `${placeOf(block)}
for (var i = local; i < ${block}u; i += ${block / 2}u) {
  let e = first + i;
  var key = 0xffffffffu;
  if (e < cols) { ${load} }
  keys[i] = key;
  places[i] = e;
}
for (var run = 2u; run <= ${block}u; run <<= 1u) {
  let distance = run >> 1u;
  ${mergeBlock}
}
${storeBlock(block)}`,
    }),
  );
  for (let run = 2 * block; run <= length; run *= 2) {
    for (let distance = run / 2; distance >= block; distance /= 2) {
      launch('sort step', { run, distance }, gridOfThreads((rows * length) / 2), (parameters) =>
        shader({
          parameters,
          outside: inHeap,
          body: `let row = id / (length / 2u);
if (row >= rows) { return; }
let pair = id % (length / 2u);
let i = 2u * pair - (pair & (distance - 1u));
let at = start + 2u * (row * length + i);
order(at, at + 2u * distance, (i & run) == 0u);`,
        }),
      );
    }
    launch('sort merge', { run, distance: block / 2 }, blocks, (parameters) =>
      shader({
        parameters,
        threads: block / 2,
        outside: inWorkgroup(block),
        body: `${placeOf(block)}
for (var i = local; i < ${block}u; i += ${block / 2}u) {
  keys[i] = heap[own + 2u * i];
  places[i] = heap[own + 2u * i + 1u];
}
${mergeBlock}
${storeBlock(block)}`,
      }),
    );
  }
  return { start, length };
}
