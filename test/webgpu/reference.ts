/** Runs commands on the GPU and on the reference executor, and compares the results. */
import { expect } from 'vitest';
import type { ProgramBlock } from '../../bindings/commands/program.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import type { WebGpuExecutor } from '../../src/webgpu/executor.ts';
import { inSandbox, Sandbox } from '../support/heap.ts';

const reference = new ReferenceExecutor();

/** Encodes commands and returns the addresses of their results. */
export type Encode = (box: Sandbox, p: ProgramBlock) => number[];

/** The results of the commands on the GPU, and whether one of them adds up by subgroups. */
async function runOnGpu(gpu: WebGpuExecutor, note: string, encode: Encode) {
  const { blocks } = gpu.allocator;
  const box = new Sandbox(gpu);
  const { program } = gpu;
  let bySubgroups = false;
  const got: number[][] = [];
  try {
    const results = encode(box, program);
    for (let at = 0; at < program.length; at += program.words[at + 1]!) {
      bySubgroups ||= gpu.plan(program.words, at).some(({ key }) => key.endsWith(`by ${gpu.subgroup}`));
    }
    await box.settle(note);
    for (const address of results) got.push(await box.download(address, 'int32'));
  } finally {
    box.release();
  }
  expect(gpu.allocator.blocks, 'blocks left').toBe(blocks);
  return { got, bySubgroups };
}

/**
 * Fails unless the GPU agrees with the reference, gives the same bits without subgroups, and writes nothing else.
 * `exact`: the same words, otherwise up to `relative`.
 */
export async function checkOnGpu(
  gpu: WebGpuExecutor,
  note: string,
  encode: Encode,
  exact = false,
  relative = RELATIVE,
): Promise<void> {
  const expected = inSandbox(reference, (box) => {
    const results = encode(box, reference.program);
    box.run(note);
    return results.map((address) => box.ints(address));
  });
  const { got, bySubgroups } = await runOnGpu(gpu, note, encode);
  for (const [i, words] of expected.entries()) {
    if (exact) expect(got[i], `${note}, result ${i}`).toEqual(words);
    else expectNear(got[i]!, words, `${note}, result ${i}`, relative);
  }
  if (!bySubgroups) return;
  const { subgroup } = gpu;
  gpu.subgroup = 0;
  try {
    expect((await runOnGpu(gpu, note, encode)).got, `${note}, without subgroups`).toEqual(got);
  } finally {
    gpu.subgroup = subgroup;
  }
}

const RELATIVE = 1e-4;
/** The rounding error of numbers near 1 that cancel. */
const CANCELLED = 1e-6;
const SMALLEST_NORMAL = 2 ** -126;

/**
 * Fails unless words are the same int32, or the same float32 up to `relative` of the number or of the largest of all;
 * NaN and ±∞ must be where they are expected. Both are lists of words.
 */
function expectNear(got: readonly number[], want: readonly number[], note: string, relative: number): void {
  expect(got.length, note).toBe(want.length);
  const a = new Float32Array(Int32Array.from(got).buffer);
  const b = new Float32Array(Int32Array.from(want).buffer);
  let scale = 0;
  for (const value of b) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  const tolerance = relative * Math.min(scale, 1) + CANCELLED;
  const isUsualNaN = (word: number) => (word & 0x1fffff) === 0;
  want.forEach((word, i) => {
    if (got[i] === word) return;
    const [x, y] = [a[i]!, b[i]!];
    // As floats, small integers are denormals, and negative ones are NaN with a long payload, as some engines' own NaN
    // are.
    const isFloat = Number.isNaN(y)
      ? isUsualNaN(word) || isUsualNaN(got[i]!)
      : y === 0 || Math.abs(y) >= SMALLEST_NORMAL;
    const isSame = Number.isFinite(y) ? Math.abs(x - y) <= tolerance + relative * Math.abs(y) : Object.is(x, y);
    if (!isFloat || !isSame) {
      expect.fail(`${note}: element ${i} is ${x} (word ${got[i]}), expected ${y} (word ${word})`);
    }
  });
}
