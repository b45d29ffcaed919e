/**
 * The module's exports. Kernels get pointers and sizes and give numbers; they know nothing of tensors or JavaScript.
 * There is no static data, no mutable global and no allocation in this folder: threads share memory, not globals.
 */
export { run, runParts } from './dispatch';
export { peak } from './peak';
export { scratchElements } from './scratch';
export { lead, serve } from './team/team';
export { worthSharing } from './team/worth';

/** First byte of the memory that the module does not use itself. */
export function heapBase(): usize {
  return __heap_base;
}
