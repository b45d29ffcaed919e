/** Bad input: each refusal has its class, names the operation, and says what was given and what was expected. */
import { describe, expect, it } from 'vitest';
import * as saraf from '../../src/index.ts';
import {
  ArgumentError,
  DeviceError,
  DTypeError,
  memory,
  OutOfMemoryError,
  ones,
  ShapeError,
  tensor,
  zeros,
} from '../../src/index.ts';
import * as operations from '../../src/ops/public.ts';
import { check, type Refusal } from '../support/refusals.ts';

type AnyFunction = (...args: unknown[]) => unknown;
const named = operations as unknown as Record<string, AnyFunction>;
const call = (name: string, ...args: unknown[]) => named[name]!(...args);
const m = () => ones(2, 3);
const whole = (...values: number[]) => tensor(values, { dtype: 'int32' });
/** For arguments that the types refuse as well. */
const wrong = (x: unknown) => x as never;

describe('a value that is not a tensor is refused', () => {
  const creation = [
    'arange',
    'eye',
    'full',
    'linspace',
    'ones',
    'rand',
    'randint',
    'randn',
    'randperm',
    'tensor',
    'zeros',
  ];
  const lists = ['cat', 'stack'];
  const either = ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'eq', 'ne', 'gt', 'ge', 'lt', 'le'];
  const names = Object.keys(operations).filter((name) => !creation.includes(name));
  const single = names.filter((name) => !lists.includes(name) && !either.includes(name));

  it.each(single)('by %s', (name) => {
    for (const [value, type] of [
      ['text', 'string'],
      [null, 'null'],
      [undefined, 'undefined'],
      [[1, 2], 'an array'],
      [3, 'number'],
    ]) {
      const run = () => call(name, ...[value, 1].slice(0, named[name]!.length));
      expect(run).toThrow(ArgumentError);
      expect(run).toThrow(`${name}: ${name === 'where' ? 'condition' : 'input'} must be a tensor, got ${type}`);
    }
  });

  it.each(either)('by %s, except for numbers', (name) => {
    for (const [a, b, message] of [
      ['1', m(), 'input must be a tensor or a number, got string'],
      [m(), '1', 'other must be a tensor or a number, got string'],
      [m(), undefined, 'other must be a tensor or a number, got undefined'],
      [2, null, 'other must be a tensor or a number, got null'],
    ]) {
      const run = () => call(name, a, b);
      expect(run).toThrow(ArgumentError);
      expect(run).toThrow(`${name}: ${message as string}`);
    }
    expect(() => call(name, m(), ones(4))).toThrow(ShapeError);
    expect(() => call(name, m(), ones(4))).toThrow(`${name}: shapes do not broadcast: [2,3] and [4]`);
  });

  it.each(lists)('by %s, in lists', (name) => {
    expect(() => call(name, [])).toThrow(`${name}: expected a list of at least one tensor`);
    expect(() => call(name, m())).toThrow(ArgumentError);
    expect(() => call(name, [m(), 3])).toThrow(`${name}: tensors[1] must be a tensor, got number`);
  });
});

describe('creation refuses', () => {
  const whole0 = 'sizes must be whole numbers of at least 0, got';
  const shapes = ['zeros', 'ones', 'rand', 'randn'].flatMap((name): Refusal[] => [
    [`${name} of a negative size`, () => call(name, 2, -1), ShapeError, `${name}: ${whole0} [2,-1]`],
    [`${name} of a fraction`, () => call(name, [1.5]), ShapeError, `${name}: ${whole0} [1.5]`],
    [`${name} of NaN`, () => call(name, Number.NaN), ShapeError, `${name}: ${whole0} [NaN]`],
    [`${name} of text`, () => call(name, '3'), ShapeError, `${name}: ${whole0} ["3"]`],
    [
      `${name} of too many dimensions`,
      () => call(name, [1, 1, 1, 1, 1, 1, 1]),
      ShapeError,
      `${name}: 7 dimensions, at most 6`,
    ],
    [
      `${name} of 10¹² elements`,
      () => call(name, [1e6, 1e6]),
      OutOfMemoryError,
      'cannot allocate 1000000000000 elements (3814697.3 MiB)',
    ],
    [
      `${name}, misspelt option`,
      () => call(name, [2], { dtyp: 'int32' }),
      ArgumentError,
      `${name}: unknown option dtyp (known: dtype, requiresGrad, device)`,
    ],
    [`${name}, unknown dtype`, () => call(name, [2], { dtype: 'float64' }), DTypeError, name],
    [
      `${name}, unknown device`,
      () => call(name, [2], { device: 'gpu' }),
      DeviceError,
      'device gpu: this version runs on wasm, webgpu and reference',
    ],
  ]);
  check([
    ...shapes,
    [
      'zeros, unknown dtype',
      () => zeros([2], { dtype: wrong('float64') }),
      DTypeError,
      'zeros: unknown dtype float64 (expected float32, int32, bool)',
    ],
    [
      'full without a list of sizes',
      () => call('full', 3, 1),
      ShapeError,
      'full: shape must be a list of sizes, got 3',
    ],
    ['full without a value', () => call('full', [2]), ArgumentError, 'full: value must be a number, got undefined'],
    ['full, misspelt option', () => call('full', [2], 1, { dtpe: 1 }), ArgumentError, 'full: unknown option dtpe'],
    ['eye of a negative size', () => call('eye', -1), ShapeError, `eye: ${whole0} [-1,-1]`],
    ['eye, huge', () => call('eye', 1e6), OutOfMemoryError, 'cannot allocate 1000000000000 elements'],
    ['eye, misspelt option', () => call('eye', 2, { grad: true }), ArgumentError, 'eye: unknown option grad'],
    [
      'arange without end',
      () => call('arange', 0, Infinity),
      ArgumentError,
      'arange: from 0 to Infinity in steps of 1 is not a finite range',
    ],
    ['arange without step', () => call('arange', 0, 3, 0), ArgumentError, 'arange: from 0 to 3 in steps of 0'],
    ['arange away from its end', () => call('arange', 3, 0), ArgumentError, 'arange: from 3 to 0 in steps of 1'],
    [
      'arange of text',
      () => call('arange', '3'),
      ArgumentError,
      'arange: expected (end), (start, end) or (start, end, step), got (3)',
    ],
    ['arange of nothing', () => call('arange'), ArgumentError, 'arange: expected'],
    ['arange, huge', () => call('arange', 1e12), OutOfMemoryError, 'cannot allocate 1000000000000'],
    [
      'arange, misspelt option',
      () => call('arange', 3, { type: 'int32' }),
      ArgumentError,
      'arange: unknown option type',
    ],
    ['linspace of a negative number', () => call('linspace', 0, 1, -2), ShapeError, `linspace: ${whole0} [-2]`],
    [
      'linspace of text',
      () => call('linspace', 'a', 1, 2),
      ArgumentError,
      'linspace: a must be a finite number, got a',
    ],
    [
      'randint of an empty range',
      () => call('randint', 5, 5, [2]),
      ArgumentError,
      'randint: expected whole numbers low < high of 32 bits, got 5 and 5',
    ],
    ['randint of fractions', () => call('randint', 0.5, 5, [2]), ArgumentError, 'randint: expected whole numbers'],
    ['randint beyond 32 bits', () => call('randint', 0, 2 ** 40, [2]), ArgumentError, 'got 0 and 1099511627776'],
    [
      'randint without shape',
      () => call('randint', 0, 5),
      ShapeError,
      'randint: shape must be a list of sizes, got undefined',
    ],
    ['randperm of a negative number', () => call('randperm', -1), ShapeError, `randperm: ${whole0} [-1]`],
    ['randperm, huge', () => call('randperm', 1e12), OutOfMemoryError, 'cannot allocate'],
    [
      'randn as int32',
      () => call('randn', [2], { dtype: 'int32' }),
      DTypeError,
      'randn: random numbers are float32, got dtype int32',
    ],
    [
      'zerosLike, misspelt option',
      () => call('zerosLike', m(), { Dtype: 1 }),
      ArgumentError,
      'zerosLike: unknown option Dtype',
    ],
    [
      'a seed below 0',
      () => saraf.manualSeed(-1),
      ArgumentError,
      'manualSeed: the seed must be a whole number from 0 to 2^53 − 1, got -1',
    ],
  ]);

  it('sizes that do not fit, and memory stays intact', () => {
    const t = tensor([1, 2, 3]);
    const before = memory();
    for (const size of [1e12, 2 ** 31, 2 ** 30 + 1]) expect(() => zeros(size)).toThrow(OutOfMemoryError);
    expect(() => zeros([1e6, 1e6])).toThrow(
      /in use in \d+ blocks of [\d.]+ MiB reserved; \d+ tensors are alive; only what/,
    );
    expect(() => t.expand(2 ** 30, 3).clone()).toThrow(OutOfMemoryError);
    expect(memory().bytesInUse).toBe(before.bytesInUse);
    expect(t.add(1).toArray()).toEqual([2, 3, 4]);
  });
});

describe('tensor() refuses', () => {
  const lengths = 'tensor: nested arrays must be of equal length: dimension 1 has 2 elements in one place and';
  const kinds = 'tensor: elements must be numbers or booleans, got';
  const make = (data: unknown, options?: object) => () => tensor(wrong(data), options);
  check([
    ['ragged', make([[1, 2], [3]]), ShapeError, `${lengths} 1 in another`],
    ['a number next to a list', make([[1, 2], 3]), ShapeError, `${lengths} a single value in another`],
    ['a list next to a number', make([1, [2]]), ArgumentError, `${kinds} an array`],
    ['text', make('abc'), ArgumentError, `${kinds} string`],
    ['text inside', make(['1']), ArgumentError, `${kinds} string`],
    ['null', make(null), ArgumentError, `${kinds} null`],
    ['undefined inside', make([undefined]), ArgumentError, `${kinds} undefined`],
    ['an object', make({}), ArgumentError, `${kinds} object`],
    ['a tensor', make(m()), ArgumentError, `${kinds} object`],
    ['a BigInt', make(1n), ArgumentError, `${kinds} bigint`],
    ['BigInts', make(new BigInt64Array(0)), ArgumentError, 'no BigInt'],
    ['a DataView', make(new DataView(new ArrayBuffer(8))), ArgumentError, 'no BigInt, no DataView'],
    [
      'a number of elements that differs from the shape',
      make([1, 2, 3], { shape: [2, 2] }),
      ShapeError,
      'tensor: 3 elements do not fit into shape [2,2]',
    ],
    ['too many dimensions', make([[[[[[[1]]]]]]]), ShapeError, 'tensor: 7 dimensions, at most 6'],
    [
      'a misspelt option',
      make([1], { requiresgrad: true }),
      ArgumentError,
      'tensor: unknown option requiresgrad (known: shape, dtype, requiresGrad, device)',
    ],
  ]);
});

describe('reductions refuse', () => {
  const every = ['sum', 'mean', 'prod', 'variance', 'std', 'norm', 'logsumexp', 'max', 'min', 'argmax', 'argmin'];
  check(
    every.flatMap((name): Refusal[] => [
      [
        `${name} over a dimension out of range`,
        () => call(name, m(), 2),
        ArgumentError,
        `${name}: dim 2 is out of range for 2 dimensions (expected -2 to 1)`,
      ],
      [
        `${name} over a negative dimension out of range`,
        () => call(name, m(), -3),
        ArgumentError,
        `${name}: dim -3 is out of range`,
      ],
      [`${name} over half a dimension`, () => call(name, m(), 0.5), ArgumentError, `${name}: dim 0.5 is out of range`],
      [`${name} over a text`, () => call(name, m(), '0'), ArgumentError, `${name}: dim `],
      [
        `${name} with options in place of a dimension`,
        () => call(name, m(), { dim: 0 }),
        ArgumentError,
        `${name}: dim `,
      ],
      [
        `${name}, misspelt option`,
        () => call(name, m(), 0, { keepDim: true }),
        ArgumentError,
        `${name}: unknown option keepDim (known: `,
      ],
      [
        `${name} with true in place of options`,
        () => call(name, m(), 0, true),
        ArgumentError,
        `${name}: options must be an object such as {`,
      ],
    ]),
  );
  check(
    ['sum', 'mean', 'prod', 'variance', 'std', 'norm', 'logsumexp'].map(
      (name): Refusal => [
        `${name} over the same dimension twice`,
        () => call(name, m(), [0, -2]),
        ArgumentError,
        `${name}: dim 0 appears twice`,
      ],
    ),
  );
  check(
    ['mean', 'variance', 'std', 'norm'].map(
      (name): Refusal => [
        `${name} of int32`,
        () => call(name, whole(1, 2)),
        DTypeError,
        `${name}: input must be float32, got int32; convert it with to('float32')`,
      ],
    ),
  );
  check(
    ['max', 'min', 'argmax', 'argmin'].map(
      (name): Refusal => [
        `${name} of nothing along a dimension`,
        () => call(name, zeros(0, 3), 0),
        ShapeError,
        `${name}: dimension 0 of [0,3] has no elements`,
      ],
    ),
  );
  check([
    ['max of nothing', () => zeros(0).max(), ShapeError, 'max: a tensor without elements has no maximum'],
    [
      'norm ∞ of nothing',
      () => zeros(0).norm(undefined, { p: Infinity }),
      ShapeError,
      'norm: dimensions [0] of [0] have no elements',
    ],
    ['norm of text', () => m().norm(0, { p: wrong('fro') }), ArgumentError, 'norm: p must be a number, got fro'],
    [
      'variance, correction',
      () => m().variance(0, { correction: wrong('x') }),
      ArgumentError,
      'variance: correction must be a finite number, got x',
    ],
    ['cumsum over a dimension out of range', () => m().cumsum(2), ArgumentError, 'cumsum: dim 2 is out of range'],
    ['cumsum without dimension', () => call('cumsum', m()), ArgumentError, 'cumsum: dim undefined is out of range'],
  ]);
});
