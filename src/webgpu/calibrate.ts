/** Measures the rates that estimates of programs use: how fast the CPU and the GPU are at products, elements and copies. */

import { ProgramBlock } from '../../bindings/commands/program.ts';
import type { Executor } from '../../bindings/executor.ts';
import { encodeFill, encodeGemm, encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { now } from '../../bindings/host.ts';
import type { WebGpuExecutor } from './executor.ts';
import type { Rates } from './rates.ts';

const REPEATS = 3;
/** Elements of the simple loop, and dispatches that are timed together. */
const ELEMENTS = 1 << 16;
const LAUNCHES = 64;
/** The product that one workgroup computes, and how many times. */
const ALONE = { m: 32, n: 32, k: 256 };
const ALONE_COUNT = 8;
const SMALL = 32;
const CPU_SIZE = 256;
/** Sizes of the GPU's products: the next one only if the last one was too short to measure. */
const GPU_SIZES = [128, 256, 512, 1024];
const LONG_ENOUGH = 2000;
/** Keeps rates finite even if the clock stands still. */
const SHORTEST = 0.1;

const microseconds = () => now() * 1000;
const flops = (m: number, n: number, k: number) => 2 * m * n * k;

/** Memory for a measurement, released at its end. */
class Bench {
  private readonly blocks: [address: number, length: number][] = [];
  constructor(readonly executor: Executor) {}

  zeros(length: number): number {
    const address = this.executor.allocator.allocate(length);
    this.blocks.push([address, length]);
    encodeFill(this.executor.program, { y: address, n: length, value: 0, integer: 0 });
    this.executor.run();
    return address;
  }

  free(): void {
    for (const [address, length] of this.blocks) this.executor.allocator.release(address, length);
  }
}

interface Operands {
  a: number;
  b: number;
  c: number;
}

/** A program of a product, `count` times. */
function products(executor: Executor, { a, b, c }: Operands, m: number, n: number, k: number, count = 1) {
  const block = new ProgramBlock(new Int32Array(64 * count));
  block.scratch = executor.program.scratch;
  block.tile = executor.program.tile;
  for (let i = 0; i < count; i++) {
    encodeGemm(block, {
      ...{ a, b, c, bias: 0, batch: 1, m, n, k, aRow: k, aCol: 1, aBatch: 0, bRow: n, bCol: 1, bBatch: 0 },
      ...{ cRow: n, cBatch: 0, alpha: 1, beta: 0, activation: 0 },
    });
  }
  return executor.load(block.words.slice(0, block.length), count);
}

function squares(executor: Executor, x: number, y: number, n: number, count = 1) {
  const block = new ProgramBlock(new Int32Array(16 * count));
  for (let i = 0; i < count; i++) encodeUnary(block, { fn: UnaryFn.square, x, y, n, p0: 0, p1: 0 });
  return executor.load(block.words.slice(0, block.length), count);
}

type Program = ReturnType<Executor['load']>;

/** Microseconds of a run, over as many runs as a coarse clock needs. */
function timeOnCpu(program: Program): number {
  let best = Infinity;
  let count = 1;
  for (let repeat = 0; repeat < REPEATS; ) {
    const start = microseconds();
    for (let i = 0; i < count; i++) program.run();
    const taken = microseconds() - start;
    if (taken < LONG_ENOUGH) {
      count *= 2;
    } else {
      repeat++;
      best = Math.min(best, taken / count);
    }
  }
  program.dispose();
  return best;
}

function measureCpu(cpu: Executor): Rates['cpu'] {
  const bench = new Bench(cpu);
  try {
    const [a, b, c] = [0, 1, 2].map(() => bench.zeros(CPU_SIZE * CPU_SIZE)) as [number, number, number];
    const operands = { a, b, c };
    const command = timeOnCpu(squares(cpu, a, c, 4));
    const small = timeOnCpu(products(cpu, operands, SMALL, SMALL, SMALL)) - command;
    const large = timeOnCpu(products(cpu, operands, CPU_SIZE, CPU_SIZE, CPU_SIZE)) - command;
    const elements = timeOnCpu(squares(cpu, a, c, ELEMENTS)) - command;
    return {
      command,
      smallProduct: flops(SMALL, SMALL, SMALL) / Math.max(small, SHORTEST),
      product: flops(CPU_SIZE, CPU_SIZE, CPU_SIZE) / Math.max(large, SHORTEST),
      element: ELEMENTS / Math.max(elements, SHORTEST),
    };
  } finally {
    bench.free();
  }
}

async function measureGpu(gpu: WebGpuExecutor): Promise<Rates['gpu']> {
  const bench = new Bench(gpu);
  /** Least microseconds until one element of `read` has arrived. */
  const time = async (program: Program, read: number): Promise<number> => {
    let best = Infinity;
    for (let repeat = 0; repeat <= REPEATS; repeat++) {
      const start = microseconds();
      program.run();
      await gpu.download(read, 1, 'int32');
      const taken = microseconds() - start;
      // The first run compiles the shaders.
      if (repeat > 0) best = Math.min(best, taken);
      if (repeat > 0 && taken > LONG_ENOUGH) break;
    }
    program.dispose();
    return best;
  };
  try {
    const [x, y] = [bench.zeros(ELEMENTS), bench.zeros(ELEMENTS)];
    const roundTrip = await time(squares(gpu, x, y, 4), y);
    const above = (taken: number) => Math.max(taken - roundTrip, SHORTEST);
    const launch = above(await time(squares(gpu, x, y, 4, LAUNCHES), y)) / (LAUNCHES - 1);
    const elements = above(await time(squares(gpu, x, y, ELEMENTS, 4), y)) / 4;
    const { m, n, k } = ALONE;
    const alone = above(await time(products(gpu, { a: x, b: x, c: y }, m, n, k, ALONE_COUNT), y)) / ALONE_COUNT;
    const operands = { a: x, b: x, c: y };
    let product = 0;
    for (const size of GPU_SIZES) {
      if (size * size > ELEMENTS) operands.a = operands.b = bench.zeros(size * size);
      if (size * size > ELEMENTS) operands.c = bench.zeros(size * size);
      const taken = above(await time(products(gpu, operands, size, size, size), operands.c));
      product = flops(size, size, size) / taken;
      if (taken > LONG_ENOUGH) break;
    }
    const { up, down } = await measureCopies(gpu, x, roundTrip);
    return {
      ...{ roundTrip, launch, product, upload: up, download: down },
      workgroup: flops(m, n, k) / Math.max(alone - launch, SHORTEST),
      element: ELEMENTS / Math.max(elements - launch, SHORTEST),
    };
  } finally {
    bench.free();
  }
}

/** Bytes per microsecond to the GPU and back. */
async function measureCopies(gpu: WebGpuExecutor, x: number, roundTrip: number): Promise<{ up: number; down: number }> {
  const values = new Int32Array(ELEMENTS);
  let [up, down] = [Infinity, Infinity];
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const start = microseconds();
    gpu.write(x, values, 'int32');
    await gpu.download(x, 1, 'int32');
    const written = microseconds();
    await gpu.download(x, ELEMENTS, 'int32');
    up = Math.min(up, written - start);
    down = Math.min(down, microseconds() - written);
  }
  const bytes = ELEMENTS * 4;
  return { up: bytes / Math.max(up - roundTrip, SHORTEST), down: bytes / Math.max(down - roundTrip, SHORTEST) };
}

/** Takes some hundredths of a second, mostly for the GPU's shaders. */
export async function measureRates(cpu: Executor, gpu: WebGpuExecutor): Promise<Rates> {
  return { gpu: await measureGpu(gpu), cpu: measureCpu(cpu) };
}
