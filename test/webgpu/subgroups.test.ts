/** How the lanes of a workgroup combine their values: in one order, for any subgroups of the GPU. */
import { expect, test } from 'vitest';
import { runtimeInfo } from '../../src/index.ts';
import type { WebGpuExecutor } from '../../src/webgpu/executor.ts';
import type { Planner } from '../../src/webgpu/launch.ts';
import { usableSubgroup } from '../../src/webgpu/subgroups.ts';
import { launchRows } from '../../src/webgpu/wgsl/rows.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, Sandbox } from '../support/heap.ts';

const ROWS = 3;

/** Subgroups of any width, emulated with workgroup memory: this function replaces that of WGSL. */
const emulated = `
var<private> ownLane: u32;
var<workgroup> exchanged: array<f32, 256>;
fn subgroupShuffleXor(value: f32, mask: u32) -> f32 {
  workgroupBarrier();
  exchanged[ownLane] = value;
  workgroupBarrier();
  return exchanged[ownLane ^ mask];
}`;

/** Neighbours first, then pairs of them. */
function tree(values: readonly number[]): number {
  let sums = values;
  while (sums.length > 1) {
    sums = Array.from({ length: sums.length / 2 }, (_, i) => Math.fround(sums[2 * i]! + sums[2 * i + 1]!));
  }
  return sums[0]!;
}

describeOnGpu('subgroups on webgpu', (gpu) => {
  test('are used if the GPU has them, as runtimeInfo reports', () => {
    expect(gpu.subgroup).toBe(gpu.gpu.features.has('subgroups') ? gpu.gpu.adapterInfo.subgroupMinSize : 0);
    expect(runtimeInfo().subgroups).toBe(gpu.subgroup > 0);
  });

  test('are not used if they differ from what the GPU reports', async () => {
    const { gpu: device, queue, allocator } = gpu;
    const told = {
      features: new Set(['subgroups']),
      pushErrorScope: (filter: GPUErrorFilter) => device.pushErrorScope(filter),
      popErrorScope: () => device.popErrorScope(),
    };
    const { blocks } = allocator;
    const download: WebGpuExecutor['download'] = (...args) => gpu.download(...args);
    const executor = { gpu: told, queue, allocator, download } as unknown as WebGpuExecutor;
    // If there are none, the shader does not compile.
    expect(await usableSubgroup(executor, Math.max(2 * gpu.subgroup, 4))).toBe(0);
    expect(gpu.isLost).toBe(false);
    expect(allocator.blocks).toBe(blocks);
  });

  /** The sum of its row that each lane has. */
  async function sums(values: readonly number[], lanes: number, subgroup: number, outside = ''): Promise<number[]> {
    const box = new Sandbox(gpu);
    try {
      const [x, y] = [box.put(values), box.room(values.length)];
      const planner: Planner = { subgroup, half: false, launch: (launch) => gpu.queue.add(launch), scratch: () => 0 };
      launchRows(planner, {
        key: `sum of lanes ${outside.length}`,
        values: { x, y },
        rows: ROWS,
        size: lanes,
        lanes,
        joins: { Sum: { type: 'f32', join: 'a + b' } },
        outside,
        body: `${outside === '' ? '' : 'ownLane = lane;'}
let sum = allSum(f(x + row * size + lane), lane);
put(y + row * size + lane, allSum(sum * 0.1, lane));
put(y + row * size + lane, sum);`,
      });
      return await box.download(y, 'float32');
    } finally {
      box.release();
    }
  }

  test.each([64, 256])('%i lanes add up neighbours first', async (lanes) => {
    const values = randomFloats(ROWS * lanes, lanes, -1, 3);
    const expected = values.map((_, i) => {
      const start = i - (i % lanes);
      return tree(values.slice(start, start + lanes));
    });
    expect(await sums(values, lanes, 0)).toEqual(expected);
    if (gpu.subgroup === 0) return;
    for (let width = 2; width <= gpu.subgroup; width *= 2) {
      expect(await sums(values, lanes, width), `subgroups of ${width}`).toEqual(expected);
    }
    for (let width = 2; width <= 128; width *= 2) {
      expect(await sums(values, lanes, width, emulated), `emulated subgroups of ${width}`).toEqual(expected);
    }
  });
});
