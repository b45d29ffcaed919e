/**
 * Shaders that work on rows: whatever is reduced, normalised or searched along one dimension. The body is written once and
 * runs in two ways: a thread a row where rows are short, a workgroup a row where they are longer. It goes through a row with
 *
 *     for (var e = lane; e < size; e += lanes) { … }
 *
 * and joins what the lanes have found with `all…`, whose results every lane gets. The order in which it joins is fixed by
 * the shapes.
 */
import { grid, gridOfThreads, type Planner, THREADS } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

/** Rows shorter than this get a thread each, unless there are too few of them to keep a device busy. */
const SHORT = 32;
const MANY_ROWS = 4096;
const STILL_SHORT = 256;

/** Rows up to this length get a small workgroup. */
const MEDIUM = 1024;
const SMALL_GROUP = 64;

/** Lanes that share a row of so many elements: powers of two. */
export function lanesFor(rows: number, size: number): number {
  if (size < (rows < MANY_ROWS ? SHORT : STILL_SHORT)) return 1;
  return size <= MEDIUM ? SMALL_GROUP : THREADS;
}

/** A way to join the lanes' values: its type, the expression that joins `a` and `b`, and the value that joins to nothing. */
export interface Join {
  type: 'f32' | 'i32';
  join: string;
}

export const joins = {
  Sum: { type: 'f32', join: 'a + b' },
  Max: { type: 'f32', join: 'maximum(a, b)' },
} as const satisfies Record<string, Join>;

/** `all<Name>` for one way to join, over the lanes of a workgroup. */
function joinSource(name: string, { type, join }: Join, lanes: number): string {
  if (lanes === 1) return `fn all${name}(value: ${type}, lane: u32) -> ${type} { return value; }\n`;
  return `
var<workgroup> shared${name}: array<${type}, ${lanes}>;
fn all${name}(value: ${type}, lane: u32) -> ${type} {
  workgroupBarrier();
  shared${name}[lane] = value;
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

export interface RowsKernel {
  key: string;
  /** Names and values of the parameters; `rows` and `size` are added. */
  values: Record<string, number>;
  rows: number;
  /** Elements of a row: what decides between the two ways. */
  size: number;
  /** Statements for the row with number `row`. */
  body: string;
  joins: Record<string, Join>;
  outside?: string;
  /** Lanes that share a row, where the shape does not decide. */
  lanes?: number;
}

export function launchRows(planner: Planner, kernel: RowsKernel): void {
  const { rows, size } = kernel;
  if (rows === 0) return;
  const lanes = kernel.lanes ?? lanesFor(rows, size);
  const long = lanes > 1;
  const values: Record<string, number> = { rows, size, ...kernel.values };
  const parameters = new Parameters(Object.keys(values));
  planner.launch({
    key: `${kernel.key}/${lanes}`,
    source: () =>
      shader({
        parameters,
        threads: long ? lanes : THREADS,
        outside:
          Object.entries(kernel.joins)
            .map(([name, join]) => joinSource(name, join, lanes))
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
