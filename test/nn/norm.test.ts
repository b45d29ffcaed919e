/** Layers with running statistics against PyTorch, step by step, eager and compiled; and their refusals. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  F,
  memory,
  nn,
  noGrad,
  ones,
  randn,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { expectGolden, FORWARD, fixtures, GRADIENT, load, type Stored } from '../support/golden.ts';
import { describeRefusals } from '../support/refusals.ts';

interface LayerCase {
  name: string;
  layer: 'BatchNorm1d' | 'BatchNorm2d' | 'InstanceNorm2d';
  channels: number;
  options: object;
  state: Record<string, Stored>;
  steps: {
    training: boolean;
    x: Stored;
    output: Stored;
    upstream: Stored;
    inputGradient: Stored;
    gradients: Record<string, Stored>;
    state: Record<string, Stored>;
  }[];
}

const cases = fixtures<LayerCase>('normLayers');

it('the fixtures have all layers', () => expect(cases.length).toBe(9));

describe.each(executors)('normalisation layers on %s agree with PyTorch', (_, executor) => {
  it.each(cases)('$name: training steps, then evaluation', ({ layer: kind, channels, options, state, steps }) => {
    withExecutor(executor, () =>
      scope(() => {
        const layer = new nn[kind](channels, options);
        layer.loadStateDict(Object.fromEntries(Object.entries(state).map(([name, t]) => [name, load(t)])));
        for (const [i, step] of steps.entries()) {
          layer.train(step.training).zeroGrad();
          const x = load({ ...step.x, grad: true });
          const y = layer.forward(x);
          y.backward(load(step.upstream));
          expectGolden(`output in step ${i}`, y, step.output, FORWARD);
          expectGolden(`gradient of the input in step ${i}`, x.grad!, step.inputGradient, GRADIENT);
          for (const [name, p] of layer.namedParameters())
            expectGolden(`gradient of ${name} in step ${i}`, p.grad!, step.gradients[name]!, GRADIENT);
          const after = layer.stateDict();
          expect(Object.keys(after).sort()).toEqual(Object.keys(step.state).sort());
          for (const [name, t] of Object.entries(after))
            expectGolden(`${name} after step ${i}`, t, step.state[name]!, FORWARD);
        }
        layer.dispose();
      }),
    );
  });
});

describe('when compiled', () => {
  it.each([0.1, null])('running statistics and their count are updated, momentum %s', (momentum) => {
    const [eager, traced] = [new nn.BatchNorm2d(3, { momentum }), new nn.BatchNorm2d(3, { momentum })];
    const train = (layer: nn.BatchNorm2d) => (x: Tensor) => {
      layer.zeroGrad();
      const y = layer.forward(x);
      const loss = y.square().mul(y).sum();
      loss.backward();
      return loss;
    };
    const step = compile(train(traced));
    for (let i = 0; i < 4; i++) {
      scope(() => {
        const x = randn(4, 3, 2, 5).mul(i + 1);
        expect(step(x).item()).toBeCloseTo(train(eager)(x).item(), 3);
        expect(Array.from(traced.weight!.grad!.dataSync())).toEqual(Array.from(eager.weight!.grad!.dataSync()));
      });
    }
    for (const [name, t] of Object.entries(eager.stateDict()))
      expect(Array.from(traced.stateDict()[name]!.dataSync()), name).toEqual(Array.from(t.dataSync()));
    expect(traced.num_batches_tracked!.item()).toBe(4);
    const x = randn(2, 3, 2, 2);
    traced.eval();
    const evaluate = compile((input: Tensor) => noGrad(() => traced.forward(input)));
    const before = evaluate(x).toArray();
    traced.running_mean!.add_(1);
    traced.running_var!.mul_(3);
    expect(evaluate(x).toArray()).not.toEqual(before);
    expect(evaluate(x).toArray()).toEqual(traced.forward(x).toArray());
    step.dispose();
    evaluate.dispose();
  });
});

it('training leaks nothing', () => {
  const model = new nn.Sequential(
    new nn.BatchNorm2d(4),
    new nn.MaxPool2d(2),
    new nn.InstanceNorm2d(4, { affine: true, trackRunningStats: true }),
    new nn.Upsample({ scaleFactor: 2, mode: 'bilinear' }),
    new nn.GroupNorm(2, 4),
    new nn.AvgPool2d(2),
    new nn.Dropout2d(0.3),
    new nn.AdaptiveAvgPool2d([2, 3]),
    new nn.LayerNorm([2, 3]),
    new nn.RMSNorm(3),
  );
  const step = () =>
    scope(() => {
      model.zeroGrad();
      model
        .forward(F.pad(randn(3, 4, 8, 8), [1, 2, 0, 1]))
        .square()
        .sum()
        .backward();
    });
  step();
  const { tensors, bytesInUse } = memory();
  for (let i = 0; i < 20; i++) step();
  expect(memory()).toMatchObject({ tensors, bytesInUse });
});

it('dropout2d drops whole channels and keeps the mean', () => {
  const layer = new nn.Dropout2d(0.25);
  const y = layer.forward(ones(40, 50, 2, 3));
  const planes = y.reshape(2000, 6).toArray() as number[][];
  for (const plane of planes) expect(new Set(plane).size).toBe(1);
  const kept = planes.filter(([v]) => v !== 0);
  expect(Math.abs(kept.length / 2000 - 0.75)).toBeLessThan(0.05);
  expect(kept[0]![0]).toBeCloseTo(1 / 0.75, 6);
  expect(layer.eval().forward(y)).toBe(y);
});

it('layers without statistics have none in their state', () => {
  expect(Object.keys(new nn.BatchNorm2d(2, { affine: false, trackRunningStats: false }).stateDict())).toEqual([]);
  expect(Object.keys(new nn.LayerNorm(3, { bias: false }).stateDict())).toEqual(['weight']);
  expect(Object.keys(new nn.InstanceNorm2d(2).stateDict())).toEqual([]);
  expect(Object.keys(new nn.BatchNorm1d(2).stateDict())).toEqual([
    'weight',
    'bias',
    'running_mean',
    'running_var',
    'num_batches_tracked',
  ]);
});

it('RMSNorm is rmsNorm with a weight', () => {
  const layer = new nn.RMSNorm([2, 3]);
  expect(Object.keys(layer.stateDict())).toEqual(['weight']);
  expect(layer.weight!.toArray()).toEqual([
    [1, 1, 1],
    [1, 1, 1],
  ]);
  expect(layer.forward(zeros(1, 2, 3)).toArray()).toEqual(zeros(1, 2, 3).toArray());
  layer.loadStateDict({ weight: randn(2, 3) });
  const x = randn(4, 2, 3);
  expect(layer.forward(x).toArray()).toEqual(F.rmsNorm(x, [2, 3], { weight: layer.weight }).toArray());
  const plain = new nn.RMSNorm(3, { eps: 0.25, elementwiseAffine: false });
  expect(plain.stateDict()).toEqual({});
  expect(plain.forward(x).toArray()).toEqual(F.rmsNorm(x, 3, { eps: 0.25 }).toArray());
  expect([String(layer), String(plain)]).toEqual([
    'RMSNorm([2,3], eps: null, elementwiseAffine: true)',
    'RMSNorm([3], eps: 0.25, elementwiseAffine: false)',
  ]);
});

it('RMSNorm without eps adds the machine epsilon of float32', () => {
  const tiny = tensor([[2 ** -12, 2 ** -12]]);
  const expected = Math.fround(2 ** -12 / Math.sqrt(2 ** -24 + 2 ** -23));
  for (const eps of [undefined, null, 1.1920928955078125e-7])
    expect(F.rmsNorm(tiny, 2, { eps }).dataSync()[0]).toBeCloseTo(expected, 7);
});

it('rmsNorm of nothing has gradients', () => {
  for (const shape of [
    [0, 3],
    [2, 0],
  ] as const) {
    const [x, w] = [ones(shape, { requiresGrad: true }), ones([shape[1]], { requiresGrad: true })];
    F.rmsNorm(x, shape[1], { weight: w }).sum().backward();
    expect(x.grad!.shape).toEqual(shape);
    expect(w.grad!.toArray()).toEqual(zeros(shape[1]).toArray());
  }
});

it('rmsNorm gives the same compiled, with its gradients', () => {
  const layer = new nn.RMSNorm(5);
  const step = (x: Tensor) => {
    layer.zeroGrad();
    const y = layer.forward(x.square());
    y.square().sum().backward();
    return [y, layer.weight!.grad!];
  };
  const compiled = compile(step);
  for (let i = 0; i < 3; i++) {
    const x = randn(4, 5);
    const expected = step(x).map((t) => t.toArray());
    expect(compiled(x).map((t) => t.toArray())).toEqual(expected);
  }
  compiled.dispose();
});

it('a refused batch does not change the statistics', () => {
  const layer = new nn.BatchNorm1d(3);
  expect(() => layer.forward(ones(1, 3))).toThrow(ShapeError);
  expect(layer.num_batches_tracked!.item()).toBe(0);
  expect(layer.running_var!.toArray()).toEqual([1, 1, 1]);
});

const [lines, squares] = [new nn.BatchNorm1d(3), new nn.BatchNorm2d(4)];
const rms = new nn.RMSNorm(4);
const planes = tensor(new Float32Array(2 * 3 * 4 * 5), { shape: [2, 3, 4, 5] });
describeRefusals('normalisation, pooling and padding refuse', [
  ['one value', () => lines.forward(ones(1, 3)), ShapeError, 'Expected more than 1 value per channel'],
  ['one element', () => F.instanceNorm(ones(2, 3, 1)), ShapeError, 'Expected more than 1 spatial element'],
  ['wrong channels', () => squares.forward(planes), ShapeError, '[N,4,H,W], got [2,3,4,5]'],
  ['wrong dimensions', () => lines.forward(planes), ShapeError, '[N,3] or [N,3,L], got [2,3,4,5]'],
  ['wrong groups', () => F.groupNorm(planes, 2), ShapeError, '3 channels cannot be divided into 2 groups'],
  ['wrong weights', () => F.layerNorm(planes, 5, { weight: ones(4) }), ShapeError, 'weight must be [5], got [4]'],
  ['wrong end', () => F.layerNorm(planes, [3, 5]), ShapeError, 'end in the normalized shape [3,5], got [2,3,4,5]'],
  [
    'wrong weights of rmsNorm',
    () => F.rmsNorm(planes, 5, { weight: ones(4) }),
    ShapeError,
    'weight must be [5], got [4]',
  ],
  ['wrong end for rmsNorm', () => rms.forward(planes), ShapeError, 'end in the normalized shape [4]'],
  ['a negative eps', () => new nn.RMSNorm(4, { eps: -1 }), ArgumentError, 'RMSNorm: eps must be at least 0, got -1'],
  ['no shape', () => new nn.RMSNorm(0), ArgumentError, 'RMSNorm: normalizedShape must be a whole number of at least 1'],
  [
    'a large kernel',
    () => F.maxPool2d(planes, 6),
    ShapeError,
    'too small: 4 elements with padding 0 for a kernel of 6',
  ],
  ['a vector', () => F.avgPool2d(ones(4), 2), ShapeError, '[N,C,H,W] or [C,H,W], got [4]'],
  ['a far margin', () => F.pad(planes, [5, 0], { mode: 'reflect' }), ShapeError, 'reflect of 5 and 0'],
  ['too much removed', () => F.pad(planes, [-3, -3]), ShapeError, '-3 and -3 leave nothing of dimension 3'],
]);
