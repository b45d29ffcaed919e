/** Commands on the GPU against the reference: strides, edge sizes, special values, every variant of a kernel. */
import { test } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import * as encode from '../../bindings/generated/encode.ts';
import { seeded } from '../support/commands.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { randomFloats, randomInts, type Sandbox, withAt } from '../support/heap.ts';
import { count, dims, type Layout, randomLayout, randomShape, randomView } from '../support/nest.ts';
import { unmarked } from '../support/rows.ts';
import { checkOnGpu } from './reference.ts';

const SPECIALS = [NaN, Infinity, -Infinity, -0, 0];

/** Random numbers, including special values. */
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

  test('copy and where are right through random strides', async () => {
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

  test('binary is right through random strides, with scalars', async () => {
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

  test('fill is right', () =>
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

  test.each(Object.entries(encode.ReduceFn))('reduce %s is right', async (name, fn) => {
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

  test.each(Object.entries(encode.ArgReduceFn))('argReduce %s is right', async (name, fn) => {
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

  test('cumsum is right', async () => {
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

  test('softmax is right for short and long rows, in place, with special values', async () => {
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

  test('cross-entropy is right in all its kinds', async () => {
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

  test('cross-entropy has no mean if all rows are ignored', () =>
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

  test('gather, scatterAdd and sort are right', async () => {
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
});
