/** JavaScript that looks as if it worked on tensors: operators, indices, `x.data = …`. It gives the expected result, or throws. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ArgumentError, nn, randn, type Tensor, tensor, zeros } from '../../src/index.ts';

// The types refuse these operations of plain JavaScript.
const loose = (x: Tensor) => x as unknown as number & Record<string | number, unknown>;

const operators: [string, (x: number) => unknown][] = [
  ['x + 1', (x) => x + 1],
  ['1 + x', (x) => 1 + x],
  ['x - 1', (x) => x - 1],
  ['x * 2', (x) => x * 2],
  ['1 / x', (x) => 1 / x],
  ['x % 2', (x) => x % 2],
  ['x ** 2', (x) => x ** 2],
  ['-x', (x) => -x],
  ['+x', (x) => +x],
  ['x < 1', (x) => x < 1],
  ['x > 1', (x) => x > 1],
  ['x <= 1', (x) => x <= 1],
  ['x >= 1', (x) => x >= 1],
  // biome-ignore lint/suspicious/noDoubleEquals: the operator is under test.
  ['x == 1', (x) => x == 1],
  ['x | 0', (x) => x | 0],
  ['Math.exp(x)', (x) => Math.exp(x)],
  ['Number(x)', (x) => Number(x)],
  ["'x: ' + x", (x) => ('x: ' as unknown as number) + x],
];

describe.each(operators)('%s', (_, apply) => {
  it.each([
    ['several elements', () => tensor([1, 2])],
    ['none', () => zeros(0)],
    ['one element and a gradient', () => tensor(2, { requiresGrad: true })],
    ['one element computed with a gradient', () => tensor([1, 2], { requiresGrad: true }).sum()],
    ['a parameter', () => new nn.Parameter(tensor(2))],
  ])('is refused with the methods to use: %s', (_, make) => {
    expect(() => apply(loose(make()))).toThrow(ArgumentError);
    expect(() => apply(loose(make()))).toThrow(/use the methods add, sub, mul, div, pow, neg, eq, lt, gt/);
  });

  it('uses the number of a tensor with one element and no gradient', () => {
    expect(apply(loose(tensor([[2]])))).toBe(apply(2));
    expect(apply(loose(tensor(2, { requiresGrad: true }).detach()))).toBe(apply(2));
  });
});

describe('template strings', () => {
  it.each([tensor([1, 2]), tensor(2, { requiresGrad: true }), zeros(0)])('print %s', (x) => {
    expect(`${x}`).toBe(x.toString());
    expect(String(x)).toBe(x.toString());
    expect(inspect(x)).toBe(x.toString());
    expect([x, x].join()).toBe(`${x.toString()},${x.toString()}`);
  });
});

describe('indices', () => {
  const x = loose(randn(3, 3));

  it.each([0, 1, 2, 9, 63, -1, -8])('x[%i] throws, read and written', (i) => {
    expect(() => x[i]).toThrow(`x[${i}]: tensors are indexed by methods: x.select(0, ${i})`);
    expect(() => {
      x[i] = 5;
    }).toThrow(`x[${i}] = …: tensors are written by methods`);
    expect(() => (loose(new nn.Parameter(zeros(2))) as unknown as unknown[])[i]).toThrow(ArgumentError);
  });

  it('x.length and x.data = … throw', () => {
    expect(() => x.length).toThrow('use x.shape, x.shape[0] or x.numel');
    expect(() => {
      x.length = 3;
    }).toThrow(ArgumentError);
    expect(() => {
      x.data = zeros(3, 3);
    }).toThrow('noGrad(() => x.copy_(source))');
    expect(() => {
      (loose(new nn.Parameter(zeros(2))) as Record<string, unknown>).data = zeros(2);
    }).toThrow(ArgumentError);
  });

  it('x.grad only accepts tensors', () => {
    const p = new nn.Parameter(zeros(2));
    for (const grad of [[1, 2], 1, undefined, new Float32Array(2)])
      expect(() => {
        p.grad = grad as never;
      }).toThrow('a gradient must be a tensor or null');
    p.grad = tensor([1, 2]);
    p.grad = null;
  });
});

describe('code that inspects any object', () => {
  it('works with tensors', async () => {
    const x = tensor([1, 2]);
    const symbols = [Symbol.toStringTag, Symbol.isConcatSpreadable, 'then', 'nodeType', '$$typeof', 'asymmetricMatch'];
    for (const name of symbols) expect((x as never)[name]).toBe(undefined);
    expect(await x).toBe(x);
    expect(await x.data()).toEqual(new Float32Array([1, 2]));
    expect(Array.isArray(x)).toBe(false);
    expect([].concat(x as never)).toEqual([x]);
    expect(isDeepStrictEqual(x, x)).toBe(true);
    expect({ x }).toEqual({ x });
    expect({ x }).not.toEqual({ x: 1 });
    expect(() => expect({ x }).toEqual({ x: 1 })).toThrow(/deeply equal/);
    expect(JSON.stringify({ x })).toBe('{"x":[1,2]}');
    expect(() => structuredClone(x)).toThrow(/could not be cloned/);
    const seen: string[] = [];
    for (const name in x) seen.push(name);
    expect(seen).toEqual(Object.keys(x));
    expect(Object.keys(x)).not.toContain('0');
  });
});
