/**
 * Shaders for features that software GPUs lack compile in Dawn, the WebGPU of Chromium and of Node's package, whose
 * null backend offers all features and runs nothing: products in float16, subgroups of every width.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { ProgramBlock } from '../../bindings/commands/program.ts';
import * as encode from '../../bindings/generated/encode.ts';
import { kernels } from '../../src/webgpu/kernels.ts';
import type { Launch } from '../../src/webgpu/launch.ts';

/** Launches of the commands that `encodeAll` encodes. */
function launchesOf(encodeAll: (p: ProgramBlock) => void, subgroup: number, half: boolean): Launch[] {
  const p = new ProgramBlock(new Int32Array(4096));
  encodeAll(p);
  const launches: Launch[] = [];
  const planner = { subgroup, half, launch: (launch: Launch) => launches.push(launch), scratch: () => 0 };
  for (let at = 0; at < p.length; at += p.words[at + 1]!) kernels[p.words[at]!]!(p.words, at, planner);
  return launches;
}

const at0 = { x: 0, y: 0, g: 0, w: 0, gx: 0, gw: 0, bias: 0, activation: 0 };

/** Products of every tile and kind, by one and by four elements. */
function products(p: ProgramBlock): void {
  const sizes = [
    [4, 68, 20],
    [3, 7, 5],
    [68, 4, 36],
    [33, 31, 600],
    [700, 900, 36],
    [2000, 2000, 64],
    [2001, 2003, 65],
  ] as const;
  for (const [m, n, k] of sizes) {
    for (const [aRow, aCol] of [[k, 1] as const, [1, m] as const]) {
      for (const [bRow, bCol] of [[n, 1] as const, [1, k] as const]) {
        encode.encodeGemm(p, {
          ...{ a: 0, b: 0, c: 0, bias: 0, batch: 1, m, n, k, aRow, aCol, aBatch: 0, bRow, bCol, bBatch: 0 },
          ...{ cRow: n, cBatch: 0, alpha: 1, beta: 0, activation: 0 },
        });
      }
    }
  }
  const geometry = {
    ...{ batch: 2, inChannels: 3, height: 8, width: 8, outChannels: 4, outHeight: 8, outWidth: 8, groups: 1 },
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 },
    ...{ padTop: 1, padLeft: 1 },
  };
  encode.encodeConv(p, { ...geometry, ...at0 });
  encode.encodeConvInputGrad(p, { ...geometry, ...at0 });
  encode.encodeConvWeightGrad(p, { ...geometry, ...at0 });
}

/** Commands that add up, over workgroups of both sizes. */
function reductions(p: ProgramBlock): void {
  for (const size of [100, 3000]) {
    const [rows, cols] = [9, size];
    for (const fn of Object.values(encode.ReduceFn)) {
      encode.encodeReduce(p, { fn, x: 0, y: 0, outer: rows, size, inner: 1, scale: 1 });
    }
    for (const fn of Object.values(encode.ArgReduceFn)) {
      encode.encodeArgReduce(p, { fn, x: 0, values: 0, indices: 0, outer: rows, size, inner: 1 });
    }
    for (const log of [0, 1]) {
      encode.encodeSoftmax(p, { x: 0, y: 0, rows, cols, log });
      encode.encodeSoftmaxGrad(p, { y: 0, g: 0, gx: 0, rows, cols, log });
    }
    const loss = { x: 0, target: 0, weight: 0, lse: 0, norm: 0, rows, cols };
    encode.encodeCrossEntropy(p, { ...loss, loss: 0, reduction: 1, ignoreIndex: 0, smoothing: 0.1 });
    encode.encodeCrossEntropyGrad(p, { ...loss, g: 0, gx: 0, reduction: 1, ignoreIndex: 0, smoothing: 0.1 });
    const statistics = { x: 0, mean: 0, rstd: 0, g: 0, sums: 0, products: 0, weight: 0, gx: 0 };
    const running = { runningMean: 0, runningVariance: 0, tracked: 0, eps: 1e-5, momentum: 0.1 };
    encode.encodeMoments(p, { ...statistics, ...running, outer: 1, groups: rows, size });
    const view = { outer: 2, channels: 4, spatial: size, groupChannels: 2 };
    encode.encodeNormSums(p, { ...statistics, ...view });
    encode.encodeNormGrad(p, { ...statistics, ...view });
  }
}

/** Kept, because a device is lost with its GPU. */
let gpu: GPU | undefined;

async function openNull(): Promise<GPUDevice | null> {
  try {
    gpu = (await import('webgpu')).create(['backend=null']);
    const adapter = await gpu.requestAdapter();
    return (await adapter?.requestDevice({ requiredFeatures: ['shader-f16', 'subgroups'] })) ?? null;
  } catch {
    return null;
  }
}

const device = await openNull();

describe.skipIf(device === null)('shaders for other GPUs', () => {
  afterAll(() => {
    device?.destroy();
    gpu = undefined;
  });

  /** Fails unless they compile. Returns how many there are. */
  async function check(launches: readonly Launch[]): Promise<number> {
    const sources = new Map(launches.map(({ key, source }) => [key, source()]));
    for (const [key, code] of sources) {
      device!.pushErrorScope('validation');
      const module = device!.createShaderModule({ code });
      device!.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
      expect((await device!.popErrorScope())?.message, key).toBeUndefined();
    }
    return sources.size;
  }

  test('products in float16 compile', async () => {
    const launches = launchesOf(products, 0, true);
    expect(launches.filter(({ source }) => source().includes('enable f16;')).length).toBeGreaterThan(20);
    expect(await check(launches)).toBeGreaterThan(20);
  });

  test.each([4, 8, 16, 32, 64, 128])('sums by subgroups of %i compile', async (width) => {
    const launches = launchesOf(reductions, width, false);
    expect(launches.filter(({ source }) => source().includes('subgroupShuffleXor')).length).toBeGreaterThan(30);
    expect(await check(launches)).toBeGreaterThan(30);
  });
});
