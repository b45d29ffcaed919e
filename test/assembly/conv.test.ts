/**
 * The convolution commands of the wasm kernels against the reference: listed and random geometries, at odd addresses,
 * between canaries, with every tile, and with several threads, which must give the same bits as one.
 */
import { describe, expect, it } from 'vitest';
import { Activation } from '../../bindings/generated/encode.ts';
import type { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { Desk, runAsThreads, seeded } from '../support/commands.ts';
import {
  type ConvCase,
  type ConvOpcode,
  depthOf,
  encode,
  type Geometry,
  geometryOf,
  opcodes,
  operandsOf,
  randomCase,
} from '../support/conv.ts';
import { wasmExecutors } from '../support/executors.ts';

const reference = new ReferenceExecutor();
const EPS = 2 ** -24;

interface Setting {
  bias?: boolean;
  activation?: Activation;
  shift?: number;
  tile?: number;
}

interface Data {
  a: Float32Array;
  b: Float32Array;
  bias: Float32Array;
}

function dataOf(opcode: ConvOpcode, g: Geometry, random: () => number): Data {
  const sizes = operandsOf(opcode, g);
  const numbers = (n: number) => Float32Array.from({ length: n }, () => random() * 2 - 1);
  return { a: numbers(sizes.a), b: numbers(sizes.b), bias: numbers(sizes.bias) };
}

/** Runs a command in `threads` parts, and checks the canaries. */
function runOn(
  executor: WasmExecutor | ReferenceExecutor,
  opcode: ConvOpcode,
  g: Geometry,
  data: Data,
  { bias = false, activation = 'none', shift = 0, tile = 0 }: Setting,
  threads = 1,
): Float32Array {
  const desk = new Desk(executor);
  const put = (array: Float32Array) => desk.put(array, 'float32', shift);
  const [a, b, c] = [put(data.a), put(data.b), put(data.bias)];
  const out = desk.put(new Float32Array(operandsOf(opcode, g).out).fill(Number.NaN), 'float32', shift);
  const own = executor.program.tile;
  executor.program.tile = tile;
  const addresses = { a: a.address, b: b.address, bias: bias ? c.address : 0, out: out.address };
  encode(executor.program, opcode, g, addresses, Activation[activation]);
  executor.program.tile = own;
  if (threads === 1) executor.run();
  else runInParts(executor as WasmExecutor, threads, opcode, g, addresses, activation, tile);
  const result = out.read() as Float32Array;
  desk.check(`${opcode} ${JSON.stringify(g)}`);
  desk.clear();
  return result;
}

/** The same in parts, with scratch space for that many threads. */
function runInParts(
  executor: WasmExecutor,
  threads: number,
  opcode: ConvOpcode,
  g: Geometry,
  addresses: Parameters<typeof encode>[3],
  activation: Activation,
  tile: number,
): void {
  const { kernels } = executor as unknown as { kernels: { scratchElements(n: number): number } };
  const { program, allocator } = executor;
  const own = { scratch: program.scratch, tile: program.tile };
  const elements = kernels.scratchElements(threads);
  program.clear();
  program.scratch = allocator.allocate(elements);
  program.tile = tile;
  encode(program, opcode, g, addresses, Activation[activation]);
  runAsThreads(executor, threads);
  allocator.release(program.scratch, elements);
  Object.assign(program, own);
}

/** Runs one case on the reference and on the kernels, and compares. */
function check(executor: WasmExecutor, opcode: ConvOpcode, test: ConvCase, setting: Setting, seed: number): void {
  const g = geometryOf(test)!;
  const random = seeded(seed);
  const data = dataOf(opcode, g, random);
  const label = `seed ${seed}, ${opcode} ${JSON.stringify(test)} ${JSON.stringify(setting)}`;
  const want = runOn(reference, opcode, g, data, setting);
  const got = runOn(executor, opcode, g, data, setting);
  const bound = opcode === 'im2col' ? 0 : EPS * (depthOf(opcode, g) + 8) ** 1.5 + 4e-7;
  const wrong = got.findIndex((v, i) => !(Math.abs(v - want[i]!) <= bound));
  if (wrong >= 0) expect.fail(`${label}: element ${wrong} is ${got[wrong]}, should be ${want[wrong]}`);
  for (const threads of [2, 3, 5]) {
    const parts = runOn(executor, opcode, g, data, setting, threads);
    const other = parts.findIndex((v, i) => v !== got[i]);
    if (other >= 0) expect.fail(`${label}: ${threads} threads, element ${other}: ${parts[other]}, not ${got[other]}`);
  }
}

const given: Record<string, ConvCase> = {
  'one element': { channels: [1, 1], size: [1, 1], kernel: [1, 1] },
  '1×1 in place': { batch: 3, channels: [5, 7], size: [6, 9], kernel: [1, 1] },
  '1×1 by pages': { batch: 2, channels: [3, 20], size: [32, 32], kernel: [1, 1] },
  '3×3 same': { batch: 3, channels: [32, 13], size: [13, 13], kernel: [3, 3], pad: [1, 1, 1, 1] },
  'depth of several blocks': { batch: 2, channels: [70, 9], size: [7, 7], kernel: [3, 3], pad: [1, 1, 1, 1] },
  'more rows than a block': { channels: [3, 150], size: [5, 6], kernel: [3, 3], pad: [1, 1, 1, 1] },
  'more columns than a block': { batch: 3, channels: [2, 3], size: [17, 33], kernel: [3, 2], pad: [0, 1, 2, 0] },
  'images of one element': { batch: 19, channels: [6, 10], size: [3, 3], kernel: [3, 3] },
  'images of two columns': { batch: 3, channels: [4, 6], size: [9, 2], kernel: [3, 3], pad: [1, 1, 1, 1] },
  'images of three columns': { batch: 3, channels: [4, 6], size: [9, 3], kernel: [3, 3], pad: [1, 1, 1, 1] },
  '7×7 stride 2': { channels: [3, 10], size: [29, 31], kernel: [7, 7], stride: [2, 2], pad: [3, 3, 3, 3] },
  'stride beyond the kernel': { batch: 2, channels: [3, 4], size: [11, 13], kernel: [2, 1], stride: [3, 4] },
  'stride and dilation with a common factor': {
    batch: 2,
    channels: [3, 4],
    size: [17, 15],
    kernel: [3, 3],
    stride: [4, 2],
    dilation: [2, 4],
    pad: [4, 4, 4, 4],
  },
  'dilation in the padding': { channels: [2, 3], size: [3, 4], kernel: [3, 3], dilation: [5, 4], pad: [5, 5, 4, 4] },
  'kernel larger than a block of depths': { channels: [2, 3], size: [20, 19], kernel: [17, 19], pad: [3, 2, 1, 4] },
  'asymmetric padding': { channels: [2, 3], size: [5, 6], kernel: [4, 2], pad: [1, 2, 0, 1] },
  'one row': { batch: 3, channels: [4, 6], size: [1, 50], kernel: [1, 5], pad: [0, 0, 2, 2] },
  'one column': { batch: 2, channels: [4, 6], size: [50, 1], kernel: [5, 1], pad: [2, 2, 0, 0] },
  'one channel': { batch: 3, channels: [1, 6], size: [28, 28], kernel: [3, 3], pad: [1, 1, 1, 1] },
  'few channels, positions that overlap': { batch: 2, channels: [3, 7], size: [9, 11], kernel: [3, 2] },
  'few channels, stride and dilation': {
    batch: 2,
    channels: [2, 5],
    size: [23, 61],
    kernel: [3, 4],
    stride: [2, 3],
    dilation: [3, 2],
    pad: [2, 0, 1, 3],
  },
  'few channels, in bands of rows': { channels: [3, 4], size: [90, 200], kernel: [3, 3], pad: [1, 1, 1, 1] },
  'few channels, rows too long for bands': { channels: [2, 4], size: [2, 40_000], kernel: [1, 1] },
  groups: { batch: 2, channels: [12, 8], size: [9, 10], kernel: [3, 3], groups: 4, pad: [1, 1, 1, 1] },
  depthwise: { batch: 2, channels: [6, 6], size: [19, 21], kernel: [3, 3], groups: 6, pad: [1, 1, 1, 1] },
  'depthwise, stride 2, three filters each': {
    batch: 2,
    channels: [3, 9],
    size: [22, 25],
    kernel: [3, 3],
    stride: [2, 2],
    groups: 3,
    pad: [1, 1, 1, 1],
  },
  'depthwise, in bands of rows': { channels: [2, 2], size: [70, 150], kernel: [3, 3], groups: 2, pad: [1, 1, 1, 1] },
  'depthwise, in bands of columns': { channels: [2, 2], size: [1, 140_000], kernel: [1, 3], groups: 2 },
  'depthwise, too far apart for bands': {
    channels: [2, 2],
    size: [405, 406],
    kernel: [2, 2],
    dilation: [400, 400],
    groups: 2,
  },
  'depthwise, dilated': {
    channels: [3, 3],
    size: [19, 30],
    kernel: [3, 5],
    stride: [1, 3],
    dilation: [2, 3],
    groups: 3,
    pad: [2, 2, 4, 4],
  },
};

describe.each(wasmExecutors)('convolution on %s', (_, executor) => {
  it.each(Object.entries(given))('is right for %s', (name, test) => {
    expect(geometryOf(test), name).not.toBeNull();
    for (const opcode of opcodes) {
      check(executor, opcode, test, {}, 1);
      check(executor, opcode, test, { bias: true, activation: 'relu', shift: 1, tile: 1 }, 2);
    }
    check(executor, 'conv', test, { bias: true, activation: 'sigmoid', shift: 3, tile: 2 }, 3);
    check(executor, 'convInputGrad', test, { bias: true, activation: 'tanh', shift: 2, tile: 2 }, 3);
  });

  it('with few channels, NaN and infinity only reach the positions whose windows contain them', () => {
    const g = geometryOf({ channels: [1, 4], size: [12, 13], kernel: [3, 3], pad: [1, 1, 1, 1] })!;
    const data = dataOf('conv', g, seeded(4));
    [Number.NaN, Infinity, -Infinity].forEach((value, i) => {
      data.a[20 + 50 * i] = value;
    });
    for (const activation of ['none', 'relu'] as const) {
      const [want, got] = [reference, executor].map((on) => runOn(on, 'conv', g, data, { activation }));
      const kinds = (y: Float32Array) => Array.from(y, (v) => (Number.isFinite(v) ? 'finite' : String(v)));
      expect(kinds(got!)).toEqual(kinds(want!));
      expect(kinds(want!).filter((kind) => kind === 'NaN').length).toBeGreaterThan(20);
    }
  });

  it('is right for random geometries', () => {
    const seed = 20;
    const random = seeded(seed);
    let run = 0;
    while (run < 120) {
      const test = randomCase(random);
      if (geometryOf(test) === null) continue;
      run++;
      const setting = { bias: random() < 0.5, shift: Math.floor(random() * 4), tile: Math.floor(random() * 3) };
      for (const opcode of opcodes) check(executor, opcode, test, setting, seed * 1000 + run);
    }
    expect(run).toBe(120);
  });
});
