/** Commands that move rows or single elements by index, that sort, and that check whether indices are in range. The kinds of fields are explained in table.ts. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

export const indexCommands = {
  /** y[o, j, i] = x[o, index[j], i], index [count] int32; one outside of 0 ≤ index < size counts as the last. Any type. x may not be y. */
  takeRows: { x: 'in', index: 'in', y: 'out', outer: 'u32', size: 'u32', count: 'u32', inner: 'u32' },
  /**
   * y[o, index[j], i] += g[o, j, i] in order of j, float32; g 0: y[o, index[j], i] = 0. marks (0: none; [size]):
   * marks[index[j]] = first + j, so that the last one of equal indices stays.
   */
  addRows: {
    g: 'in',
    index: 'in',
    y: 'inout',
    marks: 'inout',
    outer: 'u32',
    size: 'u32',
    count: 'u32',
    inner: 'u32',
    first: 'u32',
  },
  /** y[o, j, i] = x[o, index[o, j, i], i], index int32; one outside of 0 ≤ index < size counts as the last. Any type. y overlaps no input. */
  gather: { x: 'in', index: 'in', y: 'out', outer: 'u32', size: 'u32', count: 'u32', inner: 'u32' },
  /** y[o, index[o, j, i], i] += g[o, j, i] in order of j. integer 1: int32, which wraps. y overlaps no input. */
  scatterAdd: {
    g: 'in',
    index: 'in',
    y: 'inout',
    outer: 'u32',
    size: 'u32',
    count: 'u32',
    inner: 'u32',
    integer: 'u32',
  },
  /**
   * The first `count` elements of each row of x in order, and their positions in it (indices, int32). Equal ones keep their order;
   * −0 equals 0; NaN is the largest of all. integer 1: int32. byInsertion 1 is for a small count.
   * work has count elements a row if byInsertion, else 4·cols + SORT_COUNTERS. Outputs overlap no input.
   */
  sort: {
    x: 'in',
    values: 'out',
    indices: 'out',
    work: 'out',
    rows: 'u32',
    cols: 'u32',
    count: 'u32',
    descending: 'u32',
    integer: 'u32',
    byInsertion: 'u32',
  },
  /**
   * Finds the first element of x [n] that is below `low` or above `high`, and not `except`; NaN never is. If there is one, and fault[0] is 0:
   * fault [3] = [site, its position in x, the element]. `fault` is the executor's. integer 1: x, low, high and except are int32.
   * With `except` = low nothing is excepted.
   */
  check: {
    x: 'in',
    fault: 'u32',
    n: 'u32',
    low: 'bits',
    high: 'bits',
    except: 'bits',
    integer: 'u32',
    site: 'u32',
  },
} as const satisfies CommandRows;

const indexed = 'outer * count * inner';

export const indexCosts: Costs<typeof indexCommands> = {
  takeRows: { elements: indexed },
  addRows: { elements: indexed, sorted: { elements: 'count', length: 'count' } },
  gather: { elements: indexed, work: 'elements * 4' },
  scatterAdd: { elements: indexed, work: 'elements * 4', sorted: { elements: 'elements', length: 'count' } },
  sort: {
    elements: 'rows * cols',
    work: 'elements * (byInsertion != 0 ? 16 : 64)',
    sorted: { elements: 'elements', length: 'cols' },
  },
  check: { elements: 'n' },
};
