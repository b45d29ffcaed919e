/**
 * Subgroups: lanes of a workgroup that exchange values without a barrier. WGSL does not promise that they are adjacent threads,
 * so the GPU is tested once.
 */
import type { Executor } from '../../bindings/executor.ts';
import { grid, THREADS } from './launch.ts';
import type { Queue } from './queue.ts';
import { Parameters, shader } from './shader.ts';
import { SMALL_GROUP } from './wgsl/rows.ts';

const GROUPS = 4;
/** Sizes of the workgroups that combine values. */
const SIZES = [SMALL_GROUP, THREADS];
const parameters = new Parameters(['results']);

/** Each thread writes 1 if each lane of its subgroup at a distance is the thread at that distance. */
const checkSource = (lanes: number, threads: number) =>
  shader({
    parameters,
    threads,
    enable: ['subgroups'],
    body: `
var isInOrder = true;
for (var step = 1u; step < ${lanes}u; step <<= 1u) {
  isInOrder = subgroupShuffleXor(local, step) == (local ^ step) && isInOrder;
}
heap[results + id] = select(0u, 1u, isInOrder);`,
  });

/** What the test needs of the executor. */
interface Asked extends Pick<Required<Executor>, 'allocator' | 'download'> {
  readonly gpu: GPUDevice;
  readonly queue: Queue;
}

/**
 * How many adjacent threads are always in one subgroup, in order: `lanes`, the GPU's smallest subgroup size, or 0 if the test
 * fails or there are no subgroups.
 */
export async function usableSubgroup(executor: Asked, lanes = 0): Promise<number> {
  const { gpu, queue, allocator } = executor;
  if (!gpu.features.has('subgroups') || lanes < 2) return 0;
  const count = SIZES.reduce((sum, threads) => sum + GROUPS * threads, 0);
  const start = allocator.allocate(count);
  // A GPU that fails here is not lost: it goes on without subgroups.
  for (const filter of ['internal', 'validation'] as const) gpu.pushErrorScope(filter);
  try {
    let results = start;
    for (const threads of SIZES) {
      const source = () => checkSource(lanes, threads);
      queue.add({
        key: `subgroups of ${lanes}/${threads}`,
        source,
        words: parameters.words({ results }),
        groups: grid(GROUPS),
      });
      results += GROUPS * threads;
    }
    const reading = executor.download(start, count, 'int32');
    const [words, ...errors] = await Promise.all([reading, gpu.popErrorScope(), gpu.popErrorScope()]);
    return errors.every((error) => error === null) && words.every((word) => word === 1) ? lanes : 0;
  } finally {
    allocator.release(start, count);
  }
}
