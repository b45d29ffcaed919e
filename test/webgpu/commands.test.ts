/** Commands on the GPU against the reference: strides, edge sizes, special values, every variant of a kernel. */
import { expect, test } from 'vitest';
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import * as encode from '../../bindings/generated/encode.ts';
import { parse, stripOf } from '../../src/program/commands.ts';
import { seeded } from '../support/commands.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { Sandbox as Box, inSandbox, randomFloats, randomInts, type Sandbox, withAt } from '../support/heap.ts';
import { count, dims, type Layout, randomLayout, randomShape, randomView } from '../support/nest.ts';
import { allRows, unmarked } from '../support/rows.ts';
import { checkOnGpu } from './reference.ts';

const SPECIALS = [NaN, Infinity, -Infinity, -0, 0];

/** Random numbers with special ones among them. */
function withSpecials(n: number, seed: number): number[] {
  let list = randomFloats(n, seed, -2, 2);
  SPECIALS.forEach((value, i) => {
    if (n > 0) list = withAt(list, (i * 131 + seed) % n, value);
  });
  return list;
}

describeOnGpu('commands on webgpu', (gpu) => {
  const operand = (box: Sandbox, layout: Layout, seed: number) =>
    box.put(randomInts(layout.span, seed, -1000, 1000), 'int32', seed % 5) + layout.start;

  test('copy and where through random strides', { timeout: 30_000 }, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      const shape = randomShape(random);
      const [x, a, b, condition] = [1, 2, 3, 4].map(() => randomView(shape, random)) as [
        Layout,
        Layout,
        Layout,
        Layout,
      ];
      const y = randomLayout(shape, random);
      await checkOnGpu(
        gpu,
        `seed ${seed}, shape [${shape}]`,
        (box, p) => {
          const copied = box.put(new Array<number>(y.span).fill(7), 'int32');
          const chosen = box.put(new Array<number>(Math.max(1, count(shape))).fill(8), 'int32', 1);
          encode.encodeCopy(p, {
            x: operand(box, x, seed),
            y: copied + y.start,
            ndim: shape.length,
            shape: dims(shape),
            xStrides: dims(x.strides),
            yStrides: dims(y.strides),
          });
          encode.encodeWhere(p, {
            condition: operand(box, condition, seed + 1),
            a: operand(box, a, seed + 2),
            b: operand(box, b, seed + 3),
            y: chosen,
            ndim: shape.length,
            shape: dims(shape),
            conditionStrides: dims(condition.strides),
            aStrides: dims(a.strides),
            bStrides: dims(b.strides),
          });
          return [copied, chosen];
        },
        true,
      );
    }
  });

  test('binary through random strides, with scalars', { timeout: 30_000 }, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed * 31);
      const shape = randomShape(random);
      const views = [randomView(shape, random), randomView(shape, random)] as const;
      const isScalar = seed % 5;
      await checkOnGpu(
        gpu,
        `seed ${seed}, shape [${shape}]`,
        (box, p) => {
          const y = box.put(new Array<number>(Math.max(1, count(shape))).fill(8), 'int32', 2);
          encode.encodeBinary(p, {
            fn: encode.BinaryFn.subI,
            a: isScalar === 1 ? 0 : operand(box, views[0], seed),
            b: isScalar === 2 ? 0 : operand(box, views[1], seed + 1),
            y,
            scalar: 12345,
            ndim: shape.length,
            shape: dims(shape),
            aStrides: dims(views[0].strides),
            bStrides: dims(views[1].strides),
          });
          return [y];
        },
        true,
      );
    }
  });

  test('fill', () =>
    checkOnGpu(
      gpu,
      'fill',
      (box, p) => {
        const [floats, ints] = [box.room(1000, 3), box.room(1, 1)];
        encode.encodeFill(p, { y: floats, n: 1000, value: floatBits(-0.1), integer: 0 });
        encode.encodeFill(p, { y: ints, n: 1, value: -5, integer: 1 });
        return [floats, ints];
      },
      true,
    ));

  const sections = [
    [3, 1, 1],
    [3, 31, 1],
    [3, 32, 1],
    [2, 257, 3],
    [5000, 9, 1],
    [2, 5, 300],
    [1, 1025, 1],
    [2, 20_000, 1],
    [2, 0, 3],
    [0, 3, 4],
  ] as const;

  test.each(Object.entries(encode.ReduceFn))('reduce %s', { timeout: 30_000 }, async (name, fn) => {
    for (const [outer, size, inner] of sections) {
      const n = outer * size * inner;
      const values = name.endsWith('I')
        ? randomInts(n, 4, -50, 50)
        : name === 'prod'
          ? randomFloats(n, 5, 0.99, 1.01)
          : randomFloats(n, 5);
      const special = name.startsWith('m') && !name.endsWith('I') ? withSpecials(n, 6) : values;
      await checkOnGpu(gpu, `${name} [${outer}, ${size}, ${inner}]`, (box, p) =>
        [values, special].map((data) => {
          const x = box.put(data, name.endsWith('I') ? 'int32' : 'float32', 1);
          const y = box.room(outer * inner);
          encode.encodeReduce(p, { fn, x, y, outer, size, inner, scale: 0.5 });
          return y;
        }),
      );
    }
  });

  test.each(Object.entries(encode.ArgReduceFn))('argReduce %s', { timeout: 30_000 }, async (name, fn) => {
    for (const [outer, size, inner] of sections) {
      if (size === 0) continue;
      const n = outer * size * inner;
      const isInt = name.endsWith('I');
      await checkOnGpu(
        gpu,
        `${name} [${outer}, ${size}, ${inner}]`,
        (box, p) =>
          [randomInts(n, 3, -9, 9), isInt ? randomInts(n, 4, -5, 5) : withSpecials(n, 5)].flatMap((data, i) => {
            const x = box.put(data, isInt ? 'int32' : 'float32');
            const indices = box.room(outer * inner);
            const values = i === 0 ? 0 : box.room(outer * inner);
            encode.encodeArgReduce(p, { fn, x, values, indices, outer, size, inner });
            return [indices];
          }),
        true,
      );
    }
  });

  test('cumsum', { timeout: 30_000 }, async () => {
    for (const [outer, size, inner] of sections) {
      for (const [reverse, integer] of [
        [0, 1],
        [1, 1],
        [1, 0],
      ] as const) {
        const data = integer
          ? randomInts(outer * size * inner, 2, -99, 99)
          : randomFloats(outer * size * inner, 2, 0, 1);
        await checkOnGpu(
          gpu,
          `cumsum [${outer}, ${size}, ${inner}] ${reverse} ${integer}`,
          (box, p) => {
            const x = box.put(data, integer ? 'int32' : 'float32');
            const y = box.room(data.length);
            const sizes = { outer, size, inner, reverse, integer };
            encode.encodeCumsum(p, { x, y, ...sizes });
            encode.encodeCumsum(p, { x, y: x, ...sizes });
            return [x, y];
          },
          integer === 1,
        );
      }
    }
  });

  test('softmax of short and long rows, in place, with special values', { timeout: 30_000 }, async () => {
    for (const cols of [1, 5, 64, 65, 1500]) {
      for (const log of [0, 1]) {
        await checkOnGpu(gpu, `${cols} columns, log ${log}`, (box, p) => {
          const x = box.put(randomFloats(6 * cols, 1, -20, 20));
          const special = box.put(withSpecials(6 * cols, cols), 'float32', 3);
          const y = box.room(6 * cols);
          encode.encodeSoftmax(p, { x: special, y, rows: 6, cols, log });
          encode.encodeSoftmax(p, { x, y: x, rows: 6, cols, log });
          return [x, y];
        });
      }
    }
  });

  test('cross-entropy in all its kinds', { timeout: 30_000 }, async () => {
    for (const [rows, cols] of [
      [7, 4],
      [3, 70],
      [300, 10],
    ] as const) {
      for (let kind = 0; kind < 12; kind++) {
        const [reduction, weighted, smoothing] = [kind % 3, kind % 2 === 1, kind >= 6 ? 0.2 : 0];
        await checkOnGpu(gpu, `[${rows}, ${cols}] kind ${kind}`, (box, p) => {
          const weight = weighted ? box.put(randomFloats(cols, 3, 0.5, 2)) : 0;
          const x = box.put(randomFloats(rows * cols, 4, -3, 3));
          const target = box.put(randomInts(rows, 5, 0, cols), 'int32');
          const losses = reduction === 0 ? rows : 1;
          const [loss, lse, norm, gx] = [box.room(losses), box.room(rows), box.room(1), box.room(rows * cols)];
          const options = { x, target, weight, lse, norm, rows, cols, reduction, ignoreIndex: 1, smoothing };
          encode.encodeCrossEntropy(p, { ...options, loss });
          encode.encodeCrossEntropyGrad(p, { ...options, g: box.put(randomFloats(losses, 6, 1, 2)), gx });
          return [loss, lse, norm, gx];
        });
      }
    }
  });

  test('cross-entropy of ignored rows alone has no mean', () =>
    checkOnGpu(gpu, 'ignored', (box, p) => {
      const [loss, lse, norm] = [box.room(1), box.room(2), box.room(1)];
      encode.encodeCrossEntropy(p, {
        ...{ x: box.put([1, 2, 3, 4]), target: box.put([9, 9], 'int32'), weight: 0, loss, lse, norm },
        ...{ rows: 2, cols: 2, reduction: 1, ignoreIndex: 9, smoothing: 0 },
      });
      return [loss, lse, norm];
    }));

  test('addRows adds repeated rows in order', () =>
    checkOnGpu(gpu, 'addRows', (box, p) => {
      const [outer, size, n, inner] = [2, 5, 70, 3];
      const y = box.put(randomFloats(outer * size * inner, 1));
      const index = box.put(randomInts(n, 2, 0, size), 'int32');
      encode.encodeAddRows(p, {
        g: box.put(randomFloats(outer * n * inner, 3)),
        index,
        y,
        outer,
        size,
        count: n,
        inner,
        ...unmarked,
      });
      return [y];
    }));

  test('gather, scatterAdd and sort', { timeout: 30_000 }, async () => {
    const [outer, size, n, inner] = [2, 6, 40, 3];
    for (const integer of [0, 1]) {
      const dtype = integer ? 'int32' : 'float32';
      const values = (length: number, seed: number) =>
        integer ? randomInts(length, seed, -9, 9) : randomFloats(length, seed);
      await checkOnGpu(
        gpu,
        `integer ${integer}`,
        (box, p) => {
          const x = box.put(values(outer * size * inner, 1), dtype);
          const index = box.put(randomInts(outer * n * inner, 2, 0, size), 'int32');
          const [taken, y] = [box.room(outer * n * inner), box.put(values(outer * size * inner, 3), dtype)];
          const sizes = { outer, size, count: n, inner };
          encode.encodeGather(p, { x, index, y: taken, ...sizes });
          encode.encodeScatterAdd(p, { g: taken, index, y, ...sizes, integer });
          return [taken, y];
        },
        integer === 1,
      );
      for (const [cols, count, descending] of [
        [1, 1, 0],
        [70, 70, 0],
        [70, 9, 1],
      ] as const) {
        const data = integer ? randomInts(3 * cols, 4, -20, 20) : withSpecials(3 * cols, 5);
        await checkOnGpu(
          gpu,
          `sort ${cols} ${count} ${descending}`,
          (box, p) => {
            const [sorted, indices] = [box.room(3 * count), box.room(3 * count)];
            const work = box.room(3 * (4 * cols + 1024));
            const options = { rows: 3, cols, count, descending, integer, byInsertion: 0 };
            encode.encodeSort(p, { x: box.put(data, dtype), values: sorted, indices, work, ...options });
            return [sorted, indices];
          },
          true,
        );
      }
    }
  });

  test.each(Object.entries(encode.AdaptiveFn))('%s', { timeout: 30_000 }, async (name, fn) => {
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

  test('optimizers with every flag', { timeout: 30_000 }, async () => {
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

  test.each(Object.entries(encode.RandomFn))('random %s', async (name, fn) => {
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

  test('strips of many functions', async () => {
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

  test('a loaded program takes patches, and scratch memory that has moved', { timeout: 30_000 }, async () => {
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
    const before = gpu.scratchVersion;
    // Its partial sums do not fit the scratch memory that there is.
    inSandbox(gpu, (large) => {
      const c = large.room(224 * 250);
      const a = large.put(new Float32Array(250 * 2000));
      encode.encodeGemm(gpu.program, {
        ...{ a, b: a, c, bias: 0, batch: 1, m: 224, n: 250, k: 2000, aRow: 2000, aCol: 1, aBatch: 0 },
        ...{ bRow: 1, bCol: 2000, bBatch: 0, cRow: 250, cBatch: 1, alpha: 1, beta: 0, activation: 0 },
      });
      gpu.run();
    });
    expect(gpu.scratchVersion).toBeGreaterThan(before);
    expect(await run()).toBeCloseTo(2 * sum, 3);
    program.dispose();
    box.release();
  });
});
