/**
 * Kernels shared out: every thread's part run after the other, in one instance, against the single-threaded bits. (Parts
 * that do not wait for each other may run in any order.)
 */
import { describe, expect, test } from 'vitest';
import type { ProgramBlock } from '../../bindings/commands/program.ts';
import * as encode from '../../bindings/generated/encode.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import { variants } from '../support/executors.ts';
import { inSandbox, randomFloats, randomInts, type Sandbox } from '../support/heap.ts';

const THREADS = 5;

interface Internals {
  kernels: {
    runParts(program: number, commands: number, threads: number): void;
    scratchElements(threads: number): number;
  };
  programAddress: number;
}

/** An executor whose `run` runs a program in as many parts as `parts` says, the last part first. */
class PartsExecutor extends WasmExecutor {
  parts = 1;

  override run(): void {
    const { kernels, programAddress } = this as unknown as Internals;
    this.program.scratch ||= this.allocator.allocate(kernels.scratchElements(THREADS));
    kernels.runParts(programAddress * 4, this.program.commands, this.parts);
    this.program.clear();
  }
}

type Case = (box: Sandbox, p: ProgramBlock) => number[];

const cases: Record<string, Case> = {};

for (const [outer, size, inner] of [
  [700, 61, 1],
  [1, 50_001, 1],
  [1, 64, 601],
  [9, 70, 65],
  [1, 30_000, 3],
] as const) {
  const name = `[${outer}, ${size}, ${inner}]`;
  const n = outer * size * inner;
  cases[`reduce ${name}`] = (box, p) => {
    const y = box.room(outer * inner);
    const x = box.put(randomFloats(n, 1));
    encode.encodeReduce(p, { fn: encode.ReduceFn.sum, x, y, outer, size, inner, scale: 0.5 });
    return [y];
  };
  cases[`argReduce ${name}`] = (box, p) => {
    const indices = box.room(outer * inner);
    const values = box.room(outer * inner);
    const x = box.put(randomFloats(n, 2));
    encode.encodeArgReduce(p, { fn: encode.ArgReduceFn.max, x, values, indices, outer, size, inner });
    return [values, indices];
  };
  cases[`cumsum ${name}`] = (box, p) => {
    const y = box.room(n);
    encode.encodeCumsum(p, { x: box.put(randomFloats(n, 3)), y, outer, size, inner, reverse: 1, integer: 0 });
    return [y];
  };
}

for (const reduction of [0, 1]) {
  cases[`softmax and cross-entropy, ${reduction}`] = (box, p) => {
    const [rows, cols] = [601, 99];
    const x = box.put(randomFloats(rows * cols, 4));
    const [y, gx, gl] = [box.room(rows * cols), box.room(rows * cols), box.room(rows * cols)];
    encode.encodeSoftmax(p, { x, y, rows, cols, log: reduction });
    encode.encodeSoftmaxGrad(p, { y: x, g: x, gx, rows, cols, log: reduction });
    const target = box.put(randomInts(rows, 5, 0, cols), 'int32');
    const [loss, lse, norm] = [box.room(reduction ? 1 : rows), box.room(rows), box.room(1)];
    const options = { x, target, weight: 0, lse, norm, rows, cols, reduction, ignoreIndex: 3, smoothing: 0.1 };
    encode.encodeCrossEntropy(p, { ...options, loss });
    const g = box.put(new Float32Array(rows).fill(1));
    const given = { lse: box.put(randomFloats(rows, 6)), norm: box.put([rows]) };
    encode.encodeCrossEntropyGrad(p, { ...options, ...given, g, gx: gl });
    return [y, gx, loss, lse, norm, gl];
  };
}

cases.rows = (box, p) => {
  const [outer, size, count, inner] = [2, 90, 400, 60];
  const index = box.put(randomInts(count, 7, 0, size), 'int32');
  const taken = box.room(outer * count * inner);
  const y = box.put(randomFloats(outer * size * inner, 9));
  encode.encodeTakeRows(p, {
    x: box.put(randomFloats(outer * size * inner, 8)),
    index,
    y: taken,
    outer,
    size,
    count,
    inner,
  });
  const g = box.put(randomFloats(outer * count * inner, 10));
  encode.encodeAddRows(p, { g, index, y, outer, size, count, inner });
  return [taken, y];
};

cases.optimizers = (box, p) => {
  const n = 40_003;
  const values = (seed: number) => box.put(randomFloats(n, seed, 0, 1));
  const [param, velocity, other, m, v, vMax] = [1, 2, 3, 4, 5, 6].map(values) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const grad = values(7);
  encode.encodeSgd(p, { param, grad, velocity, settings: box.put([0.1, 0.9, 1, 0.01]), n, flags: 1 });
  const settings = box.put([0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.1, 0.5, 0.99]);
  encode.encodeAdam(p, { param: other, grad, m, v, vMax, settings, n, flags: 2 });
  return [param, velocity, other, m, v, vMax];
};

describe.each(variants)('parts on wasm %s', (variant) => {
  const executor = new PartsExecutor({ variant });
  executor.program.scratch = 0;
  executor.run();

  test.each(Object.entries(cases))('%s', (_, build) => {
    const results = [1, 2, 3, THREADS].map((threads) =>
      inSandbox(executor, (box) => {
        executor.parts = threads;
        const outputs = build(box, executor.program);
        box.run(`${threads} threads`);
        return outputs.map((address) => box.ints(address));
      }),
    );
    for (const result of results) expect(result).toEqual(results[0]);
  });
});
