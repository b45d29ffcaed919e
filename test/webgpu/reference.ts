/** Runs commands on the GPU and on the reference executor, and compares what they give. */
import { expect } from 'vitest';
import type { ProgramBlock } from '../../bindings/commands/program.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import type { WebGpuExecutor } from '../../src/webgpu/executor.ts';
import { inSandbox, Sandbox } from '../support/heap.ts';

const reference = new ReferenceExecutor();

/** Encodes commands and returns the addresses of their results. */
export type Encode = (box: Sandbox, p: ProgramBlock) => number[];

/** Fails unless the GPU gives what the reference gives, and writes nothing beside it. `exact`: the same words. */
export async function checkOnGpu(gpu: WebGpuExecutor, note: string, encode: Encode, exact = false): Promise<void> {
  const expected = inSandbox(reference, (box) => {
    const results = encode(box, reference.program);
    box.run(note);
    return results.map((address) => box.ints(address));
  });
  const { blocks } = gpu.allocator;
  const box = new Sandbox(gpu);
  try {
    const results = encode(box, gpu.program);
    await box.settle(note);
    for (const [i, address] of results.entries()) {
      const got = await box.download(address, 'int32');
      if (exact) expect(got, `${note}, result ${i}`).toEqual(expected[i]);
      else expectNear(got, expected[i]!, `${note}, result ${i}`);
    }
  } finally {
    box.release();
  }
  expect(gpu.allocator.blocks, 'blocks left').toBe(blocks);
}

const RELATIVE = 1e-4;
/** What is left of numbers around 1 that cancel each other. */
const CANCELLED = 1e-6;
const SMALLEST_NORMAL = 2 ** -126;

/**
 * Fails unless words are the same int32, or the same float32 up to 1e-4 of it or of the largest of all; NaN and ±∞ must be where
 * they are expected. Both are lists of words.
 */
function expectNear(got: readonly number[], want: readonly number[], note: string): void {
  expect(got.length, note).toBe(want.length);
  const a = new Float32Array(Int32Array.from(got).buffer);
  const b = new Float32Array(Int32Array.from(want).buffer);
  let scale = 0;
  for (const value of b) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  const tolerance = RELATIVE * Math.min(scale, 1) + CANCELLED;
  const isUsualNaN = (word: number) => (word & 0x1fffff) === 0;
  want.forEach((word, i) => {
    if (got[i] === word) return;
    const [x, y] = [a[i]!, b[i]!];
    // Small integers are denormals as floats, negative ones NaN with a long payload, which some engines' own NaN have, too.
    const isFloat = Number.isNaN(y)
      ? isUsualNaN(word) || isUsualNaN(got[i]!)
      : y === 0 || Math.abs(y) >= SMALLEST_NORMAL;
    const isSame = Number.isFinite(y) ? Math.abs(x - y) <= tolerance + RELATIVE * Math.abs(y) : Object.is(x, y);
    if (!isFloat || !isSame) {
      expect.fail(`${note}: element ${i} is ${x} (word ${got[i]}), expected ${y} (word ${word})`);
    }
  });
}
