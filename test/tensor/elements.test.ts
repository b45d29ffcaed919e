/** Numbers and booleans that are written into tensors of bool and int32: they are converted as in PyTorch 2, or refused. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  add,
  arange,
  cat,
  clamp,
  compile,
  DTypeError,
  eq,
  F,
  full,
  gt,
  linspace,
  loadSafetensors,
  nn,
  ones,
  pad,
  saveSafetensors,
  scope,
  sign,
  type Tensor,
  tensor,
  where,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

const bools = () => tensor([true, false]);
const ints = () => tensor([3, -2], { dtype: 'int32' });

/** Every way to write a number into a tensor of x's type. */
const writes: Record<string, (x: Tensor, value: number) => Tensor> = {
  fill_: (x, value) => x.fill_(value),
  constant_: (x, value) => nn.init.constant_(x, value),
  full: (x, value) => full([2], value, { dtype: x.dtype }),
  pad: (x, value) => pad(x, [1, 0], { value }).slice(0, 0, 1),
  tensor: (x, value) => tensor([value, value], { dtype: x.dtype }),
  copy_: (x, value) => x.copy_(tensor([value])),
  to: (x, value) => tensor([value]).to(x.dtype),
};

describe.each(executors)('elements on %s', (_, executor) => {
  const run = (fn: () => void) => withExecutor(executor, () => scope(fn));

  it.each(Object.entries(writes))('%s makes bool 0 or 1 and int32 whole', (name, write) => {
    run(() => {
      for (const value of [2, 0.5, -1, Number.NaN, 3e9, Infinity]) {
        const written = write(bools(), value);
        expect([...written.dataSync()], `${value}`).toEqual(new Array(written.numel).fill(1));
        // Sums show more than reading does.
        expect(written.to('int32').sum().item(), `${value}`).toBe(written.numel);
      }
      expect([...new Set(write(bools(), 0).dataSync())]).toEqual([0]);
      for (const [value, whole] of [
        [1.7, 1],
        [-1.7, -1],
        [-2147483648, -2147483648],
      ] as const)
        expect([...new Set(write(ints(), value).dataSync())], `${value}`).toEqual([whole]);
      // Conversions of floats saturate; a number that is given must fit.
      if (name === 'copy_' || name === 'to') return;
      for (const value of [2147483648, -2147483649, 3e9, Number.NaN, Infinity]) {
        expect(() => write(ints(), value), `${value}`).toThrow(ArgumentError);
        expect(() => write(ints(), value), `${value}`).toThrow(/does not fit into int32/);
      }
    });
  });

  it('of integer ranges are rounded as in PyTorch', () => {
    run(() => {
      const int = { dtype: 'int32' } as const;
      const ranges: [number, number, number, number[]][] = [
        [-0.9, 2.1, 2, [0, 2]],
        [0.5, 3, 1, [0, 1, 2]],
        [0, 1, 0.3, [0, 0, 0, 0]],
        [-2.5, 2.5, 1, [-2, -1, 0, 1, 2]],
        [0.9, -2.1, -2, [0, -2]],
        [0, 5, 1.5, [0, 1, 2, 3]],
      ];
      for (const [start, end, step, expected] of ranges)
        expect(
          [...arange(start, end, step, int).dataSync()].map((x) => x + 0),
          `${start}`,
        ).toEqual(expected);
      const spaces: [number, number, number, number[]][] = [
        [0, 1, 5, [0, 0, 0, 0, 1]],
        [0.5, 3.5, 4, [0, 1, 2, 3]],
        [-0.9, 2.1, 4, [0, 0, 1, 2]],
        [0, 10, 4, [0, 3, 6, 10]],
        [10, 0, 4, [10, 6, 3, 0]],
        [-3.7, 3.7, 5, [-3, -1, 0, 1, 3]],
        [0, 2.5, 6, [0, 0, 0, 1, 1, 2]],
      ];
      for (const [a, b, n, expected] of spaces) expect([...linspace(a, b, n, int).dataSync()]).toEqual(expected);
      expect(() => arange(3e9, 3e9 + 3, 1, int)).toThrow(/does not fit into int32/);
      expect(() => linspace(0, 3e9, 3, int)).toThrow(/does not fit into int32/);
      expect(() => arange(3, { dtype: 'bool' })).toThrow(DTypeError);
      expect(() => linspace(0, 1, 3, { dtype: 'bool' })).toThrow(DTypeError);
    });
  });

  it('of bool and int32 combine with numbers beyond int32 by their value', () => {
    run(() => {
      const most = tensor([2147483647, 0], { dtype: 'int32' });
      expect(gt(most, 2147483648).toArray()).toEqual([false, false]);
      expect(most.lt(2 ** 31).dataSync()[1]).toBe(1);
      expect(most.maximum(2 ** 31).dtype).toBe('float32');
      expect(most.eq(-(2 ** 31)).toArray()).toEqual([false, false]);
    });
  });

  it('with results beyond int32 are refused, where values are known', () => {
    run(() => {
      const int = (values: number[] | number[][]) => tensor(values, { dtype: 'int32' });
      const refused: [() => Tensor, RegExp][] = [
        [
          () => full([3], 2e9, { dtype: 'int32' }).sum(),
          /^ArgumentError: sum: about 6000000000 does not fit into int32/,
        ],
        [
          () =>
            int([
              [2e9, 1],
              [2e9, 1],
            ]).sum(0),
          /sum: about 4000000000/,
        ],
        [() => int([-2e9, -2e9]).sum(), /sum: about -4000000000/],
        [() => int([2147483647, 1]).sum(), /sum: about 2147483648/],
        [() => int([65536, 65536]).prod(), /prod: about 4294967296/],
        [() => int([2147483647, 1, -5]).cumsum(0), /cumsum: about 2147483648/],
      ];
      for (const [fn, message] of refused) {
        expect(fn).toThrow(ArgumentError);
        expect(() => {
          try {
            fn();
          } catch (error) {
            throw new Error(String(error));
          }
        }).toThrow(message);
      }
      expect(int([2147483646, 1]).sum().item()).toBe(2147483647);
      expect(int([2147483647, 1, -1]).sum().item()).toBe(2147483647);
      expect(int([-2147483647, -1]).cumsum(0).toArray()).toEqual([-2147483647, -2147483648]);
      expect(int([46340, 46340]).prod().item()).toBe(2147395600);
      expect(int([16777217, 16777217]).sum().item()).toBe(33554434);
      expect(int([65536, 65536, 0]).prod().item()).toBe(0);
      // Inside a program values do not exist yet.
      expect(compile((x: Tensor) => x.sum())(int([2147483647, 1])).item()).toBe(-2147483648);
    });
  });

  it('combine with booleans', () => {
    run(() => {
      const mask = bools();
      expect(mask.eq(true).toArray()).toEqual([true, false]);
      expect(mask.ne(true).toArray()).toEqual([false, true]);
      expect(eq(true, mask).toArray()).toEqual([true, false]);
      expect(tensor([1, 2]).eq(true).toArray()).toEqual([true, false]);
      expect(where(mask, tensor([5, 6]), true).toArray()).toEqual([5, 1]);
      const both = where(mask, false, true);
      expect([both.dtype, both.toArray()]).toEqual(['bool', [false, true]]);
      expect([where(mask, ints(), true).dtype, where(mask, ints(), true).toArray()]).toEqual(['int32', [3, 1]]);
      const or = mask.add(true);
      expect([or.dtype, or.toArray()]).toEqual(['bool', [true, true]]);
      expect(ints().add(true).toArray()).toEqual([4, -1]);
      expect(add(tensor([0.5]), true).toArray()).toEqual([1.5]);
      expect(bools().fill_(true).toArray()).toEqual([true, true]);
      expect(full([2], true).dtype).toBe('bool');
      expect(() => mask.sub(true)).toThrow(DTypeError);
      expect(() => mask.eq('true' as never)).toThrow('eq: other must be a tensor or a number, got string');
    });
  });

  it('of bool are their own sign', () => {
    run(() => {
      const y = sign(bools());
      expect([y.dtype, y.toArray()]).toEqual(['bool', [true, false]]);
    });
  });

  it('of files are 0 or 1', () => {
    run(() => {
      const bytes = saveSafetensors({ mask: bools() });
      bytes[bytes.length - 2] = 7;
      const { mask } = loadSafetensors(bytes);
      expect(mask!.to('int32').toArray()).toEqual([1, 0]);
    });
  });

  it('are clamped by tensors, with the gradient of a single limit at ties', () => {
    run(() => {
      const x = tensor([1, 2, 3], { requiresGrad: true });
      clamp(x, tensor([1, 1, 1]), tensor([2, 2, 2]))
        .sum()
        .backward();
      expect(x.grad!.toArray()).toEqual([1, 1, 0]);
    });
  });
});

describe('cat', () => {
  it('joins empty vectors to anything, as in PyTorch', () => {
    const rows = ones(2, 3);
    for (const list of [
      [zeros(0), rows],
      [rows, zeros(0)],
      [zeros(0), rows, zeros(0)],
    ])
      for (const dim of [0, 1, -1]) expect(cat(list, dim).toArray()).toEqual(rows.toArray());
    expect(cat([zeros(0), zeros(0)]).shape).toEqual([0]);
    expect(cat([zeros(0), rows.to('int32')]).dtype).toBe('float32');
    expect(() => cat([zeros(0, 3), ones(2, 2)])).toThrow(/shapes differ outside dimension 0/);
    expect(() => cat([zeros(0), tensor(3)])).toThrow(/without dimensions/);
    let grown = zeros(0);
    for (let i = 0; i < 3; i++) grown = cat([grown, ones(1, 2).mul(i)]);
    expect(grown.toArray()).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    const x = tensor([[1, 2]], { requiresGrad: true });
    cat([zeros(0), x, x])
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([[2, 2]]);
  });
});

describe('arrays in place of tensors', () => {
  const x = () =>
    tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { requiresGrad: true },
    );
  const int = (values: Parameters<typeof tensor>[0]) => tensor(values, { dtype: 'int32' });
  const table = ones(4, 2).cumsum(0);
  const words = new nn.Embedding(4, 2);
  const cases: Record<string, [given: (list: never) => Tensor, list: unknown, as: Tensor]> = {
    indexSelect: [(i) => x().indexSelect(1, i), [2, 0], int([2, 0])],
    gather: [(i) => x().gather(1, i), [[0], [2]], int([[0], [2]])],
    scatterAdd: [(i) => zeros(3).scatterAdd(0, i, ones(4)), [0, 2, 2, 1], int([0, 2, 2, 1])],
    embedding: [
      (i) => F.embedding(i, table),
      [
        [1, 2],
        [3, 0],
      ],
      int([
        [1, 2],
        [3, 0],
      ]),
    ],
    oneHot: [(i) => F.oneHot(i, 3).to('float32'), [2, 0], int([2, 0])],
    crossEntropy: [(t) => F.crossEntropy(x(), t), [2, 0], int([2, 0])],
    'crossEntropy of shares': [
      (t) => F.crossEntropy(x(), t),
      [
        [0.5, 0.5, 0],
        [1, 0, 0],
      ],
      tensor([
        [0.5, 0.5, 0],
        [1, 0, 0],
      ]),
    ],
    'crossEntropy weight': [(w) => F.crossEntropy(x(), int([2, 0]), { weight: w }), [1, 2, 3], tensor([1, 2, 3])],
    nllLoss: [(t) => F.nllLoss(x(), t), [2, 0], int([2, 0])],
    'nllLoss weight': [(w) => F.nllLoss(x(), int([2, 0]), { weight: w }), [1, 2, 3], tensor([1, 2, 3])],
    focalLoss: [(t) => F.focalLoss(x(), t), [2, 0], int([2, 0])],
    'focalLoss weight': [(w) => F.focalLoss(x(), int([2, 0]), { weight: w }), [1, 2, 3], tensor([1, 2, 3])],
    posWeight: [(w) => F.binaryCrossEntropyWithLogits(x(), ones(2, 3), { posWeight: w }), [1, 2, 3], tensor([1, 2, 3])],
    'weight of logits': [
      (w) => F.binaryCrossEntropyWithLogits(x(), ones(2, 3), { weight: w }),
      [[1], [2]],
      tensor([[1], [2]]),
    ],
    'weight of shares': [
      (w) => F.binaryCrossEntropy(x().sigmoid(), ones(2, 3), { weight: w }),
      [1, 2, 3],
      tensor([1, 2, 3]),
    ],
    'CrossEntropyLoss weight': [
      (w) => new nn.CrossEntropyLoss({ weight: w }).forward(x(), int([2, 0])),
      [1, 2, 3],
      tensor([1, 2, 3]),
    ],
    CrossEntropyLoss: [(t) => new nn.CrossEntropyLoss().forward(x(), t), [2, 0], int([2, 0])],
    Embedding: [(i) => words.forward(i), [1, 2], int([1, 2])],
  };

  it.each(Object.entries(cases))('are accepted: %s', (_, [fn, list, as]) => {
    const expected = fn(as as never).toArray();
    expect(fn(list as never).toArray()).toEqual(expected);
    const flat = (list as number[]).every((item) => typeof item === 'number');
    if (flat) expect(fn(Float64Array.from(list as number[]) as never).toArray()).toEqual(expected);
  });

  it('must be whole numbers if they are indices', () => {
    const wrong: [() => unknown, string][] = [
      [() => x().indexSelect(1, [0.5]), 'indexSelect: index must be whole numbers, got 0.5'],
      [() => x().gather(1, [[1], [1.5]]), 'gather: index must be whole numbers, got 1.5'],
      [() => F.embedding([['1'] as never], table), 'embedding: input must be whole numbers, got "1"'],
      [() => F.crossEntropy(x(), [0, 0.5]), 'crossEntropy: target must be whole numbers, got 0.5'],
      [() => F.oneHot([Number.NaN]), 'oneHot: input must be whole numbers, got NaN'],
    ];
    for (const [fn, message] of wrong) {
      expect(fn).toThrow(ArgumentError);
      expect(fn).toThrow(message);
    }
    expect(() => x().indexSelect(1, [3])).toThrow('index 3 is out of range');
  });
});
