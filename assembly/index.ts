/**
 * The module's exports. Kernels take pointers and sizes and give numbers; they know nothing of tensors or JavaScript.
 * There is no static data, no mutable global and no allocation in this folder: threads share memory, not globals.
 */
import { TABLE_HASH } from './generated/commands';

export { run, runParts } from './run';
export { peak } from './peak';
export { scratchElements } from './scratch';
export { lead, serve } from './team/team';
export { worthSharing } from './team/worth';

/** Whether these are the kernels with fused multiply-adds. */
export function isRelaxed(): bool {
  return ASC_FEATURE_RELAXED_SIMD;
}

/** Tells the command table of these kernels from that of other versions. */
export function tableHash(): u32 {
  return TABLE_HASH;
}

/** First byte of the memory that the module does not use itself. */
export function heapBase(): usize {
  return __heap_base;
}
