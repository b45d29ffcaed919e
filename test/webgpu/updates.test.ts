/** Commands that change parameters, random numbers, strips and loaded programs on the GPU, against the reference. */
import { expect, test } from 'vitest';
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import * as encode from '../../bindings/generated/encode.ts';
import { parse, stripOf } from '../../src/program/commands.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { Sandbox as Box, inSandbox, randomFloats, type Sandbox } from '../support/heap.ts';
import { allRows } from '../support/rows.ts';
import { checkOnGpu } from './reference.ts';

describeOnGpu('updates and programs on webgpu', (gpu) => {
  test.each(Object.entries(encode.AdaptiveFn))('%s is right', async (name, fn) => {
    const n = 300;
    for (const flags of [0, 1]) {
      await checkOnGpu(gpu, `${name} ${flags}`, (box, p) => {
        const put = (seed: number, low = -1) => box.put(randomFloats(n, seed, low, 1));
        const [param, a, b, c] = [put(1), put(2, 0.5), put(3, name === 'rmsprop' ? -0.1 : 0.1), put(4)];
        const settings = box.put([0.1, 1e-3, 0.01, 0.9, 0.1, 0.99, 0.01, 0.7, 0.2]);
        const isCentered = name !== 'rmsprop' || flags === 1;
        const state = { a, b: isCentered && name !== 'adagrad' ? b : 0, c: name === 'rmsprop' && flags === 1 ? c : 0 };
        encode.encodeAdaptive(p, { fn, param, grad: put(5), ...state, settings, n, flags });
        return [param, a, b, c];
      });
    }
  });

  test('optimizers are right with every flag', async () => {
    const n = 300;
    for (let flags = 0; flags < 8; flags++) {
      await checkOnGpu(gpu, `flags ${flags}`, (box, p) => {
        const put = (seed: number, low = -1) => box.put(randomFloats(n, seed, low, 1));
        const [a, b, grad, velocity, m, v, vMax] = [put(1), put(2), put(3), put(4), put(5), put(6, 0), put(7, 0)];
        const sgd = box.put([0.1, 0.9, 0.7, flags % 2 ? 0.01 : 0]);
        encode.encodeSgd(p, {
          param: a,
          grad,
          velocity: flags < 4 ? velocity : 0,
          settings: sgd,
          n,
          flags: flags % 4,
          ...allRows,
        });
        const adam = box.put([0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.1, 0.5, 0.99]);
        encode.encodeAdam(p, { param: b, grad, m, v, vMax: flags & 2 ? vMax : 0, settings: adam, n, flags });
        return [a, b, velocity, m, v, vMax];
      });
    }
  });

  test.each(Object.entries(encode.RandomFn))('random %s is right', async (name, fn) => {
    for (const n of [1, 4, 1001]) {
      const encodeAll = (box: Sandbox, p: ProgramBlock) => {
        const y = box.room(n);
        const state = box.put([77, -5, -3, 2], 'int32');
        const [p0, p1] = name === 'integers' ? [-10, 1000] : [floatBits(0.3), floatBits(1.7)];
        encode.encodeRandom(p, { fn, y, state, offset: 9, n, p0, p1 });
        return [y];
      };
      await checkOnGpu(gpu, `${name} ${n}`, encodeAll, name === 'integers' || name === 'bernoulli');
    }
  });

  test('strips of many functions are right', async () => {
    const n = 5000;
    await checkOnGpu(gpu, 'strip', (box, p) => {
      const x = box.put(randomFloats(n, 1, 0.5, 2));
      const y = box.room(n);
      const parts = new ProgramBlock(new Int32Array(4096));
      const flat = { ndim: 1, shape: [n], aStrides: [1], bStrides: [1] };
      const names = Object.keys(encode.BinaryFn).filter((name) => !name.endsWith('I') && name.length > 2);
      encode.encodeUnary(parts, { fn: encode.UnaryFn.clamp, x, y: 1, n, p0: floatBits(0.6), p1: floatBits(1.5) });
      for (const name of names) {
        const fn = encode.BinaryFn[name as encode.BinaryFn];
        encode.encodeBinary(parts, { fn, a: 1, b: x, y: 2, scalar: 0, ...flat });
        encode.encodeUnary(parts, { fn: encode.UnaryFn.sigmoid, x: 2, y: 2, n, p0: 0, p1: 0 });
        encode.encodeBinary(parts, { fn: encode.BinaryFn.add, a: 0, b: 2, y: 1, scalar: floatBits(0.5), ...flat });
      }
      encode.encodeBinary(parts, { fn: encode.BinaryFn.mul, a: 1, b: x, y, scalar: 0, ...flat });
      const { words } = stripOf(parse(parts.words, parts.length), n, p.scratch);
      p.words.set(words, p.reserve(words.length));
      return [y];
    });
  });

  test('a loaded program accepts patches, and scratch memory that has moved', async () => {
    const [rows, cols] = [100, 40];
    const box = new Box(gpu);
    const data = randomFloats(rows * cols, 1);
    const x = box.put(data);
    const other = box.put(data.map((value) => value * 2));
    const y = box.room(1);
    const block = new ProgramBlock();
    encode.encodeReduce(block, { fn: encode.ReduceFn.sum, x, y, outer: 1, size: rows * cols, inner: 1, scale: 1 });
    encode.encodeGemm(block, {
      ...{ a: x, b: x, c: box.room(1), bias: 0, batch: 1, m: 1, n: 1, k: rows * cols, aRow: 1, aCol: 1, aBatch: 0 },
      ...{ bRow: 1, bCol: 1, bBatch: 0, cRow: 1, cBatch: 1, alpha: 1, beta: 0, activation: 0 },
    });
    const program = gpu.load(block.words.subarray(0, block.length), 2);
    const run = async () => {
      program.run();
      return (await box.download(y, 'float32'))[0]!;
    };
    const sum = data.reduce((total, value) => total + value, 0);
    expect(await run()).toBeCloseTo(sum, 3);
    program.patch(3, other);
    expect(await run()).toBeCloseTo(2 * sum, 3);
    const before = gpu.planVersion;
    // Its partial sums do not fit into the existing scratch memory.
    inSandbox(gpu, (large) => {
      const c = large.room(224 * 250);
      const a = large.put(new Float32Array(250 * 2000));
      encode.encodeGemm(gpu.program, {
        ...{ a, b: a, c, bias: 0, batch: 1, m: 224, n: 250, k: 2000, aRow: 2000, aCol: 1, aBatch: 0 },
        ...{ bRow: 1, bCol: 2000, bBatch: 0, cRow: 250, cBatch: 1, alpha: 1, beta: 0, activation: 0 },
      });
      gpu.run();
    });
    expect(gpu.planVersion).toBeGreaterThan(before);
    expect(await run()).toBeCloseTo(2 * sum, 3);
    program.dispose();
    box.release();
  });
});
