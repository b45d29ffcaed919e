/** What tensors hold, wherever it is: in blocks of the executors, or parked. */
import { type MemoryInfo, memory } from '../../src/index.ts';

/**
 * Whether every allocation parks what it can (`npm run test:park`). Then the collector reports several small storages together, once the last
 * of them is gone, so what it has freed cannot be counted exactly.
 */
export const isParking = process.env.MODE === 'park';

/** Whether heaps are checked: they keep the stacks of releases, which hold on to tensors and all that these lead to. */
export const isChecked = isParking || process.env.MODE === 'heap';

export function inUse(): Omit<MemoryInfo, 'bytesParked'> {
  const { bytesParked, ...rest } = memory();
  return rest;
}
