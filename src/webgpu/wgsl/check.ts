/** Whether elements are in a range: the lanes of one group look for the first that is not. */
import { readerOf } from '../../../bindings/commands/fields.ts';
import type { GpuKernel, GpuKernels } from '../launch.ts';
import { joins, launchRows } from './rows.ts';

const readCheck = readerOf('check');

const NONE = '0x7fffffff';

const check: GpuKernel = (words, at, planner) => {
  const command = readCheck(words, at);
  const isInteger = command.integer === 1;
  const type = isInteger ? 'i32' : 'f32';
  launchRows(planner, {
    key: `check ${type}`,
    values: {
      x: command.x,
      fault: command.fault,
      low: command.low,
      high: command.high,
      except: command.except,
      site: command.site,
    },
    rows: 1,
    size: command.n,
    joins: { First: joins.First },
    body: `
var first = ${NONE};
for (var e = lane; e < size; e += lanes) {
  let value = bitcast<${type}>(heap[x + e]);
  let isOutside = value < bitcast<${type}>(low) || value > bitcast<${type}>(high);
  if (isOutside && heap[x + e] != except) { first = min(first, i32(e)); }
}
first = allFirst(first, lane);
if (lane == 0u && first != ${NONE} && heap[fault] == 0u) {
  heap[fault] = site;
  heap[fault + 1u] = u32(first);
  heap[fault + 2u] = heap[x + u32(first)];
}`,
  });
};

export const checkKernels = { check } satisfies GpuKernels;
