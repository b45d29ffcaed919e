/** Optimizers, beyond the single updates of the fixtures: groups, state dicts, live settings, memory. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  DisposedError,
  DTypeError,
  F,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const SEED = 5;
const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
const wrong = (x: unknown) => x as never;

const kinds = [
  ['SGD', (params: Tensor[]) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 })],
  ['SGD, nesterov', (params: Tensor[]) => new optim.SGD(params, { lr: 0.05, momentum: 0.8, nesterov: true })],
  ['Adam', (params: Tensor[]) => new optim.Adam(params, { lr: 0.05 })],
  ['Adam, amsgrad', (params: Tensor[]) => new optim.Adam(params, { lr: 0.1, amsgrad: true, betas: [0.5, 0.6] })],
] as const;

function makeModel(): nn.Sequential {
  return new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
}

/** One step on the same data; returns the loss. */
function train(model: nn.Sequential, optimizer: { zeroGrad(): void; step(): undefined }): number {
  return scope(() => {
    const x = tensor([
      [1, -1, 0.5],
      [0.2, 2, -3],
      [1.5, 0, 1],
    ]);
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), tensor([0, 1, 1], { dtype: 'int32' }));
    loss.backward();
    optimizer.step();
    return loss.item();
  });
}

describe.each(kinds)('%s', (_, make) => {
  it('learns', () => {
    manualSeed(SEED);
    const model = makeModel();
    const optimizer = make(model.parameters());
    const first = train(model, optimizer);
    for (let i = 0; i < 60; i++) train(model, optimizer);
    expect(train(model, optimizer), `seed ${SEED}`).toBeLessThan(first / 4);
    optimizer.dispose();
    model.dispose();
  });

  it('continues from its state dict with the same values', () => {
    manualSeed(SEED);
    const model = makeModel();
    const optimizer = make(model.parameters());
    for (let i = 0; i < 5; i++) train(model, optimizer);
    const twin = makeModel();
    twin.loadStateDict(model.stateDict());
    const other = make(twin.parameters());
    other.loadStateDict(wrong(optimizer.stateDict()));
    const losses = Array.from({ length: 5 }, () => train(model, optimizer));
    optimizer.dispose();
    expect(
      Array.from({ length: 5 }, () => train(twin, other)),
      `seed ${SEED}`,
    ).toEqual(losses);
    for (const [i, p] of twin.parameters().entries()) expect(p.toArray()).toEqual(model.parameters()[i]!.toArray());
    for (const part of [other, model, twin]) part.dispose();
  });

  it('changes only parameters with a gradient', () => {
    const [a, b, frozen] = [leaf(1, 2), leaf(3), tensor([4])];
    const optimizer = make([a, b, frozen]);
    a.square().sum().backward();
    optimizer.step();
    expect(a.toArray()).not.toEqual([1, 2]);
    expect([b.toArray(), frozen.toArray()]).toEqual([[3], [4]]);
    optimizer.zeroGrad();
    expect(a.grad).toBeNull();
    const after = a.toArray();
    optimizer.step();
    expect(a.toArray()).toEqual(after);
    optimizer.dispose();
  });

  it('frees its memory, and keeps memory flat', () => {
    scope(() => {
      const model = makeModel();
      const before = memory();
      const optimizer = make(model.parameters());
      train(model, optimizer);
      const running = memory();
      for (let i = 0; i < 20; i++) train(model, optimizer);
      expect(memory()).toEqual(running);
      optimizer.zeroGrad();
      optimizer.dispose();
      expect(memory().tensors).toBe(before.tensors);
      expect(memory().bytesInUse).toBe(before.bytesInUse);
      model.dispose();
    });
  });

  it('steps with many parameters, with strided gradients and without gradients', () => {
    const many = Array.from({ length: 150 }, (_, i) => leaf(i, -i));
    const optimizer = make(many);
    optimizer.step();
    expect(many[7]!.toArray()).toEqual([7, -7]);
    for (const [i, p] of many.entries())
      p.grad =
        i % 2 === 0
          ? ones(2)
          : tensor([
              [1, 9],
              [1, 9],
            ]).T.select(0, 0);
    optimizer.step();
    const [low, high] = [many[100]!, many[101]!].map((p) => p.dataSync());
    expect(low![0]).toBeLessThan(100);
    expect(high![0]).toBeLessThan(101);
    const single = make([leaf(100, -100)]);
    single.paramGroups[0]!.params[0]!.grad = ones(2);
    single.step();
    expect(low).toEqual(single.paramGroups[0]!.params[0]!.dataSync());
    for (const part of [optimizer, single]) part.dispose();
  });

  it('marks parameters as changed for the graph', () => {
    const p = leaf(1, 2);
    const optimizer = make([p]);
    const y = p.square().sum();
    p.grad = ones(2);
    optimizer.step();
    expect(() => y.backward()).toThrow(/was changed in place/);
    optimizer.dispose();
  });

  it('returns the loss of its closure, which is recorded', () => {
    const p = leaf(3);
    const optimizer = make([p]);
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      const value = p.square().sum();
      value.backward();
      return value;
    });
    expect(loss.item()).toBe(9);
    expect(p.item()).toBeLessThan(3);
    expect(optimizer.step()).toBeUndefined();
    optimizer.dispose();
  });
});

describe('parameter groups', () => {
  it('have settings that override the common ones', () => {
    const [a, b, c] = [leaf(1), leaf(1), leaf(1)];
    const optimizer = new optim.SGD([{ params: [a] }, { params: [b], lr: 0.5 }, { params: [c], momentum: 0.5 }], {
      lr: 0.1,
    });
    expect(optimizer.paramGroups.map(({ lr, momentum }) => [lr, momentum])).toEqual([
      [0.1, 0],
      [0.5, 0],
      [0.1, 0.5],
    ]);
    for (let i = 0; i < 2; i++) {
      for (const p of [a, b, c]) p.grad = ones(1);
      optimizer.step();
    }
    expect(a.item()).toBeCloseTo(0.8, 6);
    expect(b.item()).toBeCloseTo(0, 6);
    expect(c.item()).toBeCloseTo(1 - 0.1 - 0.15, 6);
    optimizer.dispose();
  });

  it('are live: a changed learning rate applies from the next step on', () => {
    const p = leaf(1);
    const optimizer = new optim.SGD([p], { lr: 0.5 });
    p.grad = ones(1);
    optimizer.step();
    optimizer.paramGroups[0]!.lr = 0.125;
    optimizer.step();
    expect(p.item()).toBe(1 - 0.5 - 0.125);
    optimizer.dispose();
  });

  it('are in the state dict, by number', () => {
    const [a, b] = [leaf(1), leaf(2)];
    const optimizer = new optim.Adam([{ params: [a], lr: 0.1 }, { params: [b] }]);
    b.grad = ones(1);
    optimizer.step();
    const { state, paramGroups } = optimizer.stateDict();
    expect(paramGroups.map(({ params, lr }) => [params, lr])).toEqual([
      [[0], 0.1],
      [[1], 0.001],
    ]);
    expect(Object.keys(state)).toEqual(['1']);
    expect(state[1]!.step).toBe(1);
    expect((state[1]!.expAvg as Tensor).item()).toBeCloseTo(0.1, 6);
    const other = new optim.Adam([{ params: [leaf(1)] }, { params: [leaf(2)] }]);
    other.loadStateDict(optimizer.stateDict());
    expect(other.paramGroups.map(({ lr }) => lr)).toEqual([0.1, 0.001]);
    expect(() => new optim.Adam([leaf(1), leaf(2)]).loadStateDict(optimizer.stateDict())).toThrow(
      'Adam.loadStateDict: groups of [1, 1] parameters do not fit groups of [2]',
    );
    const misshapen = new optim.Adam([{ params: [leaf(1)] }, { params: [leaf(1, 2)] }]);
    expect(() => misshapen.loadStateDict(optimizer.stateDict())).toThrow(ArgumentError);
    expect(() => misshapen.loadStateDict(optimizer.stateDict())).toThrow(
      /expAvg of parameter 1 has 1 elements, the parameter 2/,
    );
    for (const part of [optimizer, other]) part.dispose();
  });

  it('keep their state if a new one fails to load halfway', () => {
    const [optimizer, other] = [1, 2].map(() => {
      const [a, b] = [leaf(1), leaf(2)];
      const adam = new optim.Adam([a, b]);
      [a.grad, b.grad] = [ones(1), ones(1)];
      adam.step();
      return adam;
    }) as [optim.Adam, optim.Adam];
    const saved = other.stateDict();
    (saved.state[1]!.expAvgSq as Tensor).dispose();
    const { tensors, bytesInUse } = memory();
    expect(() => optimizer.loadStateDict(saved)).toThrow(DisposedError);
    expect(memory()).toMatchObject({ tensors, bytesInUse });
    expect((optimizer.stateDict().state[0]!.expAvg as Tensor).item()).toBeCloseTo(0.1, 6);
    for (const part of [optimizer, other]) part.dispose();
  });

  it('can load their own state', () => {
    const a = leaf(1);
    const optimizer = new optim.Adam([a]);
    a.grad = ones(1);
    optimizer.step();
    optimizer.loadStateDict(optimizer.stateDict());
    expect((optimizer.stateDict().state[0]!.expAvg as Tensor).item()).toBeCloseTo(0.1, 6);
    optimizer.step();
    expect(optimizer.stateDict().state[0]!.step).toBe(2);
    optimizer.dispose();
  });
});

describe('optimizers refuse wrong arguments', () => {
  const p = () => zeros(2, { requiresGrad: true });
  const twice = p();
  it.each<[string, () => unknown, new (...args: never[]) => Error]>([
    ['SGD: no parameters were given', () => new optim.SGD([]), ArgumentError],
    [
      'SGD: params must be a list of tensors or of groups { params, … }',
      () => new optim.SGD(wrong(undefined)),
      ArgumentError,
    ],
    ['SGD: params must be a list', () => new optim.SGD(wrong([3])), ArgumentError],
    ['SGD: parameters must be tensors', () => new optim.SGD(wrong([p(), 3])), ArgumentError],
    ['SGD: lr must be at least 0, got -1', () => new optim.SGD([p()], { lr: -1 }), ArgumentError],
    ['Adam: lr must be at least 0, got NaN', () => new optim.Adam([p()], { lr: Number.NaN }), ArgumentError],
    ['SGD: momentum must be at least 0, got -0.5', () => new optim.SGD([p()], { momentum: -0.5 }), ArgumentError],
    [
      'SGD: dampening must be a finite number, got x',
      () => new optim.SGD([p()], { dampening: wrong('x') }),
      ArgumentError,
    ],
    [
      'SGD: unknown option learningRate (known: lr, momentum, dampening, nesterov, weightDecay, maximize)',
      () => new optim.SGD([p()], wrong({ learningRate: 1 })),
      ArgumentError,
    ],
    ['SGD: unknown option LR', () => new optim.SGD([wrong({ params: [p()], LR: 1 })]), ArgumentError],
    ['SGD: nesterov needs momentum and no dampening', () => new optim.SGD([p()], { nesterov: true }), ArgumentError],
    [
      'SGD: nesterov needs',
      () => new optim.SGD([p()], { nesterov: true, momentum: 0.9, dampening: 0.1 }),
      ArgumentError,
    ],
    [
      'Adam: betas must be two numbers from 0 to below 1, got 0.9,1',
      () => new optim.Adam([p()], { betas: [0.9, 1] }),
      ArgumentError,
    ],
    ['Adam: eps must be at least 0', () => new optim.Adam([p()], { eps: -1 }), ArgumentError],
    ['SGD: parameters must be float32, got int32', () => new optim.SGD([zeros([2], { dtype: 'int32' })]), DTypeError],
    ['SGD: parameters must be contiguous', () => new optim.SGD([zeros(2, 3).T]), ArgumentError],
    ['SGD: only leaves can be optimized', () => new optim.SGD([p().mul(2)]), ArgumentError],
    ['SGD: a parameter appears twice', () => new optim.SGD([{ params: [twice] }, { params: [twice] }]), ArgumentError],
  ])('%s', (message, fn, kind) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });

  it('but accept parameters that move to another device, and move their state with them', () => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.5 });
    const [weight] = model.parameters();
    weight!.grad = randn([4, 3]).mul(0).add(1);
    optimizer.step();
    const start = weight!.toArray() as number[][];
    model.to('reference');
    weight!.grad = zeros([4, 3], { device: 'reference' });
    optimizer.step();
    expect((weight!.toArray() as number[][])[0]![0]).toBeCloseTo(start[0]![0]! - 0.05, 6);
    for (const part of [optimizer, model]) part.dispose();
  });
});
