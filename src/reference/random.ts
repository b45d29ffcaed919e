/**
 * Random numbers from Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * Element i depends only on the state, the offset and i. The state is read, never advanced.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { bitsToFloat } from '../../bindings/commands/program.ts';
import { randomFns } from '../../bindings/commands/random.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';

const readRandom = readerOf('random');

/** Multipliers and key increments of Philox4x32 (philox.h of Random123). */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** The high 32 bits of the product of two uint32, from products of their 16-bit halves. */
export function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const carry = ((middle & 0xffff) + (Math.imul(aLow, bHigh) >>> 0)) >>> 16;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + carry) >>> 0;
}

/** Four uint32 words from a counter of four words and a key of two. */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0]! >>> 0;
  let c1 = counter[1]! >>> 0;
  let c2 = counter[2]! >>> 0;
  let c3 = counter[3]! >>> 0;
  let k0 = key[0]! >>> 0;
  let k1 = key[1]! >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low0 = Math.imul(M0, c0) >>> 0;
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** A uint32 as a float in [0, 1) with 24 random bits. */
const unit = (word: number): number => (word >>> 8) * 2 ** -24;

/** Box and Muller: both normal numbers of a pair of words. */
function normalPair(word0: number, word1: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - unit(word0)));
  const angle = 2 * Math.PI * unit(word1);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Writes the numbers of one block, at most four, to y. p0 and p1 are bit patterns. */
type BlockFn = (heap: Heap, block: Uint32Array, y: number, count: number, p0: number, p1: number) => void;

const blockFns: Record<(typeof randomFns)[number], BlockFn> = {
  uniform: ({ f }, block, y, count, p0, p1) => {
    const low = bitsToFloat(p0);
    const high = bitsToFloat(p1);
    for (let w = 0; w < count; w++) f[y + w] = low + Math.fround(Math.fround(high - low) * unit(block[w]!));
  },
  normal: ({ f }, block, y, count, p0, p1) => {
    const mean = bitsToFloat(p0);
    const deviation = bitsToFloat(p1);
    const z = [...normalPair(block[0]!, block[1]!), ...normalPair(block[2]!, block[3]!)];
    for (let w = 0; w < count; w++) f[y + w] = mean + deviation * z[w]!;
  },
  bernoulli: ({ f }, block, y, count, p0, p1) => {
    const probability = bitsToFloat(p0);
    const value = bitsToFloat(p1);
    for (let w = 0; w < count; w++) f[y + w] = unit(block[w]!) < probability ? value : 0;
  },
  integers: ({ i }, block, y, count, p0, p1) => {
    const range = (p1 - p0) >>> 0;
    for (let w = 0; w < count; w++) i[y + w] = (p0 + (block[w]! % range)) | 0;
  },
};
const blockFnOf = randomFns.map((name) => blockFns[name]);

/** y = n random numbers. */
const random: ReferenceKernel = (heap, words, _floats, at) => {
  const command = readRandom(words, at);
  const { y, state, n, p0, p1 } = command;
  const offset = command.offset >>> 0;
  const write = blockFnOf[command.fn]!;
  const key = [heap.i[state]!, heap.i[state + 1]!];
  const counterLow = heap.i[state + 2]! >>> 0;
  const counterHigh = heap.i[state + 3]! >>> 0;
  const counter = [0, 0, 0, 0];
  const block = new Uint32Array(4);
  for (let first = 0; first < n; first += 4) {
    const low = counterLow + offset + first / 4;
    counter[0] = low >>> 0;
    counter[1] = (counterHigh + Math.floor(low / 2 ** 32)) >>> 0;
    philox4x32(counter, key, block);
    write(heap, block, y + first, Math.min(4, n - first), p0, p1);
  }
};

export const randomKernels = { random } satisfies ReferenceKernels;
