import { describe, expect, test } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import { encodeCopy, encodeFill } from '../../bindings/generated/encode.ts';
import { Desk, seeded, tested } from '../support/commands.ts';
import {
  contiguous,
  count,
  dims,
  type Layout,
  offsets,
  randomLayout,
  randomShape,
  randomView,
} from '../support/nest.ts';

const numbers = (n: number) => Int32Array.from({ length: n }, (_, i) => Math.imul(i + 1, 0x9e3779b1));

describe.each(tested)('copy on %s', (_, executor) => {
  function check(shape: number[], from: Layout, to: Layout, what: string, shift = 0): void {
    const desk = new Desk(executor);
    const data = numbers(from.span);
    const before = new Int32Array(to.span).fill(-77);
    const x = desk.put(data, 'int32', shift);
    const y = desk.put(before, 'int32', (shift * 3) % 4);
    encodeCopy(executor.program, {
      x: x.address + from.start,
      y: y.address + to.start,
      ndim: shape.length,
      shape: dims(shape),
      xStrides: dims(from.strides),
      yStrides: dims(to.strides),
    });
    executor.run();
    const source = offsets(shape, from.strides);
    offsets(shape, to.strides).forEach((o, i) => {
      before[to.start + o] = data[from.start + source[i]!]!;
    });
    expect(y.read(), what).toEqual(before);
    desk.check(what);
    desk.clear();
  }

  const layout = (strides: number[], span: number, start = 0): Layout => ({ strides, start, span });

  test('is right at every length: contiguous, strided, reversed, one element repeated', () => {
    for (let n = 0; n <= 33; n++) {
      for (let shift = 0; shift < 4; shift++) {
        check([n], layout([1], n), layout([1], n), `${n}`, shift);
        check([n], layout([3], 3 * n + 1), layout([1], n), `${n} from stride 3`, shift);
        check([n], layout([1], n), layout([2], 2 * n + 1), `${n} to stride 2`, shift);
        check([n], layout([-1], n, Math.max(0, n - 1)), layout([1], n), `${n} reversed`, shift);
        check([n], layout([0], 1), layout([1], n), `${n} times one`, shift);
      }
    }
  });

  test('is right for transposed matrices of every small size, and across stripes', () => {
    const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 40];
    for (const m of sizes) {
      for (const n of sizes) {
        check([n, m], layout([1, n], m * n), layout([m, 1], m * n), `[${m}, ${n}] transposed`, m % 4);
        check([m, n], layout([n, 1], m * n), layout([1, m], m * n), `[${m}, ${n}] written transposed`, n % 4);
      }
    }
  });

  test('is right for permuted images and for contiguous blocks', () => {
    const shape = [2, 5, 6, 7];
    const total = count(shape);
    const channelsLast = [5 * 6 * 7, 1, 7 * 5, 5];
    check(shape, layout(channelsLast, total), layout(contiguous(shape), total), 'NHWC to NCHW');
    check(shape, layout(contiguous(shape), total), layout(channelsLast, total), 'NCHW to NHWC');
    check([3000], layout([1], 3000), layout([1], 3000), 'a long row');
    check([4, 700], layout([900, 1], 3600), layout([800, 1], 3200), 'long rows with gaps');
    check([], layout([], 1), layout([], 1), 'no dimensions');
  });

  test('is right for random shapes and strides', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = seeded(seed);
      const shape = randomShape(random);
      check(shape, randomView(shape, random), randomLayout(shape, random), `seed ${seed}, shape [${shape}]`, seed % 4);
    }
  });

  test('changes nothing where source and target are the same', () => {
    const desk = new Desk(executor);
    const x = desk.put(numbers(1000), 'int32');
    const strides = dims([1]);
    const fields = { x: x.address, y: x.address, ndim: 1, shape: dims([1000]), xStrides: strides, yStrides: strides };
    encodeCopy(executor.program, fields);
    executor.run();
    expect(x.read()).toEqual(numbers(1000));
    desk.clear();
  });
});

describe.each(tested)('fill on %s', (_, executor) => {
  test('is right at every length, for floats and integers', () => {
    for (let n = 0; n <= 33; n++) {
      const desk = new Desk(executor);
      const floats = desk.room(n, 'float32', n % 4);
      const ints = desk.room(n, 'int32', (n + 1) % 4);
      encodeFill(executor.program, { y: floats.address, n, value: floatBits(-2.5), integer: 0 });
      encodeFill(executor.program, { y: ints.address, n, value: -7, integer: 1 });
      executor.run();
      expect(floats.read()).toEqual(new Float32Array(n).fill(-2.5));
      expect(ints.read()).toEqual(new Int32Array(n).fill(-7));
      desk.check(`n ${n}`);
      desk.clear();
    }
  });
});
