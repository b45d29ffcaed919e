/**
 * Shaders that work on rows: whatever is reduced, normalised or searched along one dimension. The body is written once and
 * runs in two ways: one thread per row where rows are short, one workgroup per row where they are longer. It loops over a row with
 *
 *     for (var e = lane; e < size; e += lanes) { … }
 *
 * and combines the lanes' values with `all…`, whose result every lane gets. The order is fixed by the shapes: lanes 1 apart, then 2,
 * 4, … Subgroups combine in the same order and give the same bits.
 */
import { grid, gridOfThreads, type Planner, THREADS } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

/** Rows shorter than this get one thread each, unless there are too few of them to keep a device busy. */
const SHORT = 32;
const MANY_ROWS = 4096;
const STILL_SHORT = 256;

/** Rows up to this length get a small workgroup. */
const MEDIUM = 1024;
export const SMALL_GROUP = 64;

/** Lanes that share a row of this many elements: a power of two. */
function lanesFor(rows: number, size: number): number {
  if (size < (rows < MANY_ROWS ? SHORT : STILL_SHORT)) return 1;
  return size <= MEDIUM ? SMALL_GROUP : THREADS;
}

/** A way to combine the lanes' values: their type, and the expression that combines `a` and `b`, of which `a` is the lower lane's. */
export interface Join {
  type: 'f32' | 'i32' | 'vec2<u32>';
  join: string;
}

export const joins = {
  Sum: { type: 'f32', join: 'a + b' },
  Max: { type: 'f32', join: 'maximum(a, b)' },
  First: { type: 'i32', join: 'min(a, b)' },
} as const satisfies Record<string, Join>;

/** `all<Name>` for one way to combine, over the lanes of a workgroup. */
function joinSource(name: string, way: Join, lanes: number, subgroup: number): string {
  if (lanes === 1) return `fn all${name}(value: ${way.type}, lane: u32) -> ${way.type} { return value; }\n`;
  return subgroup > 0 ? joinBySubgroups(name, way, lanes, subgroup) : joinByTree(name, way, lanes);
}

/** With the bits of lane numbers reversed, neighbours are combined first, and the lanes that go on are adjacent. */
function joinByTree(name: string, { type, join }: Join, lanes: number): string {
  return `
var<workgroup> shared${name}: array<${type}, ${lanes}>;
fn all${name}(value: ${type}, lane: u32) -> ${type} {
  workgroupBarrier();
  shared${name}[reverseBits(lane) >> ${32 - Math.log2(lanes)}u] = value;
  workgroupBarrier();
  for (var step = ${lanes / 2}u; step > 0u; step >>= 1u) {
    if (lane < step) {
      let a = shared${name}[lane];
      let b = shared${name}[lane + step];
      shared${name}[lane] = ${join};
    }
    workgroupBarrier();
  }
  return shared${name}[0];
}
`;
}

/**
 * The lanes of a subgroup combine their values, one of them writes the result, and all lanes read these as the values of fewer lanes, until
 * one value is left.
 */
function joinBySubgroups(name: string, { type, join }: Join, lanes: number, subgroup: number): string {
  const lines = [];
  for (let left = lanes, width = 0; left > 1; left /= width) {
    if (width > 0) {
      lines.push(`workgroupBarrier();
  if (lane < ${left * width}u && lane % ${width}u == 0u) { shared${name}[lane / ${width}u] = all; }
  workgroupBarrier();
  all = shared${name}[lane % ${left}u];`);
    }
    width = Math.min(left, subgroup);
    for (let step = 1; step < width; step *= 2) lines.push(`all = join${name}(all, lane, ${step}u);`);
  }
  return `
var<workgroup> shared${name}: array<${type}, ${Math.max(lanes / subgroup, 1)}>;
fn join${name}(own: ${type}, lane: u32, step: u32) -> ${type} {
  let other = subgroupShuffleXor(own, step);
  let isLower = (lane & step) == 0u;
  let a = select(other, own, isLower);
  let b = select(own, other, isLower);
  return ${join};
}
fn all${name}(value: ${type}, lane: u32) -> ${type} {
  var all = value;
  ${lines.join('\n  ')}
  return all;
}
`;
}

export interface RowsKernel {
  key: string;
  /** Names and values of the parameters; `rows` and `size` are added. */
  values: Record<string, number>;
  rows: number;
  /** Elements of a row: they decide between the two ways. */
  size: number;
  /** Statements for the row with number `row`. */
  body: string;
  joins: Record<string, Join>;
  outside?: string;
  /** Lanes that share a row, if not chosen by the shape. */
  lanes?: number;
}

export function launchRows(planner: Planner, kernel: RowsKernel): void {
  const { rows, size } = kernel;
  if (rows === 0) return;
  const lanes = kernel.lanes ?? lanesFor(rows, size);
  const long = lanes > 1;
  const values: Record<string, number> = { rows, size, ...kernel.values };
  const parameters = new Parameters(Object.keys(values));
  const subgroup = long && Object.keys(kernel.joins).length > 0 ? planner.subgroup : 0;
  planner.launch({
    key: `${kernel.key}/${lanes}${subgroup > 0 ? ` by ${subgroup}` : ''}`,
    source: () =>
      shader({
        parameters,
        threads: long ? lanes : THREADS,
        enable: subgroup > 0 ? ['subgroups'] : [],
        outside:
          Object.entries(kernel.joins)
            .map(([name, join]) => joinSource(name, join, lanes, subgroup))
            .join('') + (kernel.outside ?? ''),
        body: `
let row = ${long ? 'groupId' : 'id'};
if (row >= rows) { return; }
let lane = ${long ? 'local' : '0u'};
let lanes = ${lanes}u;
${kernel.body}`,
      }),
    words: parameters.words(values),
    groups: long ? grid(rows) : gridOfThreads(rows),
  });
}
