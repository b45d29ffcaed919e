/** Random numbers from Philox4x32-10 (see src/reference/random.ts): one thread per block of four. The words are the same as on the CPU. */

import { readerOf } from '../../../bindings/commands/fields.ts';
import { randomFns } from '../../../bindings/commands/random.ts';
import type { RandomFn } from '../../../bindings/generated/encode.ts';
import { type GpuKernel, type GpuKernels, gridOfThreads } from '../launch.ts';
import { Parameters, shader } from '../shader.ts';

const readRandom = readerOf('random');

/** Element `w` of the block, as a word; `block` holds the block's four. */
const elements: Record<RandomFn, string> = {
  uniform: 'bitcast<u32>(first + (second - first) * unit(block[w]))',
  normal: 'bitcast<u32>(first + second * normal(block[w & 2u], block[w | 1u], w & 1u))',
  bernoulli: 'select(0u, p1, unit(block[w]) < first)',
  integers: 'p0 + block[w] % (p1 - p0)',
};

const philox = `
fn unit(word: u32) -> f32 { return f32(word >> 8u) * 5.9604644775390625e-8; }
// Box and Muller.
fn normal(word0: u32, word1: u32, odd: u32) -> f32 {
  return sqrt(-2.0 * logarithm(1.0 - unit(word0))) * sinUnit(unit(word1), 1u - odd);
}
fn philox(low: u32, high: u32, key: vec2<u32>) -> vec4<u32> {
  var c = vec4<u32>(low, high, 0u, 0u);
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high0 = mulHigh(0xd2511f53u, c.x);
    let high1 = mulHigh(0xcd9e8d57u, c.z);
    c = vec4<u32>(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
`;

const parameters = new Parameters(['n', 'y', 'state', 'offset', 'p0', 'p1']);

const random: GpuKernel = (words, at, planner) => {
  const command = readRandom(words, at);
  const { n } = command;
  if (n === 0) return;
  const name = randomFns[command.fn]!;
  planner.launch({
    key: `random ${name}`,
    source: () =>
      shader({
        parameters,
        outside: philox,
        body: `
if (id * 4u >= n) { return; }
let start = heap[state + 2u];
let plusOffset = start + offset;
let low = plusOffset + id;
let high = heap[state + 3u] + select(0u, 1u, plusOffset < start) + select(0u, 1u, low < plusOffset);
var block = philox(low, high, vec2<u32>(heap[state], heap[state + 1u]));
let first = bitcast<f32>(p0);
let second = bitcast<f32>(p1);
for (var w = 0u; w < 4u && id * 4u + w < n; w++) { heap[y + id * 4u + w] = ${elements[name]}; }`,
      }),
    words: parameters.words({
      n,
      y: command.y,
      state: command.state,
      offset: command.offset,
      p0: command.p0,
      p1: command.p1,
    }),
    groups: gridOfThreads(Math.ceil(n / 4)),
  });
};

export const randomKernels = { random } satisfies GpuKernels;
