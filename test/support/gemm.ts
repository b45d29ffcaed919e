/**
 * Runs one GEMM on a wasm executor and checks it: operands and C are in fresh blocks with canary words around C and
 * between its rows, and the oracle is a triple loop in double precision that also gives the bound of the rounding
 * error.
 */
import { expect } from 'vitest';
import { Activation, encodeGemm } from '../../bindings/generated/encode.ts';
import type { WasmExecutor } from '../../bindings/wasm/executor.ts';

export interface GemmCase {
  m: number;
  n: number;
  k: number;
  batch?: number;
  /** N: rows contiguous; T: columns contiguous. First A, then B. */
  layout?: 'NN' | 'NT' | 'TN' | 'TT';
  /** Elements between rows (or columns) beyond the tight size, of A, B and C. */
  pad?: [number, number, number];
  /** Elements between neighbours in A's and B's contiguous direction; negative ones run backwards. */
  step?: [number, number];
  sharedA?: boolean;
  sharedB?: boolean;
  alpha?: number;
  beta?: number;
  bias?: boolean;
  activation?: Activation;
  tile?: number;
  threads?: number;
  /** Changes the random data before the run. */
  prepare?: (a: Float32Array, b: Float32Array, c: Float32Array) => void;
}

const CANARY = -12345.678;
const MARGIN = 16;
const EPS = 2 ** -24;

/** Uniform numbers in [0, 1), Marsaglia's xorshift32. */
export function randomNumbers(seed: number): () => number {
  let s = seed | 1;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) / 2 ** 32;
  };
}

const activate: Record<Activation, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

interface Operand {
  data: Float32Array;
  /** Index in `data` of element (0, 0). */
  origin: number;
  row: number;
  col: number;
  batch: number;
}

function operand(rows: number, cols: number, normal: boolean, pad: number, step: number, batches: number): Operand {
  const [long, short] = normal ? [rows, cols] : [cols, rows];
  const lead = short * Math.abs(step) + pad;
  const size = Math.max(long * lead, 1);
  const strides = normal ? { row: lead, col: step } : { row: step, col: lead };
  const origin = step < 0 ? (short - 1) * -step : 0;
  return { data: new Float32Array(size * batches), origin, ...strides, batch: batches > 1 ? size : 0 };
}

/** The kernels that a WasmExecutor calls; the tests call its `runParts` for several threads, one after another. */
interface Internals {
  kernels: {
    runParts(program: number, commands: number, threads: number): void;
    scratchElements(n: number): number;
  };
  programAddress: number;
}

export interface GemmResult {
  /** C, tightly packed, all batches. */
  got: Float32Array;
  want: Float64Array;
  bound: Float64Array;
}

/** Runs the case with data from `seed`, checks the canaries, and returns result and oracle. */
export function runGemm(x: WasmExecutor, test: GemmCase, seed: number): GemmResult {
  const { m, n, k, batch = 1, layout = 'NN', pad = [0, 0, 0], step = [1, 1], alpha = 1, beta = 0, threads = 1 } = test;
  const { activation = 'none' } = test;
  const random = randomNumbers(seed);
  const a = operand(m, k, layout[0] === 'N', pad[0], step[0], test.sharedA ? 1 : batch);
  const b = operand(k, n, layout[1] === 'N', pad[1], step[1], test.sharedB ? 1 : batch);
  const cRow = n + pad[2];
  const cBatch = m * cRow;
  const c = new Float32Array(2 * MARGIN + batch * cBatch).fill(CANARY);
  const bias = Float32Array.from({ length: Math.max(n, 1) }, () => random() - 0.5);
  for (const data of [a.data, b.data]) for (let i = 0; i < data.length; i++) data[i] = random() * 2 - 1;
  const at = (t: number, i: number, j: number) => MARGIN + t * cBatch + i * cRow + j;
  const each = (f: (t: number, i: number, j: number) => void) => {
    for (let t = 0; t < batch; t++) for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) f(t, i, j);
  };
  each((t, i, j) => {
    c[at(t, i, j)] = random() * 2 - 1;
  });
  test.prepare?.(a.data, b.data, c);
  const before = c.slice();

  const internals = x as unknown as Internals;
  const arrays = [a.data, b.data, c, bias];
  const blocks = arrays.map((data) => {
    const address = x.allocator.allocate(data.length);
    x.write(address, data, 'float32');
    return address;
  }) as [number, number, number, number];
  const ownScratch = x.program.scratch;
  const scratchElements = internals.kernels.scratchElements(threads);
  if (threads > 1) x.program.scratch = x.allocator.allocate(scratchElements);
  x.program.tile = test.tile ?? 0;
  encodeGemm(x.program, {
    a: blocks[0] + a.origin,
    b: blocks[1] + b.origin,
    c: blocks[2] + MARGIN,
    bias: test.bias ? blocks[3] : 0,
    batch,
    m,
    n,
    k,
    aRow: a.row,
    aCol: a.col,
    aBatch: a.batch,
    bRow: b.row,
    bCol: b.col,
    bBatch: b.batch,
    cRow,
    cBatch,
    alpha,
    beta,
    activation: Activation[activation],
  });
  internals.kernels.runParts(internals.programAddress * 4, 1, threads);
  x.program.clear();
  const after = x.view(blocks[2], c.length).slice();
  if (threads > 1) x.allocator.release(x.program.scratch, scratchElements);
  x.program.scratch = ownScratch;
  x.program.tile = 0;
  blocks.forEach((address, i) => {
    x.allocator.release(address, arrays[i]!.length);
  });

  const got = new Float32Array(batch * m * n);
  const want = new Float64Array(got.length);
  const bound = new Float64Array(got.length);
  each((t, i, j) => {
    let sum = 0;
    let size = 0;
    for (let p = 0; p < k; p++) {
      const product =
        a.data[t * a.batch + a.origin + i * a.row + p * a.col]! *
        b.data[t * b.batch + b.origin + p * b.row + j * b.col]!;
      sum += product;
      size += Math.abs(product);
    }
    const old = beta === 0 ? 0 : beta * before[at(t, i, j)]!;
    const index = (t * m + i) * n + j;
    const offset = test.bias ? bias[j]! : 0;
    want[index] = activate[activation](alpha * sum + old + offset);
    bound[index] = (k + 8) * EPS * (Math.abs(alpha) * size + Math.abs(old) + Math.abs(offset) + 1);
    got[index] = after[at(t, i, j)]!;
    after[at(t, i, j)] = CANARY;
  });
  const label = `seed ${seed}, ${JSON.stringify(test)}`;
  const stray = after.findIndex((v) => v !== Math.fround(CANARY));
  expect(stray, `a word outside of C was written: ${label}`).toBe(-1);
  return { got, want, bound };
}

/** Fails with the seed and the case if an element of the result is further from the oracle than rounding allows. */
export function checkGemm(x: WasmExecutor, test: GemmCase, seed = 1): Float32Array {
  const { got, want, bound } = runGemm(x, test, seed);
  const wrong = got.findIndex((v, i) => !(Math.abs(v - want[i]!) <= bound[i]!) && !Object.is(v, Math.fround(want[i]!)));
  const label = `seed ${seed}, ${JSON.stringify(test)}, element ${wrong}: got ${got[wrong]}, want ${want[wrong]}`;
  expect(wrong, label).toBe(-1);
  return got;
}
