/**
 * Random sequences of kernels, `alloc`, `free` and growing memory, on arrays of every kind: results agree with plain
 * loops in float64, wherever the arrays are, and nothing outside an output changes.
 */
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import * as kernels from '../../bindings/kernels/index.ts';
import { wasmExecutor } from '../../bindings/wasm/instance.ts';
import { seeded } from '../support/commands.ts';
import type { Options, Random } from '../support/kernelCase.ts';
import { type KernelName, kernelCases } from '../support/kernelCases.ts';

const CALLS = 2000;
const CANARY = 77;
type Typed = Float32Array | Int32Array | Int8Array;
type Make = new (buffer: ArrayBufferLike, offset: number, length: number) => Typed;

const own: Record<string, Make> = { Float32Array, Int32Array, Int8Array };
const foreign = runInNewContext('({ Float32Array, Int32Array, Int8Array, ArrayBuffer })') as Record<string, Make> & {
  ArrayBuffer: new (n: number) => ArrayBuffer;
};

/** An array, the array around it, and the offset of the one in the other. */
interface Placed {
  array: Typed;
  around: Typed;
  at: number;
}

/** Arrays from `alloc` that live through many calls; others are made for one call. */
const allocated: Float32Array[] = [];

/** Puts the numbers of `source` somewhere, with canaries on both sides if the array is part of a larger one. */
function place(source: Typed, random: Random): Placed {
  const kind = source.constructor.name;
  const { BYTES_PER_ELEMENT: width, length } = source;
  const home = random(0, 5);
  const make = home === 4 || home === 5 ? foreign[kind]! : own[kind]!;
  let around: Typed;
  let at = 0;
  if (home <= 1 || home === 5) {
    // In wasm memory: a whole block (of floats only) or a part of a larger block.
    at = home === 0 ? 0 : random(1, 9);
    const block = kernels.alloc(Math.ceil(((length + 2 * at) * width) / 4));
    allocated.push(block);
    if (home === 0 && kind === 'Float32Array') around = block;
    else around = new make(block.buffer, block.byteOffset, length + 2 * at);
  } else {
    at = home === 2 ? 0 : random(1, 9);
    const Buffer = home === 4 ? foreign.ArrayBuffer : ArrayBuffer;
    around = new make(new Buffer((length + 2 * at) * width), 0, length + 2 * at);
  }
  around.fill(CANARY);
  const array = at === 0 ? around : around.subarray(at, at + length);
  array.set(source);
  return { array, around, at };
}

function isTyped(value: unknown): value is Typed {
  return ArrayBuffer.isView(value);
}

it.each([1, 2])(`${CALLS} random calls are right, with memory for %i threads`, async (threads) => {
  await kernels.init({ memoryMiB: 16, threads });
  expect(wasmExecutor().isShared).toBe(threads > 1);
  const uniform = seeded(20 + threads);
  const random: Random = (low, high) => low + Math.floor(uniform() * (high - low + 1));
  const before = wasmExecutor().allocator.blocks;
  const byName = kernels as unknown as Record<string, (options: Options) => unknown>;
  const names = Object.keys(kernelCases) as KernelName[];
  for (let call = 0; call < CALLS; call++) {
    const name = names[random(0, names.length - 1)]!;
    const { make, outputs, loops, inPlace = [] } = kernelCases[name];
    const source = make(random);
    if (inPlace.length > 0 && random(0, 2) === 0) {
      const [output, input] = inPlace[random(0, inPlace.length - 1)]!;
      source[output] = source[input];
    }
    const expected = loops(source as never);
    const places = new Map<unknown, Placed>();
    const options: Options = {};
    for (const [key, value] of Object.entries(source)) {
      if (isTyped(value) && !places.has(value)) places.set(value, place(value, random));
      options[key] = places.get(value)?.array ?? value;
    }
    const told = `call ${call}: ${name}`;
    const value = byName[name]!(options);
    for (const [key, numbers] of Object.entries(expected)) {
      const got = key === 'value' ? [value as number] : (options[key] as Typed);
      expect(got.length, told).toBe(numbers.length);
      for (let i = 0; i < numbers.length; i++) {
        const tolerance = 2e-5 * (1 + Math.abs(numbers[i]!));
        if (!(Math.abs(got[i]! - numbers[i]!) <= tolerance)) expect(got[i], `${told}, ${key}[${i}]`).toBe(numbers[i]);
      }
    }
    for (const [input, { array, around, at }] of places) {
      const isWritten = outputs.some((output) => source[output] === input);
      if (!isWritten) expect(Array.from(array), `${told}: an input`).toEqual(Array.from(input as Typed));
      const sides = [...around.subarray(0, at), ...around.subarray(at + array.length)];
      expect(
        sides.filter((side) => side !== CANARY),
        `${told}: canaries`,
      ).toEqual([]);
    }
    while (allocated.length > random(0, 40)) kernels.free(allocated.splice(random(0, allocated.length - 1), 1)[0]!);
    // More than what is reserved at the start, 16 MiB.
    if (call % 500 === 250) allocated.push(kernels.alloc(random(1, 4) << 20));
  }
  for (const array of allocated.splice(0)) kernels.free(array);
  expect(wasmExecutor().allocator.blocks).toBe(before);
});
