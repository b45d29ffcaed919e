import { describe, expect, test } from 'vitest';
import { encodeWhere } from '../../bindings/generated/encode.ts';
import { Desk, seeded, tested } from '../support/commands.ts';
import { contiguous, count, dims, type Layout, offsets, randomShape, randomView } from '../support/nest.ts';

describe.each(tested)('where on %s', (_, executor) => {
  function check(shape: number[], views: Layout[], random: () => number, what: string): void {
    const desk = new Desk(executor);
    const operands = views.map((view, k) => {
      const draw = () => (k === 0 ? Math.floor(random() * 4) % 3 : Math.floor((random() - 0.5) * 2 ** 32));
      const data = Array.from({ length: view.span }, draw);
      const placed = desk.put(data, 'int32', Math.floor(random() * 4));
      const list = offsets(shape, view.strides).map((o) => data[view.start + o]!);
      return { address: placed.address + view.start, strides: dims(view.strides), list };
    });
    const [condition, a, b] = operands as [(typeof operands)[0], (typeof operands)[0], (typeof operands)[0]];
    const y = desk.room(count(shape), 'int32', Math.floor(random() * 4));
    encodeWhere(executor.program, {
      condition: condition.address,
      a: a.address,
      b: b.address,
      y: y.address,
      ndim: shape.length,
      shape: dims(shape),
      conditionStrides: condition.strides,
      aStrides: a.strides,
      bStrides: b.strides,
    });
    executor.run();
    const expected = condition.list.map((c, i) => (c !== 0 ? a.list[i]! : b.list[i]!));
    expect(y.read(), what).toEqual(Int32Array.from(expected));
    desk.check(what);
    desk.clear();
  }

  const whole = (shape: number[]): Layout => ({ strides: contiguous(shape), start: 0, span: count(shape) });
  const single = (shape: number[]): Layout => ({ strides: shape.map(() => 0), start: 0, span: 1 });

  test('is right at every length, with and without broadcast operands', () => {
    for (let n = 0; n <= 17; n++) {
      const random = seeded(n + 1);
      check([n], [whole([n]), whole([n]), whole([n])], random, `length ${n}`);
      check([n], [whole([n]), single([n]), whole([n])], random, `length ${n}, a of one element`);
      check([n], [whole([n]), whole([n]), single([n])], random, `length ${n}, b of one element`);
      check([n], [single([n]), whole([n]), whole([n])], random, `length ${n}, condition of one element`);
    }
    check([], [whole([]), whole([]), whole([])], seeded(9), 'no dimensions');
  });

  test('is right for random shapes and strides', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const shape = randomShape(random);
      const views = [randomView(shape, random), randomView(shape, random), randomView(shape, random)];
      check(shape, views, random, `seed ${seed}, shape [${shape}]`);
    }
  });

  test('can overwrite an operand', () => {
    const desk = new Desk(executor);
    const condition = desk.put([1, 0, 1, 0, 0, 1, 1], 'int32', 1);
    const a = desk.put([1, 2, 3, 4, 5, 6, 7], 'float32', 2);
    const b = desk.put([-1, -2, -3, -4, -5, -6, -7], 'float32');
    const common = { ndim: 1, shape: dims([7]), conditionStrides: dims([1]), aStrides: dims([1]), bStrides: dims([1]) };
    encodeWhere(executor.program, {
      condition: condition.address,
      a: a.address,
      b: b.address,
      y: a.address,
      ...common,
    });
    executor.run();
    expect([...a.read()]).toEqual([1, -2, 3, -4, -5, 6, 7]);
    desk.check('in place');
    desk.clear();
  });
});
