/** How long a program takes on the CPU and on the GPU, from its cost and from rates that were measured on this machine. */
import type { Rates } from '../webgpu/rates.ts';
import type { Cost, ProductCost } from './cost.ts';

/** Products of fewer operations are small: they stay in the cache, and on one thread. */
const SMALL_FLOPS = 2 ** 18;
/** Sizes that a workgroup's tile pads a product to, unless it is flatter than that. */
const TILE = 32;
const FLAT_TILE = 8;

const flopsOf = ({ m, n, k, batch }: ProductCost): number => 2 * m * n * Math.max(1, k) * batch;

/** Microseconds of a program on the CPU. */
export function onCpu({ products, work, launches }: Cost, { cpu }: Rates): number {
  let time = (launches + products.length) * cpu.command + work / cpu.element;
  for (const product of products) {
    const flops = flopsOf(product);
    time += (product.count * flops) / (flops < SMALL_FLOPS ? cpu.smallProduct : cpu.product);
  }
  return time;
}

const padded = (size: number): number => {
  const tile = size <= FLAT_TILE ? FLAT_TILE : TILE;
  return Math.ceil(size / tile) * tile;
};

/** Microseconds of a program on the GPU, with this many bytes that go there before and come back after. */
export function onGpu(cost: Cost, { gpu }: Rates, bytes: { up: number; down: number }): number {
  let time = gpu.roundTrip + bytes.up / gpu.upload + bytes.down / gpu.download;
  time += cost.launches * gpu.launch + cost.elements / gpu.element;
  for (const { m, n, k, batch, count } of cost.products) {
    const size = { m: padded(m), n: padded(n), k, batch, count };
    const tiles = Math.ceil(m / TILE) * Math.ceil(n / TILE) * batch;
    const flops = flopsOf(size);
    // A workgroup takes its time for a tile, however many others there are.
    time += count * (gpu.launch + Math.max(flops / gpu.product, flops / tiles / gpu.workgroup));
  }
  return time;
}
